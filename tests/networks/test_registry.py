"""A network is added in one place; what is forgotten beside it is told here."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from portal.core.paths import ROOT
from portal.core.settings import Settings
from portal.networks.registry import Network
from portal.tenants.labels import LABELS

FILES = [
    path
    for folder in ("portal", "worker")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "networks" not in path.relative_to(ROOT).parts
]


def naming_one(path: Path) -> list[int]:
    """Lines of a file that name a network, and so would have to know the next one."""
    members = set(Network.__members__)
    return [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Network"
        and node.attr in members
    ]


def test_no_feature_asks_which_network_it_is() -> None:
    assert {str(path.relative_to(ROOT)): lines for path in FILES if (lines := naming_one(path))} == {}


def test_the_guard_sees_who_asks(tmp_path: Path) -> None:
    asking = tmp_path / "asking.py"
    asking.write_text("if network is Network.JOB4YOU:\n    pass\n", encoding="utf-8")
    assert naming_one(asking) == [1]


@pytest.mark.parametrize("network", Network)
def test_each_network_has_all_that_belongs_to_it(network: Network) -> None:
    assert network.spec.key == network.value
    assert LABELS[Network][network].text == network.spec.label
    assert {f"network_{network}_url", f"network_{network}_page"} <= set(Settings.model_fields)
    contract = (ROOT / "sandbox").rglob("*.py")
    assert any(f'"{network}"' in path.read_text(encoding="utf-8") for path in contract)

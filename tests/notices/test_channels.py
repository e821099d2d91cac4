"""A channel is added in one place; what is forgotten beside it is told here."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from portal.core.paths import ROOT
from portal.domain.notice_kinds import Channel
from portal.notices.channels.registry import SPECS
from portal.notices.channels.spec import ChannelSpec

BY_MAIL_ALONE = {"portal/mail/outbox.py"}
"""One-time links go by mail: the outbox takes that where nothing else is said."""
DEFAULT = {"portal/domain/notices.py"}
FILES = [
    path
    for folder in ("portal", "worker")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "channels" not in path.relative_to(ROOT).parts
]


def naming_one(path: Path) -> list[int]:
    """Lines of a file that name a channel, and so would have to know the next one."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Channel"
        and node.attr in Channel.__members__
    ]


def test_no_feature_asks_which_channel_it_is() -> None:
    naming = {str(path.relative_to(ROOT)) for path in FILES if naming_one(path)}
    assert naming == BY_MAIL_ALONE | DEFAULT


def test_the_guard_sees_who_asks(tmp_path: Path) -> None:
    asking = tmp_path / "asking.py"
    asking.write_text("if channel is Channel.EMAIL:\n    pass\n", encoding="utf-8")
    assert naming_one(asking) == [1]


@pytest.mark.parametrize("channel", Channel)
def test_each_channel_has_all_that_belongs_to_it(channel: Channel) -> None:
    spec = SPECS[channel]
    assert isinstance(spec, ChannelSpec)
    assert spec.channel is channel
    module = ROOT / "portal" / "notices" / "channels" / f"{channel}.py"
    settings = set(_settings_read_by(module))
    documented = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert all(f"JOBBRUECKE_{name.upper()}" in documented for name in settings)


def _settings_read_by(module: Path) -> list[str]:
    return [
        node.attr
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "current_settings"
    ]

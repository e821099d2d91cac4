"""The bill of materials names what is installed and vendored, in CycloneDX's own form."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import import_module
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from portal.core.paths import ROOT

pytestmark = pytest.mark.thorough

ELSEWHERE = {"async-timeout", "brotlicffi", "pypiwin32", "pywin32"}
"""Locked for other versions of Python, or other systems."""


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("sbom") / "sbom.json"
    subprocess.run([sys.executable, ROOT / "scripts" / "sbom", path], check=True, capture_output=True)
    return path.read_text()


@pytest.fixture(scope="module")
def components(text: str) -> dict[str, dict[str, Any]]:
    return {canonical(it["name"]): it for it in json.loads(text)["components"]}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_it_has_the_form_of_cyclonedx(text: str) -> None:
    # Loaded here: it builds its grammars for seconds, which each run of other tests would wait for.
    version = import_module("cyclonedx.schema").SchemaVersion.V1_6
    validator = import_module("cyclonedx.validation.json").JsonStrictValidator(version)
    assert validator.validate_str(text) is None
    broken = json.dumps(json.loads(text) | {"components": [{"name": "x"}]})
    assert validator.validate_str(broken) is not None


def test_it_names_each_locked_package_with_version_and_licence(components: dict[str, dict[str, Any]]) -> None:
    lock = (ROOT / "requirements.lock").read_text()
    names = {canonical(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)} - ELSEWHERE
    assert names > {"flask", "sqlalchemy", "rq"}
    assert names <= components.keys()
    for name in names:
        assert components[name]["version"] == distribution(name).version
        assert components[name]["licenses"], name


def test_it_names_what_is_vendored_with_digests(components: dict[str, dict[str, Any]]) -> None:
    fonts = ROOT / "portal" / "privacy" / "typesetting" / "fonts"
    for folder in (*(ROOT / "static" / "vendor").iterdir(), *fonts.iterdir()):
        name = (folder / "VERSION").read_text().splitlines()[0].rpartition(" ")[0]
        files = {it["name"]: it["hashes"][0]["content"] for it in components[canonical(name)]["components"]}
        assert files.keys() == {path.name for path in Path(folder).iterdir() if path.name != "SHA256SUMS"}


def test_it_leaves_out_what_only_tests_need(components: dict[str, dict[str, Any]]) -> None:
    assert not {"pytest", "ruff", "playwright"} & components.keys()

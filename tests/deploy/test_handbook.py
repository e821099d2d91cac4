"""docs/operations.md: every event that the log has is in it and the other way round, and its commands can be given."""

from __future__ import annotations

import re
import shlex

import pytest

from portal.core.paths import ROOT
from tests.deploy.test_files import parse

TEXT = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
_SAID = re.compile(r"\b(?:log\.(?:debug|info|warning|error|exception)|said)\(\s*\"([a-z]+(?:_[a-z]+)*)\"[,)]")


def events_of_the_code() -> set[str]:
    files = [path for folder in ("portal", "worker") for path in (ROOT / folder).rglob("*.py")]
    logging = [text for text in (path.read_text(encoding="utf-8") for path in files) if "structlog" in text]
    return {event for text in logging for event in _SAID.findall(text)}


def events_of_the_handbook() -> set[str]:
    section = TEXT.split("## Logs")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    return {event for row in rows for event in re.findall(r"`([a-z_]+)`", row.split("|")[1])}


def test_every_event_of_the_log_is_explained_and_there_is_none_else() -> None:
    assert events_of_the_code() == events_of_the_handbook()


def commands() -> list[str]:
    named = re.findall(r"`(?:JOBBRUECKE_\S+ )?(jobbruecke [a-z][^`]*)`", TEXT)
    return sorted(set(named))


@pytest.mark.parametrize("command", commands())
def test_a_command_that_it_names_can_be_given(command: str) -> None:
    parse(shlex.split(command))


@pytest.mark.parametrize(
    "command", ["reconcile show", "reconcile read", "reconcile settle", "keys rotate", "keys status"]
)
def test_what_is_for_operators_alone_is_named(command: str) -> None:
    assert any(found.startswith(f"jobbruecke {command}") for found in commands())

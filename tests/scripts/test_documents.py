"""What documents name is there: files, tests, targets of make."""

from __future__ import annotations

import re

import pytest

from portal.core.paths import ROOT
from portal.domain.rules.tokens import STAGES

DOCUMENTS = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_names_is_there(document: object) -> None:
    text = document.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    named = re.findall(r"`((?:tests|portal|worker|deploy|docs|scripts|templates|static)/[\w./-]+)`", text)
    named += re.findall(r"\]\((?!http)([\w./-]+\.md)(?:#[\w-]+)?\)", text)
    missing = [
        path
        for path in named
        if not (ROOT / path).exists() and not (document.parent / path).exists()  # type: ignore[attr-defined]
    ]
    assert missing == []


def test_the_end_of_a_token_is_announced_when_the_document_says() -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert re.search(r"its end is announced (\d+) days before", text)[1] == str(STAGES[0])  # type: ignore[index]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_targets_of_make_are_there(document: object) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", document.read_text(encoding="utf-8")))  # type: ignore[attr-defined]
    assert named <= targets

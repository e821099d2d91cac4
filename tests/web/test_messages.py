"""Every refusal that the code can raise has a sentence, in both languages."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import force_locale

import portal.cli.errors  # noqa: F401 - known by being imported
from portal.core.paths import ROOT
from portal.core.refusal import REFUSALS, NotFound, Refusal
from portal.domain.delivery_states import DeliveryState
from portal.domain.rules.preflight import TENANT_WIDE, Finding
from portal.releases.errors import EndsAtOnce
from portal.releases.labels import PHASE_HELP, STATUS_HELP
from portal.shell.labels import LABELS
from portal.webkit.labels import label_of
from portal.webkit.messages import message

BY_VARIABLE = {
    "delivery-running",
    "delivery-held",
    "port-taken",
    "address-unusable",
    "bulk-crashed",
    "erasure-crashed",
    *("same-person", "link-seen", "import-same-person", "import-link-seen"),
} | {finding.value for finding in TENANT_WIDE}
"""Codes raised through a variable."""
VALUES = {
    "number": 7,
    "line": 3,
    "by": "SB",
    "least": 1,
    "most": 50,
    "slug": "alpha",
    "states": "BE, BY",
    "people": 3,
    "network": "Job4You",
    "limit": 5,
    "limit_mb": 5,
    "limit_gib": 5,
    "file": "x.csv",
    "host": "127.0.0.1",
    "port": 80,
    "kind": "K",
    "place": "p",
    "reason": "r",
    "blocker": "b",
    "role": "Leitung",
    "names": "Vorgang",
    "encoding": "LATIN1",
}


BY_NAME = {kind.__name__: code for code, kind in REFUSALS.items()}


def raised_codes() -> Iterator[str]:
    """Codes of refusals that the code names: by class, or as a string where they are made of what was stored."""
    for path in [*(ROOT / "portal").rglob("*.py"), *(ROOT / "worker").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Name) and node.id in BY_NAME:
                yield BY_NAME[node.id]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and _refuses(node.func.id):
                code = node.args[0] if node.args else None
                if isinstance(code, ast.Constant) and isinstance(code.value, str):
                    yield code.value


def _refuses(name: str) -> bool:
    return name in {"Refusal", "NotFound"}


CODES = sorted({*raised_codes()} | BY_VARIABLE)


@pytest.mark.parametrize("code", CODES)
def test_each_refusal_has_a_sentence(code: str) -> None:
    assert code in REFUSALS


def test_no_sentence_is_left_over() -> None:
    assert sorted(set(REFUSALS) - set(CODES)) == []


@pytest.mark.parametrize("language", ["de", "en"])
def test_sentences_are_filled_in_both_languages(sqlite_app: Flask, language: str) -> None:
    with force_locale(language):
        for code in CODES:
            text = str(REFUSALS[code].sentence) % VALUES
            assert text
            assert "%(" not in text


def test_a_reason_stands_in_the_sentence(sqlite_app: Flask) -> None:
    refusal = EndsAtOnce(finding=Finding.CONSENT_EXPIRED)
    assert "abgelaufen" in message(refusal)


def test_a_sentence_without_its_values_is_still_one(sqlite_app: Flask) -> None:
    assert message(NotFound("not-held")).endswith(".")


def test_an_unknown_code_is_named(sqlite_app: Flask) -> None:
    assert "something-new" in message(Refusal("something-new"))


@pytest.mark.parametrize("kind", LABELS, ids=lambda kind: kind.__name__)
def test_every_member_has_a_label(sqlite_app: Flask, kind: type) -> None:
    assert set(LABELS[kind]) == set(kind)
    icons = (ROOT / "static" / "icons.svg").read_text()
    for label in LABELS[kind].values():
        assert str(label.text)
        assert f'id="{label.icon}"' in icons


def test_help_explains_all_of_them() -> None:
    assert {type(item) for item in STATUS_HELP} | {type(item) for item in PHASE_HELP} <= set(LABELS)
    assert all(
        set(texts) == set(kind)
        for kind, texts in ((type(next(iter(t))), t) for t in (STATUS_HELP, PHASE_HELP))
    )


def test_labels_speak_english_too(sqlite_app: Flask) -> None:
    with force_locale("en"):
        assert str(label_of(DeliveryState.HELD).text) == "held"

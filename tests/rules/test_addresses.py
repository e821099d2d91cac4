"""What is an e-mail address, and what only stands in its place."""

import pytest

from portal.core.idna_domains import lower_address
from portal.domain.rules.email_addresses import is_address, readable_address


@pytest.mark.parametrize(
    "text",
    [
        "max@example.org",
        "MAX@EXAMPLE.ORG",
        "max+jobs@example.org",
        "o'neill@example.co.uk",
        "m.a-x_1@sub.example.museum",
        "max@müller.de",
        "müller@example.org",
        "max@xn--mller-kva.de",
        "max@пример.рф",
    ],
)
def test_it_is_an_address(text: str) -> None:
    assert is_address(text)
    assert readable_address(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "keine",
        "-",
        "--",
        "k.A.",
        "n/a",
        "kein e-mail",
        "unbekannt",
        "0",
        "?",
        "@",
        "max",
        "max@",
        "@example.org",
        "max@example",
        "keine@keine",
        "max@@example.org",
        "a@b@example.org",
        "max @example.org",
        "max@ example.org",
        "max@example .org",
        "max@example.org, moritz@example.org",
        "max@example.org;moritz@example.org",
        "max@example.org moritz@example.org",
        "max@example.org/moritz@example.org",
        "max@example.org oder 0151 123",
        "mailto:max@example.org",
        "<max@example.org>",
        "Max Müller <max@example.org>",
        "max@example.org (privat)",
        "'max@example.org'",
        "max(at)example.org",
        "max@example,org",
        "max@example.org.",
        "max@.example.org",
        "max@example..org",
        "max..m@example.org",
        ".max@example.org",
        "max.@example.org",
        "max@-example.org",
        "max@exam_ple.org",
        "max@10.0.0.1",
        "max@[10.0.0.1]",
        "max@example.o",
        "www.example.org",
        "https://example.org/max@x",
        "m\u200bax@example.org",
        "max@example.org\u200b",
        "max\u00a0@example.org",
        "ｍax@example.org",
        "max＠example.org",
        f"{'x' * 65}@example.org",
        f"x@{'y' * 64}.org",
        f"x@{'y.' * 130}org",
        f"x@{'ü' * 62}.org",
    ],
)
def test_it_is_none(text: str) -> None:
    assert not is_address(text)
    assert readable_address(text) is None


def test_nothing_is_no_address() -> None:
    assert readable_address(None) is None
    assert readable_address("") is None


def test_small_letters_make_nobody_elses_address_of_one() -> None:
    assert lower_address(" Kim@Example.ORG ") == "kim@example.org"
    assert lower_address("MÜLLER@example.org") == "müller@example.org"
    assert lower_address("\u212aim@example.org") != "kim@example.org"

"""What looks like a social insurance number in somebody else's text is masked; what does not stays."""

from __future__ import annotations

import time

import pytest

from portal.core.masking import MASK, holds_valid_number, without_numbers


@pytest.mark.parametrize(
    "number",
    [
        "65170839J003",
        "65 170839 J 003",
        "65-170839-J-003",
        "65.17.08.39.j.003",
        "65 17 08 39 J 0 0 3",
        "65/170839/J/003",
        "65\u00a0170839\u00a0J\u00a0003",
        "65\u2009170839\u202fJ\u2009003",
        "65\u200b170839\u200bJ\u200b003",
        "6\u2060517\ufeff0839\u00adJ003",
        "65_170839_J_003",
        "65,170839,J,003",
        "65, 170839 - J; 003",
        "65](170839){J}<003",
        "65\n170839\r\nJ\t003",
        "65\u2028170839\u2029J003",
        "65\u3164170839J\u115f003",
        "65\u0301170839J003",
        "６５１７０８３９Ｊ００３",
        "٦٥١٧٠٨٣٩J٠٠٣",
        "⑥⑤170839Ⓙ003",
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        *("{}", "svnr {} unbekannt", "({})", "nr={};", "„{}“", "Zeile 7: {}: falsch"),
        *("svnr{}", "{}unbekannt", "svnr{}unbekannt", "nr_{}_", "ﬁ{}ﬀ", "{} 12", "12 {}", "{}\n{}"),
    ],
)
def test_a_number_is_masked_however_it_is_spaced(number: str, text: str) -> None:
    assert without_numbers(text.replace("{}", number)) == text.replace("{}", MASK)
    assert holds_valid_number(text.replace("{}", number))


@pytest.mark.parametrize(
    "text",
    [
        *("", "Vermittler V1 ist nicht bekannt", "2026-03-02T09:00:00Z", "D-9f3c12ab7e", "BG-1002003"),
        *(
            "8f14e45f-ceea-467f-a0e6-3b2c1d4e5f60",
            "12.03.2026 A 12",
            "5170839J003",
            "65170839J0031",
        ),
    ],
)
def test_what_is_no_number_stays(text: str) -> None:
    assert without_numbers(text) == text
    assert not holds_valid_number(text)


def test_a_name_of_a_thing_that_looks_like_a_number_by_chance_is_told_apart() -> None:
    assert not holds_valid_number("65170839J004")
    assert not holds_valid_number("65170839Ä003")


def test_a_long_text_is_read_in_one_go() -> None:
    text = ("1" + " " * 40) * 20_000
    started = time.process_time()
    assert without_numbers(text) == text
    assert without_numbers("\u200b" * 200_000 + text) == "\u200b" * 200_000 + text
    assert time.process_time() - started < 5

"""What looks like a social insurance number in somebody else's text is masked; what does not stays."""

from __future__ import annotations

import pytest

from portal.people.masking import MASK, without_numbers


@pytest.mark.parametrize(
    "number",
    [
        "65170839J003",
        "65 170839 J 003",
        "65-170839-J-003",
        "65.17.08.39.j.003",
        "65 17 08 39 J 0 0 3",
        "65/170839/J/003",
    ],
)
@pytest.mark.parametrize("text", ["{}", "svnr {} unbekannt", "({})", "nr={};", "„{}“", "Zeile 7: {}: falsch"])
def test_a_number_is_masked_however_it_is_spaced(number: str, text: str) -> None:
    assert without_numbers(text.format(number)) == text.format(MASK)


@pytest.mark.parametrize(
    "text",
    [
        *("", "Vermittler V1 ist nicht bekannt", "2026-03-02T09:00:00Z", "D-9f3c12ab7e", "BG-1002003"),
        *(
            "8f14e45f-ceea-467f-a0e6-3b2c1d4e5f60",
            "12.03.2026 A 12",
            "5170839J003",
            "x65170839J003",
            "65170839J0031",
        ),
    ],
)
def test_what_is_no_number_stays(text: str) -> None:
    assert without_numbers(text) == text

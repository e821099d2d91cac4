"""One line of the export: what is read, and what is rejected."""

from __future__ import annotations

import datetime as dt
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.masking import check_digit
from portal.imports.columns import MEDIATORS, ORDERS, PARTICIPANTS, PROFILES, Table
from portal.imports.parsing import Parsed, parse

TODAY = dt.date(2026, 3, 2)
MEDIATOR = {"vermittler_id": "V1", "kuerzel": "MM", "nachname": "Muster", "vorname": "Mia"}


def faults(table: Table, line: dict[str, object]) -> list[tuple[str | None, str]]:
    return [(item.column, item.fault.value) for item in parse(table, line, TODAY).rejections]


def person(**fields: object) -> Parsed:
    return parse(PARTICIPANTS, {"tn_id": "007", **fields}, TODAY)


@pytest.mark.parametrize(
    ("column", "text", "fault"),
    [
        ("tn_id", "", "missing"),
        ("tn_id", " \u00a0 ", "missing"),
        ("tn_id", "anna@example.org", "identifier-is-email"),
        ("tn_id", "x" * 101, "too-long"),
        ("tn_id", 7, "not-text"),
        ("tn_id", None, "missing"),
        ("nachname", "x" * 501, "too-long"),
        ("nachname", "Mül\x07ler", "control-characters"),
        ("nachname", "Mül\nler", "control-characters"),
        ("nachname", "Mül\tler", "control-characters"),
        ("nachname", "Mül\u2028ler", "control-characters"),
        ("nachname", "\ud800", "control-characters"),
        ("nachname", ["Müller"], "not-text"),
        ("geburtsdatum", "31.02.2000", "date-unreadable"),
        ("geburtsdatum", "2000-2-3", "date-unreadable"),
        ("geburtsdatum", "02/03/2000", "date-unreadable"),
        ("geburtsdatum", "01.01.0200", "date-unreadable"),
        ("geburtsdatum", "٠١.٠١.٢٠٠٠", "date-unreadable"),
        ("geburtsdatum", "20000101", "date-unreadable"),
        ("geburtsdatum", "01.01.00", "date-unreadable"),
        ("geburtsdatum", "03.03.2026", "date-in-future"),
        ("austritt", "morgen", "date-unreadable"),
        ("svnr", "15070649C104", "check-digit-wrong"),
        ("svnr", "15070649103", "number-unreadable"),
        ("svnr", "15070649Ç103", "number-unreadable"),
        ("svnr", "٣5070649C103", "number-unreadable"),
        ("svnr", "65170839\u017f003", "lookalike"),
        ("svnr", "65170839\u212a003", "lookalike"),
        ("svnr", "６5170839J003", "lookalike"),
        ("tn_id", "TN-\u212a1", "lookalike"),
        ("tn_id", "TN-\u017f1", "lookalike"),
        ("tn_id", "TN-\u01311", "lookalike"),
        ("tn_id", "ＴＮ-1", "lookalike"),
        ("tn_id", "TN-１", "lookalike"),
        ("tn_id", "TN-²", "lookalike"),
        ("tn_id", "TN-\U0001d7cf", "lookalike"),
        ("auftrag_id", "A\u212a", "lookalike"),
        ("auftrag_id", "A" * 101, "too-long"),
    ],
)
def test_it_rejects_a_participants_line(column: str, text: object, fault: str) -> None:
    assert faults(PARTICIPANTS, {"tn_id": "T1", column: text}) == [(column, fault)]


@pytest.mark.parametrize(
    ("column", "text", "field", "value"),
    [
        ("nachname", "  Mu\u0308ller ", "last_name", "Müller"),
        ("nachname", "", "last_name", ""),
        ("nachname", "x" * 500, "last_name", "x" * 500),
        ("nachname", "=HYPERLINK(1)", "last_name", "=HYPERLINK(1)"),
        ("email", "", "email", None),
        ("email", "NULL", "email", "NULL"),
        ("geburtsdatum", "02.03.2026", "birth_date", "2026-03-02"),
        ("geburtsdatum", "1.2.1990", "birth_date", "1990-02-01"),
        ("geburtsdatum", "1990-02-01", "birth_date", "1990-02-01"),
        ("geburtsdatum", "", "birth_date", None),
        ("einverstaendnis_bis", "31.12.9999", "consent_until", "9999-12-31"),
        ("betreuer", "Frau Unbekannt", "caseworker", "Frau Unbekannt"),
        ("svnr", "", "social_insurance_number", False),
    ],
)
def test_it_reads_a_participants_line(column: str, text: str, field: str, value: object) -> None:
    parsed = person(**{column: text})
    assert (parsed.good, parsed.values) == (True, {field: value})


@pytest.mark.parametrize("number", ["TN-Ä1", "Größe-7", "№-Ш7", "٣", "TN–1", "Ñ1"])
def test_letters_that_are_no_lookalikes_may_stand_in_a_number(number: str) -> None:
    assert person(tn_id=number).number == (None if number.startswith("№") else number)


def test_numbers_of_records_keep_their_zeros() -> None:
    assert person().number == "007"


def test_it_names_every_wrong_column_and_still_knows_whose_line_it_is() -> None:
    parsed = person(geburtsdatum="x", svnr="y", austritt="z")
    assert [item.column for item in parsed.rejections] == ["geburtsdatum", "svnr", "austritt"]
    assert parsed.number == "007"


def test_the_social_insurance_number_is_not_among_the_values() -> None:
    parsed = person(svnr="15 070649 c 103")
    assert parsed.secret == "15070649C103"
    assert parsed.values == {"social_insurance_number": True}
    assert "0706" not in repr(parsed)


@pytest.mark.parametrize(("number", "digit"), [("15070649C10", "3"), ("65170839J00", "3")])
def test_the_check_digit_is_that_of_the_regulation(number: str, digit: str) -> None:
    assert check_digit(number) == digit


@given(st.from_regex(r"\A[0-9]{8}[A-Z][0-9]{2}\Z"), st.integers(0, 10), st.integers(1, 9))
def test_one_wrong_digit_of_weight_one_is_always_noticed(number: str, place: int, shift: int) -> None:
    if place in (1, 5, 7) and number[place].isdigit():
        other = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
        assert check_digit(other) != check_digit(number)


@pytest.mark.parametrize(
    ("text", "value"),
    [("ja", True), ("NEIN", False), ("1", True), ("0", False), ("True", True), ("false", False), ("", True),
     (True, True), (False, False)],
)  # fmt: skip
def test_it_reads_yes_and_no(text: object, value: bool) -> None:
    assert parse(MEDIATORS, {**MEDIATOR, "aktiv": text}, TODAY).values["active"] is value


def test_it_rejects_what_a_mediator_must_have() -> None:
    assert faults(MEDIATORS, {**MEDIATOR, "kuerzel": " ", "aktiv": "vielleicht"}) == [
        ("kuerzel", "missing"),
        ("aktiv", "yes-no-unreadable"),
    ]


def test_it_reads_who_is_responsible() -> None:
    line = {"auftrag_id": "A1", "bezeichnung": "x", "zustaendig": " MM | |Otto Bosch|"}
    assert parse(ORDERS, line, TODAY).values["responsible"] == ["MM", "Otto Bosch"]


@pytest.mark.parametrize(
    ("art", "niveau", "expected"),
    [
        ("sprache", "b2", []),
        ("Sprache", "", []),
        ("sprache", "C3", [("niveau", "choice-unknown")]),
        ("kenntnis", "ein wenig", []),
        ("hobby", "", [("art", "choice-unknown")]),
        ("", "", [("art", "missing")]),
    ],
)
def test_it_reads_profile_lines(art: str, niveau: str, expected: list[tuple[str, str]]) -> None:
    line = {"tn_id": "T1", "art": art, "bezeichnung": "x", "niveau": niveau}
    assert faults(PROFILES, line) == expected  # type: ignore[comparison-overlap]


@given(
    st.dictionaries(
        st.sampled_from([c.name for c in PARTICIPANTS.columns]), st.text() | st.none() | st.integers()
    )
)
def test_any_line_is_either_good_or_rejected_by_name(line: dict[str, object]) -> None:
    parsed = parse(PARTICIPANTS, line, TODAY)
    assert parsed.good == (not parsed.rejections)
    assert parsed.number is None or parsed.number == unicodedata.normalize("NFC", parsed.number).strip() != ""

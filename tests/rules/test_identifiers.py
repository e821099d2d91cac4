"""Identifiers: their normal form, what is none, and what looks like another."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.rules.identifiers import (
    Flaw,
    find_code_flaw,
    find_flaw,
    lookup_key,
    normalise,
    normalise_code,
    twin_key,
)


@pytest.mark.parametrize(
    "given",
    [
        "T1\u200b", "\u200bT1", "T\u200b1", "T1\ufeff", "T1\u2060", "T\u00ad1", "T1\u200e", "\u202aT1\u202c",
        "T1\u180e", "T\u200d1", "T\u200c1", "T1\U000e0001", "\u00a0T1\u00a0", "\u2003T1\u3000", "\u202fT1", "T1\u2007",
        "T1\ufe0f", "T1\u034f", "T1\u2800", "T1\u3164", '="T1"', '= "T1"', "'T1", '"T1"', "\u2019T1", '\'="T1"',
    ],
)  # fmt: skip
def test_what_nobody_sees_is_no_part_of_an_identifier(given: str) -> None:
    assert normalise(given) == "T1"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ('="00123"', "00123"),
        ("'00123", "00123"),
        ("TN\u00a01", "TN 1"),
        ("TN \u2009 1", "TN 1"),
        ("Mu\u0308-1", "Mü-1"),
        ("\u200b\u00a0", ""),
        ("'", ""),
        ("O'Neil-1", "O'Neil-1"),
    ],
)
def test_the_rest_of_an_identifier_stays(given: str, expected: str) -> None:
    assert normalise(given) == expected


@given(st.text())
def test_the_normal_form_is_one(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert unicodedata.normalize("NFC", once) == once
    assert not any(unicodedata.category(char) == "Cf" for char in once)
    assert lookup_key(once) == lookup_key(text)


@pytest.mark.parametrize(
    "text",
    [
        "1,23457E+11", "1.23E+05", "1,23457e+11", "-1,2E+3", "1E+11", "1.23456789E11", "20001.0", "20001,0", "20001,00",
        "#NV", "#N/A", "#REF!", "#BEZUG!", "#WERT!", "#DIV/0!", "#NAME?", "#ÜBERLAUF!", "########", "Err:502",
        "=A2&B2", "=SVERWEIS(A2;B:C;2;0)",
    ],
)  # fmt: skip
def test_what_a_spreadsheet_made_is_no_identifier(text: str) -> None:
    assert find_flaw(text) is Flaw.ALTERED
    assert find_code_flaw(text) is Flaw.ALTERED


@pytest.mark.parametrize(
    "text",
    [
        "NULL", "null", "(null)", "None", "none", "nan", "NaN", "NaT", "<NA>", "n/a", "N.A.", "undefined", "unbekannt",
        "keine", "k.A.", "WAHR", "False", "-", "--", "?", "…".replace("…", "..."),
        "Summe", "SUMME", "Summe:", "Summe 12", "Gesamt", "Gesamt: 4", "Gesamtsumme", "Gesamtergebnis", "Zwischensumme",
        "Teilergebnis", "Total", "Grand Total", "Subtotal", "Anzahl", "Anzahl Teilnehmer: 5", "Anzahl der Zeilen 7",
        "Insgesamt", "Σ", "4 Zeilen", "(4 rows affected)", "120 Datensätze",
    ],
)  # fmt: skip
def test_placeholders_and_totals_are_no_identifiers(text: str) -> None:
    assert find_flaw(text, strict=True) is Flaw.PLACEHOLDER
    assert find_flaw(text) is Flaw.PLACEHOLDER


@pytest.mark.parametrize(
    "text", ["Mrz 21", "21. Mrz", "01. Feb", "3-Mai", "Okt-2021", "01.03.2026", "2026-03-01"]
)
def test_a_date_is_no_identifier_of_a_participant(text: str) -> None:
    assert find_flaw(text, strict=True) is Flaw.ALTERED
    assert find_flaw(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "T1", "007", "123456789011", "TN-1a", "12E4", "7E10", "A-1001", "2021/05", "123/21/1/14", "Summer01",
        "1.2", "a#1", "NULL-1", "N1", "Ø1", "total-7", "E5", "2026-0001", "Okt", "MAI",
    ],
)  # fmt: skip
def test_ordinary_identifiers_are_taken(text: str) -> None:
    assert (find_flaw(text, strict=True), normalise(text)) == (None, text)


@pytest.mark.parametrize("text", ["NA", "NAN", "SUM", "NIL"])
def test_initials_may_be_the_identifier_of_a_mediator_and_no_participants(text: str) -> None:
    assert find_flaw(text) is None
    assert find_flaw(text, strict=True) is Flaw.PLACEHOLDER


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (" S\u200bB\u00a0", "SB"),
        ("Frau\u00a0Unbekannt", "Frau Unbekannt"),
        ("'t Hooft", "'t Hooft"),
        ("'123/21/1/14", "123/21/1/14"),
        ('="0815"', "0815"),
        ("S\u200dB", "SB"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_initials_have_a_normal_form_and_names_keep_the_joiners_of_their_script(
    given: str, expected: str
) -> None:
    assert normalise_code(given) == expected


@pytest.mark.parametrize("text", ["Null", "NAN", "Gesamt", "Keine", "SB", "Frau None-Meyer"])
def test_names_that_are_words_are_names(text: str) -> None:
    assert find_code_flaw(text) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("TN-1a", "tn-1a"), ("TN-1a", "TN-1A"), ("T1", "\uff34\uff11"), ("TN-1", "TN\u20131"), ("TN-1", "TN\u20111"),
        ("STRASSE", "straße"), ("ΑΣ", "ας"), ("T1", "T\u00b9"), ("T1", "\u04221"), ("OK-1", "\u039f\u039a-1"),
    ],
)  # fmt: skip
def test_look_alikes_are_twins(one: str, other: str) -> None:
    assert twin_key(one) == twin_key(other)
    assert lookup_key(one) == lookup_key(other)
    assert normalise(one) != normalise(other)


@pytest.mark.parametrize(
    ("one", "other"), [("00123", "123"), ("20.001", "20001"), ("20 001", "20001"), ("007", "7")]
)
def test_a_number_that_a_spreadsheet_may_have_reformatted_is_found_and_no_twin(one: str, other: str) -> None:
    assert lookup_key(one) == lookup_key(other)
    assert twin_key(one) != twin_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("T1", "T2"), ("T1", "T11"), ("A-1", "A1"), ("TN 1", "TN1"), ("0", "1")]
)
def test_others_are_others(one: str, other: str) -> None:
    assert lookup_key(one) != lookup_key(other)

"""Files as they come: encodings, quotes, limits, and ends that are missing."""

from __future__ import annotations

import datetime as dt
import io

import pytest

from portal.imports.codes import FileRefused
from portal.imports.columns import PARTICIPANTS
from portal.imports.feed import LINE_LIMIT
from portal.imports.reading import CsvFile, Line

TODAY = dt.date(2026, 3, 2)


def read(content: bytes | str) -> list[Line]:
    data = content.encode() if isinstance(content, str) else content
    file = CsvFile("teilnehmer.csv", PARTICIPANTS, lambda: io.BytesIO(data))
    file.inspect(lambda: None)
    return list(file.lines(TODAY))


def refused(content: bytes | str) -> tuple[str, int, str | None]:
    with pytest.raises(FileRefused) as caught:
        read(content)
    return caught.value.fault.value, caught.value.line, caught.value.column


def seen(content: bytes | str) -> list[tuple[int, str | None, list[str]]]:
    return [
        (line.at, line.parsed.number, [item.fault.value for item in line.parsed.rejections])
        for line in read(content)
    ]


@pytest.mark.parametrize(
    "content",
    [
        "tn_id;nachname\nT1;Müller\n".encode(),
        "tn_id;nachname\r\nT1;Müller\r\n".encode("utf-8-sig"),
        "tn_id;nachname\nT1;Müller\n".encode("cp1252"),
        "tn_id;nachname\nT1;Mu\u0308ller".encode(),
        '"tn_id";"nachname"\n"T1";"Müller"\n'.encode(),
        " TN_ID ; Nachname \nT1; Müller \n".encode(),
        "nachname;tn_id;\nMüller;T1;\n".encode(),
    ],
    ids=["utf-8", "bom", "windows-1252", "no-end-of-line", "quoted", "spaced", "trailing-delimiter"],
)
def test_it_reads_every_usual_kind_of_file(content: bytes) -> None:
    [line] = read(content)
    assert (line.at, line.parsed.number, line.parsed.values) == (2, "T1", {"last_name": "Müller"})


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ("file-empty", 0, None)),
        (b"\xef\xbb\xbf \r\n\n", ("file-empty", 0, None)),
        (b"tn_id;nachname\nT1;a\n" + b"\0" * 4096, ("nul-bytes", 3, None)),
        ("nachname;vorname\nA;B\n", ("column-missing", 1, "tn_id")),
        ("tn_id,nachname\nT1,A\n", ("delimiter-wrong", 1, None)),
        ("tn_id\tnachname\nT1\tA\n", ("delimiter-wrong", 1, None)),
        ("sep=,\ntn_id,nachname\nT1,A\n", ("delimiter-wrong", 1, None)),
        ('"tn_id;nachname"\n"T1;A"\n', ("lines-quoted", 1, None)),
        ("tn_id;nachname;NACHNAME\nT1;A;B\n", ("column-twice", 1, "nachname")),
        ("tn_id;" + ";".join(f"c{n}" for n in range(10_000)) + "\n", ("too-many-columns", 1, None)),
        ('tn_id;"nachname\nT1;A\n', ("header-unreadable", 1, None)),
        ("tn_id;nachname\nT1;" + "x" * LINE_LIMIT + "\n", ("line-too-long", 2, None)),
        ("x" * (3 * LINE_LIMIT), ("line-too-long", 1, None)),
        ('tn_id;nachname\nT1;"' + "x\n" * LINE_LIMIT + '"\n', ("line-too-long", 32768, None)),
    ],
    ids=["empty", "blank", "nul-tail",
         "column-missing", "commas", "tabs", "sep=,", "quoted", "column-twice", "10000-columns", "header-quote",
         "long-line", "endless-line", "long-record"],
)  # fmt: skip
def test_it_refuses_a_file_by_name(content: bytes | str, expected: tuple[str, int, str | None]) -> None:
    code, line, column = refused(content)
    assert (code, column) == (expected[0], expected[2])
    if code != "line-too-long":
        assert line == expected[1]


WHOLE = 'tn_id;nachname;geburtsdatum\nT1;Müller;01.02.1990\nT2;"Groß";03.04.1991\n'.encode()


LOOKS_WHOLE = WHOLE.index(b"03.04")
"""Cut here, the last line has all its fields, the last one being empty. The brakes are for this."""


@pytest.mark.parametrize("kept", sorted({*range(WHOLE.index(b"T2") + 1, len(WHOLE) - 1)} - {LOOKS_WHOLE}))
def test_a_file_cut_within_its_last_line_is_refused(kept: int) -> None:
    assert refused(WHOLE[:kept])[0] == "cut-off"


def test_a_file_cut_within_a_letter_is_refused() -> None:
    assert refused("tn_id;nachname\nT1;Jörg\nT2;Jö".encode()[:-1])[0] == "cut-off"


def test_an_open_quote_at_the_end_is_refused() -> None:
    assert refused('tn_id;nachname\nT1;"Müller\nT2;Groß\n')[0] == "cut-off"


def test_line_numbers_are_those_of_an_editor() -> None:
    content = 'tn_id;nachname;bemerkung\n\nT1;A;"zwei\nZeilen"\n;;\nT2;B;\n'
    assert seen(content) == [(3, "T1", []), (6, "T2", [])]


def test_a_quote_too_many_hides_whose_lines_it_swallowed() -> None:
    content = 'tn_id;nachname\nT1;"A\nT2;B"\nT3;C\n'
    assert seen(content) == [(2, None, ["control-characters"]), (4, "T3", [])]


def test_text_after_a_closing_quote_is_rejected_and_reading_goes_on() -> None:
    assert seen('tn_id;nachname\nT1;"A"b\nT2;C\n') == [(2, None, ["quotes-unreadable"]), (3, "T2", [])]


def test_empty_cells_at_the_end_of_a_line_may_be_missing_or_too_many() -> None:
    content = "tn_id;nachname;email\r\nT1;A\r\nT2\r\nT3;C;;;;\r\nT4;D;x@example.org; ;\r\n;;;;;\r\n"
    assert [(line.parsed.number, line.parsed.values) for line in read(content)] == [
        ("T1", {"last_name": "A", "email": None}),
        ("T2", {"last_name": "", "email": None}),
        ("T3", {"last_name": "C", "email": None}),
        ("T4", {"last_name": "D", "email": "x@example.org"}),
    ]


def test_a_line_with_more_in_it_than_the_header_has_is_rejected() -> None:
    content = "tn_id;nachname\nT1;A;B\nT2;;B;\nT3;C\n"
    assert seen(content) == [(2, "T1", ["field-count"]), (3, "T2", ["field-count"]), (4, "T3", [])]
    assert seen("nachname;tn_id\nA;B;T1\n") == [(2, None, ["field-count"])]


def test_a_required_column_that_a_short_line_lacks_is_named() -> None:
    assert seen("nachname;tn_id\nA\nB;T2\n") == [(2, None, ["missing"]), (3, "T2", [])]


@pytest.mark.parametrize(
    "broken", ["T1;Weg 1\nHaus 2;Bonn\r\n", "T1;Weg 1\nHaus 2;Bonn;;;;\r\n", "T1;Weg\n2;Bonn\r\n"]
)
def test_a_line_end_within_a_field_makes_no_new_person_and_empties_nobody(broken: str) -> None:
    content = f"tn_id;strasse;ort\r\n{broken}T2;Weg 3;Köln\r\n"
    assert seen(content) == [(2, "T1", ["field-count"]), (3, None, ["field-count"]), (4, "T2", [])]


def test_halves_of_a_line_are_told_from_short_lines_also_where_all_lines_end_alike() -> None:
    short = "T17;B\nT18;C\nT19;D;Weg 2\nT2;E;Weg 3\n"
    content = f"tn_id;nachname;strasse;plz;ort\nT1;A;Weg 1\nHinterhaus;53111;Bonn\n{short}"
    assert seen(content) == [
        (2, "T1", ["field-count"]), (3, None, ["field-count"]),
        (4, "T17", []), (5, "T18", []), (6, "T19", []), (7, "T2", []),
    ]  # fmt: skip


def test_a_short_last_line_without_an_end_is_whole_where_others_are_as_short() -> None:
    assert refused("tn_id;nachname;ort\nT1;A;B\nT2;C")[:2] == ("cut-off", 3)
    assert seen("tn_id;nachname;ort\nT1;A;B\nT2;C\nT3;D") == [(2, "T1", []), (3, "T2", []), (4, "T3", [])]


def test_a_carriage_return_within_a_line_is_no_line_end_where_others_end_with_lf() -> None:
    assert seen("tn_id;nachname\nT1;A\rB;C\nT2;D\n") == [(2, None, ["control-characters"]), (3, "T2", [])]


def test_a_header_that_comes_again_is_nobody() -> None:
    content = "tn_id;nachname\nT1;A\n\ufefftn_id;nachname\nT2;B\n"
    assert seen(content) == [(2, "T1", []), (3, None, ["header-again"]), (4, "T2", [])]


def test_unknown_columns_are_ignored_and_named() -> None:
    file = CsvFile("teilnehmer.csv", PARTICIPANTS, lambda: io.BytesIO(b"tn_id;schuhgr;x\x07\nT1;\x07;1\n"))
    file.inspect(lambda: None)
    assert file.unknown_columns == ["schuhgr", "x\x07"]
    assert [line.parsed.values for line in file.lines(TODAY)] == [{}]


def test_a_header_alone_is_a_file_without_lines() -> None:
    assert read("tn_id;nachname\n") == []

"""The header: other ways to write it, what may stand before it, and what is said where there is none."""

from __future__ import annotations

import io

import pytest

from portal.imports.codes import FileRefused
from portal.imports.columns import MEDIATORS, PARTICIPANTS, Table
from portal.imports.reading import CsvFile
from tests.imports.test_reading import TODAY, seen


def refusal(content: str, table: Table = PARTICIPANTS) -> FileRefused:
    file = CsvFile(table.file, table, lambda: io.BytesIO(content.encode()))
    with pytest.raises(FileRefused) as caught:
        file.inspect(lambda: None)
    return caught.value


@pytest.mark.parametrize(
    "start",
    [
        "sep=;\r\n",
        "SEP=;\r\n",
        '"sep=;"\r\n',
        "\ufeffsep=;\r\n",
        "\ufeff\ufeff",
        "\r\n\r\n",
        ";;\r\n",
        "sep=;\r\n\r\n",
    ],
)
def test_what_spreadsheets_write_before_the_header_is_passed_over(start: str) -> None:
    lines = start.count("\n")
    assert seen(f"{start}tn_id;nachname\r\nT1;A\r\n") == [(lines + 2, "T1", [])]


@pytest.mark.parametrize(
    "header",
    [
        "TN-ID;Nachname;Straße",
        '"tn_id"; "nachname";strasse',
        "tn id;NACHNAME;STRASSE",
        "\u00a0tn_id;nachname;stra\u00dfe",
    ],
)
def test_a_header_may_be_written_in_other_ways(header: str) -> None:
    file = CsvFile("teilnehmer.csv", PARTICIPANTS, lambda: io.BytesIO(f"{header}\nT1;A;Weg 1\n".encode()))
    file.inspect(lambda: None)
    assert file.unknown_columns == []
    [line] = file.lines(TODAY)
    assert (line.parsed.number, line.parsed.values) == ("T1", {"last_name": "A", "street": "Weg 1"})


def test_umlauts_in_a_header_may_be_written_as_such() -> None:
    content = "vermittler_id;Kürzel;nachname;vorname\nV1;MM;A;B\n"
    file = CsvFile("vermittler.csv", MEDIATORS, lambda: io.BytesIO(content.encode()))
    file.inspect(lambda: None)
    assert [line.parsed.values["initials"] for line in file.lines(TODAY)] == ["MM"]


def test_of_two_names_alike_the_exact_one_is_the_column() -> None:
    content = "tn_id;email;E-Mail\nT1;a@example.org;b@example.org\n"
    file = CsvFile("teilnehmer.csv", PARTICIPANTS, lambda: io.BytesIO(content.encode()))
    file.inspect(lambda: None)
    assert [line.parsed.values for line in file.lines(TODAY)] == [{"email": "a@example.org"}]
    assert file.unknown_columns == ["e-mail"]
    twice = refusal("tn_id;E-Mail;e mail\nT1;a;b\n")
    assert (twice.fault.value, twice.column) == ("column-twice", "email")


def test_a_title_before_the_header_is_refused_as_what_it_is() -> None:
    found = refusal("Teilnehmerliste, Stand 01.02.2026\n\ntn_id;nachname\nT1;A\n")
    assert (found.fault.value, found.line) == ("header-not-first", 1)
    assert found.values == {"expected": ["tn_id"], "header_line": 3}


def test_lines_without_any_header_are_not_shown() -> None:
    found = refusal("T1;Müller;Anna\nT2;Groß;Ina\n")
    assert (found.fault.value, found.line) == ("header-missing", 1)
    assert found.values == {"expected": ["tn_id"], "found": []}


def test_a_header_that_lacks_a_column_says_which_it_has() -> None:
    found = refusal("\nkuerzel;nachname;15070649C103\nMM;A;B\n", MEDIATORS)
    assert (found.fault.value, found.line, found.column) == ("column-missing", 2, "vermittler_id")
    assert found.values["expected"] == ["vermittler_id", "kuerzel", "nachname", "vorname"]
    assert found.values["found"] == ["kuerzel", "nachname", "••••••••••••"]


@pytest.mark.parametrize(
    ("content", "separator"),
    [
        ("tn_id,nachname\n", "comma"),
        ('"tn_id","nachname"\n"T1","A"\n', "comma"),
        ('"tn_id"\t"nachname"\n', "tab"),
        ("TN-ID\tNachname\n", "tab"),
        ("sep=\t\ntn_id\tnachname\n", "tab"),
        ("sep=:\ntn_id:x\n", ""),
    ],
)
def test_another_separator_is_named(content: str, separator: str) -> None:
    found = refusal(content)
    assert (found.fault.value, found.values) == ("delimiter-wrong", {"separator": separator})

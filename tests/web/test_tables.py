"""Tables that are handed out: a workbook's dates can be sorted, its numbers added, and nothing in it is changed."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator

import pytest
from flask import Flask, g

from portal.webkit.tables import Cell, Table, harmless, write_csv
from portal.webkit.workbooks import write_xlsx
from tests.support.workbooks import Sheet, read_sheet

NOON = dt.datetime(2026, 7, 1, 10, 30, 59, tzinfo=dt.UTC)
ROWS: list[list[Cell]] = [
    ["00123", "Müller", NOON, dt.date(2026, 3, 4), 7],
    ["1E5", "=1+1", None, None, None],
    ["12345678901234567890", "-", NOON, dt.date(1066, 10, 14), -3],
]
TABLE = ("Teilnehmer/innen", ["Nummer", "Name", "Freigegeben am", "Ausgetreten am", "Zeile"])


@pytest.fixture(autouse=True)
def language(request: pytest.FixtureRequest, sqlite_app: Flask) -> Iterator[None]:
    """A request in Berlin, in German unless the test says otherwise."""
    chosen = getattr(request, "param", "de")
    with sqlite_app.test_request_context(headers={"Cookie": f"language={chosen}"}):
        g.time_zone = "Europe/Berlin"
        yield


def workbook(rows: list[list[Cell]]) -> Sheet:
    target = io.BytesIO()
    write_xlsx(Table(*TABLE, iter(rows)), target)
    return read_sheet(target.getvalue())


def test_dates_are_dates_numbers_numbers_and_numbers_of_records_text() -> None:
    first, second, third = workbook(ROWS).rows[1:]
    local = dt.datetime(2026, 7, 1, 12, 30)  # noqa: DTZ001 - a workbook knows no zones
    assert first["A"] == "00123"
    assert isinstance(first["C"], dt.datetime)
    assert abs(first["C"] - local) < dt.timedelta(seconds=1)
    assert first["D"] == dt.datetime(2026, 3, 4)  # noqa: DTZ001
    assert first["E"] == 7
    assert second == {"A": "1E5", "B": "=1+1"}
    assert third["A"] == "12345678901234567890"
    assert third["E"] == -3


def test_a_day_that_no_spreadsheet_knows_stays_readable() -> None:
    assert workbook(ROWS).rows[3]["D"] == "14.10.1066"


@pytest.mark.parametrize(
    ("language", "forms"),
    [("de", {"dd.mm.yyyy", "dd.mm.yyyy hh:mm"}), ("en", {"d mmm yyyy", "d mmm yyyy hh:mm"})],
    indirect=["language"],
)
def test_dates_are_shown_as_the_language_writes_them(forms: set[str]) -> None:
    assert workbook(ROWS).forms == forms


def test_the_head_stays_in_sight_and_each_column_has_a_filter() -> None:
    sheet = workbook(ROWS)
    assert sheet.rows[0] == dict(zip("ABCDE", TABLE[1], strict=True))
    assert 'state="frozen"' in sheet.xml
    assert '<autoFilter ref="A1:E4"/>' in sheet.xml
    assert '<ignoredError sqref="A1:E4" numberStoredAsText="1"/>' in sheet.xml


def test_columns_are_as_wide_as_what_stands_in_them() -> None:
    sheet = workbook([["1", "x" * 30, None, None, None], ["2", "x" * 500, None, None, None]])
    assert 'min="2" max="2" width="60.' in sheet.xml
    assert 'min="3" max="4" width="18.' in sheet.xml


@pytest.mark.parametrize(("count", "sheets"), [(2, [2]), (3, [2, 1]), (5, [2, 2, 1])])
def test_rows_that_a_sheet_cannot_hold_go_on_in_the_next(
    count: int, sheets: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.webkit.workbooks._SHEET_ROWS", 2)
    target = io.BytesIO()
    write_xlsx(Table("Freigaben", ["Nummer"], ([str(number)] for number in range(count))), target)
    found = [read_sheet(target.getvalue(), number) for number in range(1, len(sheets) + 1)]
    assert [len(sheet.rows) - 1 for sheet in found] == sheets
    assert [row["A"] for sheet in found for row in sheet.rows[1:]] == [str(number) for number in range(count)]
    assert all(sheet.rows[0]["A"] == "Nummer" and "<autoFilter" in sheet.xml for sheet in found)


def test_a_table_without_rows_is_one_all_the_same() -> None:
    sheet = workbook([])
    assert len(sheet.rows) == 1
    assert '<autoFilter ref="A1:E1"/>' in sheet.xml


@pytest.mark.parametrize(
    ("language", "delimiter", "dates"),
    [
        ("de", ";", ["01.07.2026, 12:30", "04.03.2026"]),
        ("en", ",", ["1 Jul 2026, 12:30", "4 Mar 2026"]),
    ],
    indirect=["language"],
)
def test_csv_says_the_same_in_words(delimiter: str, dates: list[str]) -> None:
    target = io.BytesIO()
    write_csv(Table(*TABLE, iter(ROWS)), target)
    lines = list(csv.reader(io.StringIO(target.getvalue().decode("utf-8-sig")), delimiter=delimiter))
    assert lines == [
        TABLE[1],
        ["00123", "Müller", *dates, "7"],
        ["1E5", "'=1+1", "", "", ""],
        ["12345678901234567890", "'-", dates[0], "14.10.1066" if delimiter == ";" else "14 Oct 1066", "-3"],
    ]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@A1", "\t=1", "\r=1"])
def test_cells_that_begin_like_a_formula_are_made_harmless(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert workbook([[text, None, None, None, None]]).rows[1]["A"] == text  # reading a formula would fail

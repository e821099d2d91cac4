"""Numbers, dates and times of addresses and forms: ours alone, and within bounds."""

import datetime as dt

import pytest
from werkzeug.datastructures import MultiDict

from portal.webkit.parameters import clock_time, day, midnight, read_row, read_rows, whole_number


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("007", 7), (" 12 ", 12), ("9" * 18, 10**18 - 1)])
def test_it_reads_whole_numbers(text: str, number: int) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " ",
        "-1",
        "+1",
        "1.0",
        "1e3",
        "1_0",
        "0x1",
        "NaN",
        "9" * 19,
        "9" * 5000,
        "\u0661",
        "\uff11",
        "\u00b2",
        "1\u20631",
    ],
)
def test_anything_else_is_no_number(text: str | None) -> None:
    assert whole_number(text) is None


def test_rows_that_are_none_are_left_out() -> None:
    values = MultiDict([("row", "1"), ("row", "9" * 5000), ("row", "x"), ("row", "2"), ("row", "3")])
    assert read_rows(values, "row", 4) == {1, 2}
    assert read_row(values, "row") == 1
    assert read_row(values, "other") is None


@pytest.mark.parametrize(
    "text",
    [None, "", "0001-01-01", "1899-12-31", "9999-12-31", "2026-02-30", "2026-1-1", "20260101", "2026-W01-1",
     "01.01.2026", "\uff12026-01-01", "2026-01-01T00:00", "9" * 5000 + "-01-01"],
)  # fmt: skip
def test_a_day_that_nobody_means_is_none(text: str | None) -> None:
    assert day(text) is None
    assert midnight(text, "Pacific/Kiritimati") is None


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin", "UTC"])
def test_every_time_zone_has_the_days_that_are_read(zone: str) -> None:
    for text in ("1900-01-01", "9000-12-31"):
        assert midnight(text, zone) is not None
        assert midnight(text, zone, days_later=1) is not None
    assert midnight("2026-07-01", "Europe/Berlin") == dt.datetime(2026, 6, 30, 22, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "time"),
    [("00:00", dt.time(0)), ("23:59", dt.time(23, 59)), ("24:00", None), ("12:60", None), ("9:00", None), ("", None),
     (None, None), ("\u0660\u0669:00", None), ("12:00:00", None)],
)  # fmt: skip
def test_it_reads_times_of_day(text: str | None, time: dt.time | None) -> None:
    assert clock_time(text) == time

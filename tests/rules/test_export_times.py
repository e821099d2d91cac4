"""When an export was made, and which of two is older."""

from __future__ import annotations

import datetime as dt

import pytest

from portal.imports.export_times import as_kept, find_older, newest_of, of_entry, oldest, read_moment

ZONE = "Europe/Berlin"
NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("2026-03-02", "2026-03-02"),
        ("02.03.2026", "2026-03-02"),
        ("2.3.2026 9:05", "2026-03-02T08:05:00+00:00"),
        ("02.03.2026, 22:00:30 Uhr", "2026-03-02T21:00:30+00:00"),
        ("2026-03-02T22:00", "2026-03-02T21:00:00+00:00"),
        ("2026-03-02 22:00:00", "2026-03-02T21:00:00+00:00"),
        ("2026-03-02T22:00:00Z", "2026-03-02T22:00:00+00:00"),
        (" 2026-03-02T22:00:00.5+01:00 ", "2026-03-02T21:00:00.500000+00:00"),
        ("2026-07-01T12:00:00", "2026-07-01T10:00:00+00:00"),
    ],
)
def test_a_day_or_time_is_read(text: str, kept: str) -> None:
    moment = read_moment(text)
    assert moment is not None
    assert as_kept(moment, ZONE) == kept


@pytest.mark.parametrize(
    "text", ["", "gestern", "31.02.2026", "2026-13-01", "1980-01-01", "01.01.0001 10:00", "9999-12-31T23:59Z", "22:00"]
)  # fmt: skip
def test_what_is_no_time_is_none(text: str) -> None:
    assert read_moment(text) is None


@pytest.mark.parametrize(
    ("date_time", "found"),
    [
        ((2026, 3, 2, 22, 0, 30), dt.datetime(2026, 3, 2, 22, 0, 30)),  # noqa: DTZ001 - an archive knows no zone
        ((1980, 1, 1, 0, 0, 0), None),
        ((1985, 2, 1, 0, 0, 0), None),
        ((2026, 0, 0, 0, 0, 0), None),
        ((2026, 3, 2, 22, 0, 62), None),
    ],
)
def test_an_archive_may_have_no_time(date_time: tuple[int, ...], found: dt.datetime | None) -> None:
    assert of_entry(date_time) == found


@pytest.mark.parametrize(
    ("own", "newest", "older"),
    [
        ("2026-03-01T21:00:00+00:00", "2026-03-02T10:00:00+00:00", True),
        ("2026-03-02T09:59:00+00:00", "2026-03-02T10:00:00+00:00", True),
        ("2026-03-02T10:00:00+00:00", "2026-03-02T10:00:00+00:00", False),
        ("2026-03-02T09:59:58+00:00", "2026-03-02T10:00:00+00:00", False),
        ("2026-03-02T10:00:01+00:00", "2026-03-02T10:00:00+00:00", False),
        # a day is all of it
        ("2026-03-02", "2026-03-02T10:00:00+00:00", False),
        ("2026-03-02T10:00:00+00:00", "2026-03-02", False),
        ("2026-03-01", "2026-03-02T10:00:00+00:00", True),
        ("2026-03-01", "2026-03-02", True),
        ("2026-03-02", "2026-03-02", False),
        # a clock that was far ahead does not hold everything after it
        ("2026-03-02T10:00:00+00:00", "2062-03-02T10:00:00+00:00", False),
        ("2026-03-02T10:00:00+00:00", "2026-03-02T20:00:00+00:00", True),
    ],
)
def test_an_export_is_older_than_the_newest_that_was_taken(own: str, newest: str, older: bool) -> None:
    found = find_older({"order": own}, {"order": newest}, NOW, ZONE)
    assert found == ({"order": (own, newest)} if older else {})
    assert find_older({"order": own}, {"mediator": newest}, NOW, ZONE) == {}


def test_the_newest_is_remembered_for_each_kind() -> None:
    first = newest_of({}, {"order": "2026-03-01", "mediator": "2026-03-02T10:00:00+00:00"}, NOW, ZONE)
    second = newest_of(first, {"order": "2026-03-02", "mediator": "2026-03-01"}, NOW, ZONE)
    assert second == {"order": "2026-03-02", "mediator": "2026-03-02T10:00:00+00:00"}
    assert newest_of(second, {"order": "2062-01-01"}, NOW, ZONE) == second
    assert newest_of({"order": "2062-01-01"}, {"order": "2026-03-01"}, NOW, ZONE) == {"order": "2026-03-01"}


def test_an_export_is_as_old_as_its_oldest_part() -> None:
    assert oldest(["2026-03-02T10:00:00+00:00", "2026-03-02", "2026-03-03"], ZONE) == "2026-03-02"
    assert oldest([], ZONE) is None

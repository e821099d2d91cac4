"""A licence that ends is said 30, 14 and 3 days before, and not earlier."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest

from portal.domain.rules.licence import Licence, licence_warning, network_licence_warning

TODAY = dt.date(2026, 3, 4)


@dataclass(frozen=True)
class Tenant:
    licence_from: dt.date | None = TODAY
    licence_until: dt.date | None = None


@dataclass(frozen=True)
class Connection:
    network_licensed_until: dt.date | None = None


def day(days: int) -> dt.date:
    return TODAY + dt.timedelta(days=days)


@pytest.mark.parametrize(
    ("days", "stage"), [(31, None), (30, 30), (15, 30), (14, 14), (4, 14), (3, 3), (0, 3), (-1, None)]
)
def test_our_licence_warns_in_three_stages_until_it_has_ended(days: int, stage: int | None) -> None:
    found = licence_warning(Tenant(licence_until=day(days)), TODAY)
    assert (found and found.stage) == stage
    if found:
        assert (found.licence, found.days, found.ends_on) == (Licence.OWN, days, day(days))


@pytest.mark.parametrize("starts_on", [None, day(1)])
def test_a_licence_that_is_not_there_does_not_end(starts_on: dt.date | None) -> None:
    assert licence_warning(Tenant(starts_on, day(3)), TODAY) is None


@pytest.mark.parametrize(("days", "stage"), [(31, None), (30, 30), (14, 14), (3, 3), (-1, 0), (-400, 0)])
def test_the_networks_licence_warns_on_after_its_end(days: int, stage: int | None) -> None:
    """Nothing else says so: of our own end a finding speaks."""
    found = network_licence_warning(Connection(day(days)), TODAY)
    assert (found.stage if found else None) == stage


def test_what_has_no_end_warns_nobody() -> None:
    assert licence_warning(Tenant(), TODAY) is None
    assert network_licence_warning(Connection(), TODAY) is None

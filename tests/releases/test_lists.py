"""Lists of participants: paged so that everybody is seen once, narrowed, counted and searched in the database."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
import time_machine
from flask import Flask

from portal.core.database import commit, scope_to
from portal.core.refusal import NotFound
from portal.domain.rules.normalise import joined_words, search_words
from portal.domain.rules.phase import Phase
from portal.domain.rules.preflight import Finding
from portal.domain.rules.status import Status
from portal.releases.conditions import count_by_phase, listed
from portal.releases.filters import Filters
from portal.releases.queries import (
    Listing,
    count_all,
    count_participants,
    explain,
    list_participants,
)
from portal.releases.rows import PersonRow
from portal.tenants.context import TenantContext, load_tenant_context
from tests.support.database import Cast
from tests.support.factories import make_person
from tests.support.people import Crowd

pytestmark = pytest.mark.conformance

NOW = dt.datetime(2026, 3, 4, 9, tzinfo=dt.UTC)
EVERYBODY = 1000


@pytest.fixture(autouse=True)
def at_a_time() -> Iterator[None]:
    """States are stored as of the time of their commit."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def context(app: Flask, cast: Cast) -> TenantContext:
    """A tenant with people of every kind, some of one name; and a stranger in another tenant."""
    for tenant_id, number in ((cast.beta, 1), (cast.alpha, 120)):
        scope_to(tenant_id)
        seen = load_tenant_context(tenant_id, NOW)
        assert seen.connection is not None
        Crowd(tenant_id, seen.connection.id, NOW, seen.deadlines).come(number)
    return load_tenant_context(cast.alpha, NOW)


def everybody(context: TenantContext, filters: Filters | None = None) -> list[PersonRow]:
    return list_participants(context, filters or Filters(), limit=EVERYBODY).rows


def numbers(rows: list[PersonRow]) -> list[str]:
    return [row.participant.number for row in rows]


def test_paging_shows_everybody_once_in_both_directions(context: TenantContext) -> None:
    _page(context, Filters(), 200)
    _page(context, Filters(), 7)
    _page(context, Filters(statuses=frozenset({Status.ONLINE})), 1)


def _page(context: TenantContext, filters: Filters, limit: int) -> None:
    expected = numbers(everybody(context, filters))
    page = list_participants(context, filters, limit=limit)
    assert page.previous is None
    pages = [page]
    while page.next is not None:
        page = list_participants(context, filters, after=page.next, limit=limit)
        pages.append(page)
    assert [number for page in pages for number in numbers(page.rows)] == expected
    assert _backwards(context, filters, page, limit) == expected


def _backwards(context: TenantContext, filters: Filters, page: Listing, limit: int) -> list[str]:
    found = numbers(page.rows)
    while page.previous is not None:
        page = list_participants(context, filters, before=page.previous, limit=limit)
        assert page.next is not None
        found = numbers(page.rows) + found
    return found


def test_people_are_in_the_order_of_their_names(context: TenantContext) -> None:
    keys = [row.participant.sort_key for row in everybody(context)]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_who_left_is_shown_only_if_ever_released(context: TenantContext) -> None:
    gone = [row for row in everybody(context) if row.participant.left_at]
    assert gone
    assert all(row.release for row in gone)
    assert len(everybody(context)) < 120


FILTERS: dict[str, tuple[Filters, Callable[[PersonRow], bool]]] = {
    "status": (
        Filters(statuses=frozenset({Status.OFFLINE, Status.ONLINE_ARCHIVED})),
        lambda row: row.status in (Status.OFFLINE, Status.ONLINE_ARCHIVED),
    ),
    "phase": (
        Filters(phases=frozenset({Phase.BLOCKED, Phase.NOT_RELEASED})),
        lambda row: row.phase in (Phase.BLOCKED, Phase.NOT_RELEASED),
    ),
    "needs action": (Filters(needs_action=True), lambda row: row.needs_action),
    "needs action, of one phase": (
        Filters(needs_action=True, phases=frozenset({Phase.BLOCKED, Phase.SENT})),
        lambda row: row.needs_action and row.phase is Phase.BLOCKED,
    ),
    "finding": (
        Filters(findings=frozenset({Finding.NAME_MISSING, Finding.CONSENT_EXPIRED})),
        lambda row: bool(
            row.registration
            and row.registration.released
            and {Finding.NAME_MISSING, Finding.CONSENT_EXPIRED} & set(row.findings)
        ),
    ),
    "caseworker": (Filters(caseworker="SB"), lambda row: row.participant.caseworker == "SB"),
    "caseworker and mine": (
        Filters(caseworker="SB", mine="SB"),
        lambda row: row.participant.caseworker == "SB",
    ),
    "left the order": (
        Filters(left_but_released=True),
        lambda row: bool(row.registration and row.registration.released and row.participant.left_order_on),
    ),
    "all at once": (
        Filters(statuses=frozenset({Status.ONLINE}), needs_action=True, caseworker="SB"),
        lambda row: row.status is Status.ONLINE and row.needs_action and row.participant.caseworker == "SB",
    ),
}


def test_a_list_is_narrowed(context: TenantContext) -> None:
    rows = everybody(context)
    for name, (filters, holds) in FILTERS.items():
        expected = [row.participant.number for row in rows if holds(row)]
        assert 0 < len(expected) < len(rows), name
        assert numbers(everybody(context, filters)) == expected, name
        assert count_participants(context, filters) == len(expected), name


def test_each_phase_and_each_status_can_be_listed(context: TenantContext) -> None:
    rows = everybody(context)
    for phase in Phase:
        expected = [row.participant.number for row in rows if row.phase is phase]
        assert numbers(everybody(context, Filters(phases=frozenset({phase})))) == expected, phase
    for status in Status:
        expected = [row.participant.number for row in rows if row.status is status]
        assert numbers(everybody(context, Filters(statuses=frozenset({status})))) == expected, status


def test_a_list_is_narrowed_to_an_order_and_to_a_mediator(context: TenantContext) -> None:
    rows = everybody(context)
    order = next(row.order.id for row in rows if row.order)
    mediator = next(row.mediator.id for row in rows if row.mediator)
    by_order = everybody(context, Filters(order_id=order))
    assert numbers(by_order) == [
        row.participant.number for row in rows if row.order and row.order.id == order
    ]
    by_mediator = everybody(context, Filters(mediator_id=mediator))
    expected = [row.participant.number for row in rows if row.mediator and row.mediator.id == mediator]
    assert numbers(by_mediator) == expected


def test_counters_count_everybody_once(context: TenantContext) -> None:
    rows = everybody(context)
    assert {key: number for key, number in count_all(context).statuses.items() if number} == Counter(
        row.status for row in rows
    )
    phases: Counter[Phase] = Counter()
    for phase, _values, number in count_by_phase(context, listed()):
        phases[phase] += number
    assert {key: number for key, number in phases.items() if number} == Counter(row.phase for row in rows)
    assert set(count_all(context).statuses) == set(Status)
    assert count_all(context).needing_action == sum(row.needs_action for row in rows)
    assert count_participants(context, Filters()) == len(rows)


TYPED = ("Müller", "mueller", "MULLER", "mu", "Müller Jö", "joerg müller", "TN-0001", "tn 00")


def test_search_finds_names_and_numbers_however_typed(context: TenantContext) -> None:
    for typed in TYPED:
        words = tuple(search_words(typed))
        expected = [row.participant.number for row in everybody(context) if _begins(row, words)]
        assert expected, typed
        assert numbers(everybody(context, Filters(words=words))) == expected, typed


def _begins(row: PersonRow, words: tuple[str, ...]) -> bool:
    person = row.participant
    kept = search_words(f"{person.last_name} {person.first_name} {person.number}")
    return all(any(found.startswith(word) for found in kept) for word in words)


NAMES = ("Yıldız", "Kılıç", "O’Neill", "ONeill", "Al-Hassan", "Guðrún", "Əliyev", "ΓΙΩΡΓΟΣ")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Yildiz", ["Yıldız"]),
        ("KILIC", ["Kılıç"]),
        ("o'neill", ["ONeill", "O’Neill"]),
        ("oneill", ["ONeill", "O’Neill"]),
        ("O Neill", ["O’Neill"]),
        ("alhassan 90", ["Al-Hassan"]),
        ("gudrun", ["Guðrún"]),
        ("Aliyev", ["Əliyev"]),
        ("γιωργος", ["ΓΙΩΡΓΟΣ"]),
    ],
)
def test_search_finds_names_of_other_alphabets_however_typed(
    app: Flask, cast: Cast, typed: str, found: list[str]
) -> None:
    scope_to(cast.alpha)
    for number, name in enumerate(NAMES, 9000):
        make_person(cast.alpha, str(number), name, "")
    commit()
    filters = Filters(words=tuple(search_words(typed)), joined=tuple(joined_words(typed)))
    rows = everybody(load_tenant_context(cast.alpha, NOW), filters)
    assert sorted(row.participant.last_name for row in rows) == found


def test_search_finds_nobody_by_what_is_no_beginning(context: TenantContext) -> None:
    assert everybody(context, Filters(words=("ller",))) == []
    assert everybody(context, Filters(words=("muller", "nobody"))) == []
    assert everybody(context, Filters(words=("%",))) == []


def test_search_finds_exactly_one_by_applicant_id(context: TenantContext) -> None:
    row = next(row for row in everybody(context) if row.registration and row.registration.applicant_id)
    assert row.registration is not None
    applicant_id = row.registration.applicant_id
    assert applicant_id is not None
    found = everybody(context, Filters(number=applicant_id, words=tuple(search_words(applicant_id))))
    assert numbers(found) == [row.participant.number]
    assert everybody(context, Filters(number=applicant_id[:-1] + "x")) == []


def test_a_word_that_could_be_an_applicant_id_still_finds_by_name(context: TenantContext) -> None:
    by_word = numbers(everybody(context, Filters(words=("muller",))))
    assert numbers(everybody(context, Filters(words=("muller",), number="Muller"))) == by_word


def test_a_stranger_is_not_explained(context: TenantContext, cast: Cast) -> None:
    scope_to(cast.beta)
    stranger = everybody(load_tenant_context(cast.beta, NOW))[0].participant.id
    scope_to(cast.alpha)
    with pytest.raises(NotFound):
        explain(load_tenant_context(cast.alpha, NOW), stranger)


def test_an_explanation_says_what_the_list_says(context: TenantContext) -> None:
    for row in everybody(context)[:40]:
        person = explain(context, row.participant.id)
        assert (person.status, person.phase, person.findings) == (row.status, row.phase, row.findings)

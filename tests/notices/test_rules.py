"""What opens a notice, how bad it is, and whom it is told: both sides of each border."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from portal.domain.accounts import Role
from portal.domain.notice_kinds import NoticeKind
from portal.domain.rules.notice_facts import ConnectionFacts, Facts, TenantFacts, TokenFacts
from portal.domain.rules.notices import wanted
from portal.notices.audience import AUDIENCE, told

NOW = dt.datetime(2026, 3, 10, 12, 0, tzinfo=dt.UTC)
"""A Tuesday."""
MOMENT = dt.timedelta(seconds=1)
HOUR = dt.timedelta(hours=1)
K = NoticeKind


def connection(**changes: Any) -> ConnectionFacts:
    values = {"tenant_id": 1, "connection_id": 5, "federal_state": "BE", "time_zone": "Europe/Berlin"}
    return ConnectionFacts(**(values | changes))


def tenant(number: int = 1, **changes: Any) -> TenantFacts:
    values = {"slug": f"t{number}", "federal_state": "BE", "time_zone": "Europe/Berlin"}
    return TenantFacts(tenant_id=number, **(values | changes))


def found(*connections: ConnectionFacts, tenants: tuple[TenantFacts, ...] = (), **more: Any) -> dict[K, Any]:
    seen = {"worker_seen_at": NOW, "cron_seen_at": NOW}
    facts = Facts(now=NOW, connections=connections, tenants=tenants, **(seen | more))
    return {kind: it for (kind, _), it in wanted(facts).items()}


def test_where_all_is_well_nobody_is_told() -> None:
    calm = connection(sent_at=NOW - HOUR, next_transfer_at=NOW + HOUR)
    assert found(calm, tenants=(tenant(imported_at=NOW - HOUR),)) == {}


@pytest.mark.parametrize(
    ("state", "at", "levels"),
    [
        # sent on Tuesday: reminder after Wednesday, overdue after Thursday, in clarification after Friday, escalated
        # after Tuesday: Saturday and Sunday do not count
        (
            "BE",
            "2026-03-03",
            {"03-04": 0, "03-05": 1, "03-06": 2, "03-07": 3, "03-09": 3, "03-10": 3, "03-11": 4},
        ),
        # the 8th of March is a holiday in Berlin, and a Monday in 2027
        ("BE", "2027-03-05", {"03-08": 0, "03-09": 0, "03-10": 1, "03-11": 2}),
        ("NW", "2027-03-05", {"03-08": 0, "03-09": 1, "03-10": 2, "03-11": 3}),
    ],
)
def test_lateness_counts_the_working_days_of_the_federal_state(
    state: str, at: str, levels: dict[str, int]
) -> None:
    since = dt.datetime.fromisoformat(f"{at}T12:00Z")
    for date, level in levels.items():
        now = dt.datetime.fromisoformat(f"{at[:5]}{date}T12:00Z")
        facts = Facts(
            now=now,
            connections=(connection(federal_state=state, waiting_since=since),),
            worker_seen_at=now,
            cron_seen_at=now,
        )
        (notice,) = wanted(facts).values() or (None,)
        assert (notice.level if notice else 0) == level, date


def test_each_lateness_is_told_to_others() -> None:
    steps = [told(K.ANSWERS_LATE, level, level + 1) for level in range(4)]
    assert steps[0] == {Role.CASEWORKER} and steps[1] == {Role.SUPERVISOR}
    assert Role.ADMINISTRATOR in steps[2] and Role.SUPPORT in steps[3]
    assert told(K.ANSWERS_LATE, 0, 4) == {Role.CASEWORKER, Role.SUPERVISOR, Role.ADMINISTRATOR, Role.SUPPORT}
    assert told(K.ANSWERS_LATE, 2, 2) == frozenset()


@pytest.mark.parametrize(
    ("left", "level"), [(31, 0), (30, 1), (15, 1), (14, 2), (4, 2), (3, 3), (0, 3), (-1, 4)]
)
@pytest.mark.parametrize("kind", [K.LICENCE_ENDING, K.NETWORK_LICENCE_ENDING])
def test_a_licence_is_told_of_three_times_before_it_ends_and_then(kind: K, left: int, level: int) -> None:
    until = NOW.date() + dt.timedelta(days=left)
    notices = found(connection(network_licence_until=until), tenants=(tenant(licence_until=until),))
    assert (notices[kind].level if kind in notices else 0) == level


@pytest.mark.parametrize(
    ("made_for", "left", "level"),
    [
        *(
            (365, left, level)
            for left, level in ((15, 0), (14, 1), (4, 1), (3, 2), (0.01, 2), (0, 3), (-90, 3))
        ),
        *((14, left, level) for left, level in ((13, 0), (3, 2), (0, 3))),  # whoever made it knows
        *((3, left, level) for left, level in ((2, 0), (0, 3))),
    ],
)
def test_a_token_of_the_http_door_is_told_of_before_it_ends_and_then(
    made_for: float, left: float, level: int
) -> None:
    ends_at = NOW + dt.timedelta(days=left)
    token = TokenFacts(7, "Nachtlauf", ends_at - dt.timedelta(days=made_for), ends_at)
    notices = found(tenants=(tenant(tokens=(token,)),))
    assert (notices[K.API_TOKEN_ENDING].level if notices else 0) == level
    if level:
        assert notices[K.API_TOKEN_ENDING].subject == "api-token:7"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"next_transfer_at": NOW - 30 * 60 * MOMENT}, None),
        ({"next_transfer_at": NOW - 30 * 60 * MOMENT - MOMENT}, "not-planned"),
        ({"uncommitted": 3, "uncommitted_since": NOW - 2 * HOUR}, None),
        ({"uncommitted": 3, "uncommitted_since": NOW - 2 * HOUR - MOMENT}, "stuck"),
        ({"sent_at": NOW - 50 * HOUR}, None),
        ({"sent_at": NOW - 50 * HOUR - MOMENT}, "nothing-sent"),
    ],
)
def test_a_delivery_that_was_due_is_missed(changes: dict[str, Any], why: str | None) -> None:
    notices = found(connection(**changes))
    assert (notices[K.DELIVERY_MISSING].data["why"] if notices else None) == why


@pytest.mark.parametrize(
    "cause",
    [
        {"may_send": False},
        {"open": False},
        {"held": True, "uncommitted": 3},
        {"quarantined_at": NOW},
        {"reconcile_since": NOW},
        {"account_doubt": "other-account"},
    ],
)
def test_it_is_not_missed_where_the_cause_is_told(cause: dict[str, Any]) -> None:
    late = {"next_transfer_at": NOW - HOUR, "sent_at": NOW - 90 * HOUR}
    assert K.DELIVERY_MISSING in found(connection(**late))
    assert K.DELIVERY_MISSING not in found(connection(**late, **cause))


def test_a_held_one_stays_told_while_the_next_is_put_together() -> None:
    assert found(connection(held=True, uncommitted=3))[K.DELIVERY_HELD].opens
    assert not found(connection(deciding=True, uncommitted=4))[K.DELIVERY_HELD].opens


@pytest.mark.parametrize(("count", "many"), [(2, False), (3, True)])
def test_many_held_are_told_once_with_a_list(count: int, many: bool) -> None:
    tenants = tuple(tenant(number) for number in range(count))
    held = (connection(tenant_id=it.tenant_id, connection_id=it.tenant_id, held=True) for it in tenants)
    notices = found(*held, tenants=tenants)
    assert (K.MANY_HELD in notices) is many
    if many:
        assert notices[K.MANY_HELD].data == {"tenants": 3, "slugs": ["t0", "t1", "t2"]}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"clarifications": 2}, K.CLARIFICATION),
        ({"unknown_mediators": {"7": 2}}, K.MEDIATOR_UNKNOWN),
        ({"outcome_unknown_since": NOW - HOUR - MOMENT}, K.OUTCOME_UNKNOWN),
        ({"held": True, "problem": "crashed"}, K.CRASHED),
        ({"uncommitted": 3, "problem": "crashed"}, K.CRASHED),
        ({"reconcile_since": NOW}, K.RECONCILE),
        ({"account_doubt": "other-account"}, K.ACCOUNT_DOUBTED),
        ({"quarantined_at": NOW}, K.QUARANTINE),
        ({"connection_problem": "unauthorised"}, K.TOKEN_REFUSED),
        ({"connection_problem": "wrong-network"}, K.TOKEN_REFUSED),
    ],
)
def test_what_a_connection_has_is_told(changes: dict[str, Any], kind: K) -> None:
    assert kind in found(connection(**changes))


def test_unknown_mediators_are_named_by_their_numbers_and_people_counted() -> None:
    notice = found(connection(unknown_mediators={f"V-{n:02}": n for n in range(1, 13)}))[K.MEDIATOR_UNKNOWN]
    assert notice.data["people"] == sum(range(1, 13))
    assert notice.data["mediators"] == [f"V-{n:02}" for n in range(1, 11)]
    assert notice.data["more"] == 2


def test_what_passes_by_itself_is_not_told() -> None:
    assert found(connection(outcome_unknown_since=NOW - HOUR, connection_problem="unavailable")) == {}


@pytest.mark.parametrize(("days", "silent"), [(4, False), (6, True)])
def test_imports_are_missed_after_working_days(days: int, silent: bool) -> None:
    """Tuesday: three working days before was Thursday."""
    at = NOW - dt.timedelta(days=days)
    assert (K.IMPORT_SILENT in found(tenants=(tenant(imported_at=at),))) is silent
    assert found(tenants=(tenant(imported_at=at),), import_silent_days=0) == {}
    assert found(tenants=(tenant(),)) == {}  # who never had one misses none


@pytest.mark.parametrize("who", ["worker", "cron"])
def test_a_silent_process_is_missed(who: str) -> None:
    kind = K.WORKER_SILENT if who == "worker" else K.CRON_SILENT
    assert found(**{f"{who}_seen_at": NOW - 120 * MOMENT}) == {}
    assert kind in found(**{f"{who}_seen_at": NOW - 121 * MOMENT})
    assert kind in found(**{f"{who}_seen_at": None})


def test_mails_that_do_not_go_are_told_on_pages() -> None:
    assert K.MAIL_SILENT in found(oldest_mail_at=NOW - HOUR - MOMENT, mails_waiting=1)
    assert K.MAIL_SILENT in found(mails_given_up=1)
    assert found(oldest_mail_at=NOW - HOUR, mails_waiting=1) == {}


def test_somebody_is_told_of_every_kind() -> None:
    assert set(AUDIENCE) == set(NoticeKind)
    assert all(roles for levels in AUDIENCE.values() for roles in levels)

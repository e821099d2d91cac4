"""What people are told of, and whom: rules over facts, which open, worsen and close notices. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.domain.notice_kinds import NoticeKind
from portal.domain.rules.licence import STAGES, Licence, LicenceWarning, licence_ending
from portal.domain.rules.notice_facts import ConnectionFacts, Facts, TenantFacts
from portal.domain.rules.tokens import token_ending
from portal.domain.rules.workdays import local_date, working_days_before

LATENESS = (1, 2, 3, 5)
"""Working days that an answer is awaited: reminder, overdue, in clarification, escalated (docs/domain.md#rules)."""
NOT_PLANNED_AFTER = dt.timedelta(minutes=30)
STUCK_AFTER = dt.timedelta(hours=2)
NOTHING_SENT_AFTER = dt.timedelta(hours=50)
"""Two nights, whatever the clocks do in between."""
UNKNOWN_AFTER = dt.timedelta(hours=1)
SILENT_AFTER = dt.timedelta(minutes=2)
MAIL_LATE_AFTER = dt.timedelta(hours=1)
NAMED_MEDIATORS = 10
MANY = 3
"""So many tenants held at once have one cause, more likely than three."""
_TOKEN_PROBLEMS = frozenset({"unauthorised", "wrong-network"})


@dataclass(frozen=True)
class Wanted:
    """A notice that the facts call for."""

    kind: NoticeKind
    subject: str
    tenant_id: int | None
    level: int = 1
    data: Mapping[str, Any] = field(default_factory=dict)
    opens: bool = True
    """False: keeps one open, and opens none."""


def wanted(facts: Facts) -> dict[tuple[NoticeKind, str], Wanted]:
    """Return the notices that the facts call for, by kind and subject."""
    found = [
        *(notice for it in facts.connections for notice in _of_connection(it, facts.now)),
        *(notice for it in facts.tenants for notice in _of_tenant(it, facts)),
        *_of_system(facts),
    ]
    return {(notice.kind, notice.subject): notice for notice in found}


def lateness(since: dt.datetime, now: dt.datetime, state: str, zone: str) -> int:
    """Return how late an answer is, as a level: 0 while it may still take its time."""
    return sum(since < working_days_before(now, days, state, zone) for days in LATENESS)


def ending(warning: LicenceWarning | None) -> int:
    """How near the end of a licence is, as a level: 0 while it is far, and one more than the stages once it is past."""
    if warning is None:
        return 0
    return len(STAGES) + 1 if warning.days < 0 else STAGES.index(warning.stage) + 1


def _of_connection(facts: ConnectionFacts, now: dt.datetime) -> Iterator[Wanted]:
    about = (f"connection:{facts.connection_id}", facts.tenant_id)
    number = {"delivery": facts.uncommitted}
    if facts.waiting_since:
        level = lateness(facts.waiting_since, now, facts.federal_state, facts.time_zone)
        if level:
            data = {"since": facts.waiting_since.isoformat(), "days": LATENESS[level - 1]}
            yield Wanted(NoticeKind.ANSWERS_LATE, *about, level, data)
    if facts.stuck:
        yield Wanted(
            NoticeKind.ANSWERS_STUCK, *about, data={"delivery": facts.stuck, "problem": facts.stuck_by}
        )
    if facts.clarifications:
        yield Wanted(NoticeKind.CLARIFICATION, *about, data={"people": facts.clarifications})
    if facts.unknown_mediators:
        mediators = sorted(facts.unknown_mediators)
        data = {
            "people": sum(facts.unknown_mediators.values()),
            "mediators": mediators[:NAMED_MEDIATORS],
            "more": max(0, len(mediators) - NAMED_MEDIATORS),
        }
        yield Wanted(NoticeKind.MEDIATOR_UNKNOWN, *about, data=data)
    if facts.held or facts.deciding:
        data = {**number, "problem": facts.problem}
        yield Wanted(NoticeKind.DELIVERY_HELD, *about, data=data, opens=facts.held)
    if facts.problem == "crashed":
        yield Wanted(NoticeKind.CRASHED, *about, data=number)
    yield from _of_its_network(facts, about, now)
    if facts.open:
        yield from _of_open_connection(facts, about, now)


def _of_its_network(facts: ConnectionFacts, about: tuple[str, int], now: dt.datetime) -> Iterator[Wanted]:
    number = {"delivery": facts.uncommitted}
    if facts.outcome_unknown_since and now - facts.outcome_unknown_since > UNKNOWN_AFTER:
        yield Wanted(NoticeKind.OUTCOME_UNKNOWN, *about, data=number)
    if facts.reconcile_since:
        yield Wanted(NoticeKind.RECONCILE, *about)
    if facts.account_doubt:
        yield Wanted(NoticeKind.ACCOUNT_DOUBTED, *about, data={"problem": facts.account_doubt})
    if facts.quarantined_at:
        yield Wanted(NoticeKind.QUARANTINE, *about, data={"problem": facts.connection_problem})
    if facts.connection_problem in _TOKEN_PROBLEMS:
        yield Wanted(NoticeKind.TOKEN_REFUSED, *about, data={"problem": facts.connection_problem})


def _of_open_connection(facts: ConnectionFacts, about: tuple[str, int], now: dt.datetime) -> Iterator[Wanted]:
    today = local_date(now, facts.time_zone)
    warning = licence_ending(Licence.NETWORK, facts.network_licence_until, today)
    if warning:
        yield Wanted(NoticeKind.NETWORK_LICENCE_ENDING, *about, ending(warning), _ending_data(warning))
    why = _what_is_missing(facts, now)
    if why:
        yield Wanted(NoticeKind.DELIVERY_MISSING, *about, data={"why": why, "delivery": facts.uncommitted})


def _what_is_missing(facts: ConnectionFacts, now: dt.datetime) -> str | None:
    """Why no delivery came though one was due; None where all is well, or people are told of the cause already."""
    told = facts.held or facts.quarantined_at or facts.reconcile_since or facts.account_doubt
    if told or not facts.may_send:
        return None
    if facts.next_transfer_at and now - facts.next_transfer_at > NOT_PLANNED_AFTER:
        return "not-planned"
    if facts.uncommitted_since and not facts.outcome_unknown_since:
        return "stuck" if now - facts.uncommitted_since > STUCK_AFTER else None
    if facts.sent_at and now - facts.sent_at > NOTHING_SENT_AFTER:
        return "nothing-sent"
    return None


def _of_tenant(facts: TenantFacts, everything: Facts) -> Iterator[Wanted]:
    about, now = (f"tenant:{facts.tenant_id}", facts.tenant_id), everything.now
    today = local_date(now, facts.time_zone)
    warning = licence_ending(Licence.OWN, facts.licence_until, today)
    if warning:
        yield Wanted(NoticeKind.LICENCE_ENDING, *about, ending(warning), _ending_data(warning))
    days = everything.import_silent_days
    silent_before = working_days_before(now, days, facts.federal_state, facts.time_zone)
    if days and facts.imported_at and facts.imported_at < silent_before:
        data = {"since": facts.imported_at.isoformat(), "days": days}
        yield Wanted(NoticeKind.IMPORT_SILENT, *about, data=data)
    for token in facts.tokens:
        level = token_ending(token.made_at, token.ends_at, now)
        if level:
            data = {"name": token.name, "until": token.ends_at.isoformat(), "ended": token.ends_at <= now}
            yield Wanted(
                NoticeKind.API_TOKEN_ENDING, f"api-token:{token.token_id}", facts.tenant_id, level, data
            )
    for kind, numbers in (
        (NoticeKind.IMPORT_HELD, facts.held_imports),
        (NoticeKind.CRASHED, facts.crashed_imports),
    ):
        for number in numbers:
            yield Wanted(kind, f"import:{number}", facts.tenant_id, data={"import": number})


def _ending_data(warning: LicenceWarning) -> dict[str, Any]:
    return {
        "until": warning.ends_on.isoformat(),
        "days": max(warning.days, -1),
    }  # past is past: no news every day


def _of_system(facts: Facts) -> Iterator[Wanted]:
    slugs = {it.tenant_id: it.slug for it in facts.tenants}
    held = sorted({slugs[it.tenant_id] for it in facts.connections if it.held and it.tenant_id in slugs})
    deciding = sum(it.held or it.deciding for it in facts.connections)
    if len(held) >= MANY or deciding >= MANY:
        data = {"tenants": len(held), "slugs": held[:50]}
        yield Wanted(NoticeKind.MANY_HELD, "everybody", None, data=data, opens=len(held) >= MANY)
    for kind, seen in (
        (NoticeKind.WORKER_SILENT, facts.worker_seen_at),
        (NoticeKind.CRON_SILENT, facts.cron_seen_at),
    ):
        if seen is None or facts.now - seen > SILENT_AFTER:
            data = {"since": seen.isoformat() if seen else None}
            yield Wanted(kind, "everybody", None, data=data)
    late = facts.oldest_mail_at is not None and facts.now - facts.oldest_mail_at > MAIL_LATE_AFTER
    if late or facts.mails_given_up:
        data = {"waiting": facts.mails_waiting, "given_up": facts.mails_given_up}
        yield Wanted(NoticeKind.MAIL_SILENT, "everybody", None, data=data)

"""Taking over what is staged and checked: window by window, each resumable, unchanged lines changing nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import RowMapping, delete, insert, select

from portal.core.database import db
from portal.domain.import_kinds import Kind
from portal.domain.imports import Step
from portal.imports.identities import (
    find_other_people,
    reject_other_people,
    rejected_other_people,
    released_among,
)
from portal.imports.leaving import idle_mediators, leavers, lost_profiles
from portal.imports.noting import count
from portal.imports.participants import write_participants
from portal.imports.windows import (
    PARTICIPANTS,
    PROFILES,
    Work,
    entries,
    good_lines,
    profile_lines,
    profile_owners,
    stored_ids,
)
from portal.imports.writing import write_mediators, write_orders
from portal.releases.imported import identities_doubted, people_changed

Profiles = Mapping[str, list[dict[str, object]]]
"""Entries by the number of the person."""


def take_over_some(work: Work) -> bool:
    """Take over the next window in the caller's transaction; False once nothing is left.

    A dry run counts what would change, and changes nothing.
    """
    run = work.run
    if run.step is Step.FINISHED:
        return False
    last = STEPS[run.step](work)
    if last is None:
        following = list(Step)
        run.step, run.cursor = following[following.index(run.step) + 1], ""
    else:
        run.cursor = last
    return True


def _mediators(work: Work) -> str | None:
    return _lines(work, Kind.MEDIATOR)


def _orders(work: Work) -> str | None:
    return _lines(work, Kind.ORDER)


def _participants(work: Work) -> str | None:
    return _lines(work, Kind.PARTICIPANT)


def _lines(work: Work, kind: Kind) -> str | None:
    """Take over the next lines of a kind; the last number, None where there are none."""
    run = work.run
    lines = good_lines(run, kind, run.cursor, work.batch)
    if not lines:
        return None
    writes = {Kind.MEDIATOR: write_mediators, Kind.ORDER: write_orders}
    last = str(lines[-1]["number"])
    if kind is Kind.PARTICIPANT:
        lines = _without_others(work, lines)
        people = write_participants(run, lines, work.keyring, work.now)
        changed = len(people | set(_profiles_within(work, lines)))
    else:
        changed = writes[kind](run, lines, work.now)
    count(run, kind, "applied", changed)
    count(run, kind, "unchanged", len(lines) - changed)
    run.progress += len(lines)
    return last


def _without_others(work: Work, lines: Sequence[RowMapping]) -> Sequence[RowMapping]:
    """Leave out whose identifier another person has, and who was released since the lines were checked."""
    found = released_among(find_other_people(work.run, lines))
    reject_other_people(work.run, found)
    others = {it.number for it in found}
    return [line for line in lines if line["number"] not in others]


def _identities(work: Work) -> str | None:
    """End the releases of those whose identifier this import gives to another person."""
    run = work.run
    others = rejected_other_people(run, run.cursor, work.batch)
    if not others:
        return None
    if not run.dry_run:
        ids = stored_ids(PARTICIPANTS, run.tenant_id, others)
        identities_doubted(run.tenant_id, {ids[number]: others[number] for number in ids}, work.now, run.id)
    return list(others)[-1]


def _profiles(work: Work) -> str | None:
    run = work.run
    owners = profile_owners(run, run.cursor, work.batch)
    if not owners:
        return None
    good = {
        owner: [line for line in lines if line["good"]] for owner, lines in profile_lines(run, owners).items()
    }
    wanted = {owner: entries(lines) for owner, lines in good.items() if lines}
    changed = _take_profiles(work, wanted)
    lines = sum(map(len, wanted.values()))
    count(run, Kind.PROFILE, "identical", sum(map(len, good.values())) - lines)
    applied = sum(map(len, changed.values()))
    count(run, Kind.PROFILE, "applied", applied)
    count(run, Kind.PROFILE, "unchanged", lines - applied)
    run.progress += lines
    return owners[-1]


def _profiles_within(work: Work, lines: Sequence[RowMapping]) -> Profiles:
    """Take over the profiles that lines of people carry; through the HTTP door a line is a person with all of it."""
    wanted = {line["number"]: line["values"]["profile"] for line in lines if "profile" in line["values"]}
    return _take_profiles(work, wanted)


def _take_profiles(work: Work, wanted: Profiles) -> Profiles:
    """Let people, by number, have these profiles; those that are others than before."""
    ids = stored_ids(PARTICIPANTS, work.run.tenant_id, wanted)
    query = select(PROFILES.c.participant_id, PROFILES.c.entries).where(
        PROFILES.c.participant_id.in_(ids.values())
    )
    before = dict(db.session.execute(query).all())
    changed = {owner: new for owner, new in wanted.items() if before.get(ids.get(owner, 0), []) != new}
    if changed and not work.run.dry_run:
        _write_profiles(work, {ids[owner]: new for owner, new in changed.items()})
    return changed


def _write_profiles(work: Work, changed: Mapping[int, list[dict[str, object]]]) -> None:
    tenant_id = work.run.tenant_id
    db.session.execute(delete(PROFILES).where(PROFILES.c.participant_id.in_(list(changed))))
    rows = [
        {"tenant_id": tenant_id, "participant_id": owner, "entries": new}
        for owner, new in changed.items()
        if new
    ]
    if rows:
        db.session.execute(insert(PROFILES), rows)
    people_changed(tenant_id, list(changed), work.now, work.run.id)


STEPS: Mapping[Step, Callable[[Work], str | None]] = {
    Step.MEDIATORS: _mediators,
    Step.ORDERS: _orders,
    Step.PARTICIPANTS: _participants,
    Step.IDENTITIES: _identities,
    Step.PROFILES: _profiles,
    Step.LOST_PROFILES: lost_profiles,
    Step.LEAVERS: leavers,
    Step.IDLE_MEDIATORS: idle_mediators,
}

"""What a full import does not name: people leave, mediators become inactive, profiles go."""

from __future__ import annotations

from sqlalchemy import delete, select, true, update

from portal.core.database import db
from portal.domain.import_kinds import Kind
from portal.imports.absence import mediators_go_idle, participants_leave, profiles_go
from portal.imports.noting import count
from portal.imports.windows import (
    MEDIATORS,
    PARTICIPANTS,
    PROFILES,
    Work,
    good_lines,
    missing,
    numbered,
    profile_lines,
    stored_ids,
)
from portal.releases.imported import mediators_changed, people_changed


def lost_profiles(work: Work) -> str | None:
    """In a full import, people who are in it but have no profile lines have no profile any more."""
    run = work.run
    lines = good_lines(run, Kind.PARTICIPANT, run.cursor, work.batch) if profiles_go(run) else ()
    if not lines:
        return None
    numbers = [line["number"] for line in lines]
    without = set(numbers) - set(profile_lines(run, numbers))
    ids = list(stored_ids(PARTICIPANTS, run.tenant_id, without).values())
    lost = list(
        db.session.scalars(select(PROFILES.c.participant_id).where(PROFILES.c.participant_id.in_(ids)))
    )
    count(run, Kind.PROFILE, "left", len(lost))
    if lost and not run.dry_run:
        db.session.execute(delete(PROFILES).where(PROFILES.c.participant_id.in_(lost)))
        people_changed(run.tenant_id, lost, work.now, run.id)
    return str(numbers[-1])


def leavers(work: Work) -> str | None:
    """In a full import, participants who are missing have left."""
    run = work.run
    if not participants_leave(run):
        return None
    rows = numbered(PARTICIPANTS, run.tenant_id, PARTICIPANTS.c.left_at.is_(None), run.cursor, work.batch)
    gone = missing(run, Kind.PARTICIPANT, rows)
    count(run, Kind.PARTICIPANT, "left", len(gone))
    if gone and not run.dry_run:
        db.session.execute(update(PARTICIPANTS).where(PARTICIPANTS.c.id.in_(gone)).values(left_at=work.now))
        people_changed(run.tenant_id, gone, work.now, run.id)
    return rows[-1][0] if rows else None


def idle_mediators(work: Work) -> str | None:
    """In a full import, mediators who are missing become inactive."""
    run = work.run
    if not mediators_go_idle(run):
        return None
    rows = numbered(MEDIATORS, run.tenant_id, MEDIATORS.c.active == true(), run.cursor, work.batch)
    gone = missing(run, Kind.MEDIATOR, rows)
    count(run, Kind.MEDIATOR, "left", len(gone))
    if gone and not run.dry_run:
        db.session.execute(update(MEDIATORS).where(MEDIATORS.c.id.in_(gone)).values(active=False))
        mediators_changed(run.tenant_id, gone, work.now)
    return rows[-1][0] if rows else None

"""Which profiles of an import cannot be taken over."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import RowMapping, select

from portal.core.database import db
from portal.domain.import_kinds import Kind
from portal.domain.imports import ImportRun
from portal.imports.codes import Fault
from portal.imports.rejections import Rejectable, keep_profiles, reject
from portal.imports.windows import (
    PARTICIPANTS,
    PROFILES,
    profile_lines,
    profile_owners,
    staged_numbers,
    stored_ids,
)


def check_profiles(run: ImportRun, batch: int) -> Iterator[None]:
    after = ""
    while owners := profile_owners(run, after, batch):
        lines = profile_lines(run, owners)
        known = stored_ids(PARTICIPANTS, run.tenant_id, owners)
        staged = staged_numbers(run, Kind.PARTICIPANT, owners)
        has_profile = _with_profile(known.values())
        bad: dict[Fault, Rejectable] = {}
        for owner in owners:
            fault = _profile_fault(owner, lines[owner], known, staged, has_profile)
            if fault is Fault.PARTICIPANT_UNKNOWN:
                keep_profiles(run, lines[owner][0]["line"])
            if fault:
                bad.setdefault(fault, []).extend(
                    (line["id"], line["line"]) for line in lines[owner] if line["good"]
                )
        for fault, rows in bad.items():
            reject(run, Kind.PROFILE, rows, None if fault is Fault.PROFILE_INCOMPLETE else "tn_id", fault)
        after = owners[-1]
        yield


def _profile_fault(
    owner: str,
    lines: Sequence[RowMapping],
    known: dict[str, int],
    staged: dict[str, bool],
    has_profile: set[int],
) -> Fault | None:
    """Return why the good lines of a participant's profile are not taken over.

    Lines replace the whole profile, so that a rejected one among them would delete what it stood for: then the
    previous profile is kept. A participant who has none loses nothing, and gets the good lines.
    """
    if staged.get(owner) is False:
        return Fault.PARTICIPANT_REJECTED
    if owner not in staged and owner not in known:
        return Fault.PARTICIPANT_UNKNOWN
    if known.get(owner) in has_profile and not all(line["good"] for line in lines):
        return Fault.PROFILE_INCOMPLETE
    return None


def _with_profile(ids: Collection[int]) -> set[int]:
    query = select(PROFILES.c.participant_id).where(PROFILES.c.participant_id.in_(list(ids)))
    return set(db.session.scalars(query))

"""People by the thousand, of every kind, for tests of lists and of stored states."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from sqlalchemy import insert, select

from portal.core.database import commit, db, scope_to
from portal.domain.participants import Mediator, Order, Participant, ParticipantWord
from portal.domain.releases import MediatorRegistration, Registration, Release
from portal.domain.rules.normalise import person_words, sort_key
from portal.domain.rules.phase import Deadlines
from portal.domain.rules.status import Status
from portal.releases.states import refresh_tenant

MOMENT = dt.timedelta(microseconds=1)
DAY = dt.timedelta(days=1)
NAMES = ("Müller", "Mueller", "Zöllner", "Straßer", "Ángel", "Özil", "Abel", "Muster")
ARCHIVE_REASONS = (None, "withdrawn", "mediator-unknown", "consent-missing", "new-word", "")
"""Words of the contract, none, and what no contract knows."""
FIRST_NAMES = ("Erika", "Jörg", "Zoë", "Ayşe")


class Crowd:
    """Makes people whose every property is drawn from what it may be; the same ones for the same seed."""

    def __init__(self, tenant_id: int, connection_id: int, now: dt.datetime, deadlines: Deadlines) -> None:
        self.tenant_id, self.connection_id = tenant_id, connection_id
        self.now, self.deadlines = now, deadlines
        self.random, self.more = random.Random(7), random.Random(11)
        scope_to(tenant_id)
        self.orders = [self._add(Order, number=str(n), title="M", has_responsible=n > 0) for n in (0, 1, 2)]
        self.mediators = [
            self._add(
                Mediator,
                number=str(n),
                initials=str(n),
                last_name="V",
                first_name="M",
                active=n > 0,
                sort_key="v",
            )
            for n in (0, 1, 2)
        ]
        for mediator_id, known, sequence in zip(self.mediators, (False, True), (2, 1), strict=False):
            self._add(
                MediatorRegistration,
                connection_id=connection_id,
                mediator_id=mediator_id,
                known=known,
                answered_sequence=sequence,
                answered_at=now,
            )

    def _add(self, model: Any, **values: Any) -> int:
        row = model(tenant_id=self.tenant_id, **values)
        db.session.add(row)
        db.session.flush()
        return int(row.id)

    def pick(self, *values: Any) -> Any:
        """The first, the ordinary one, more often than all others together."""
        return values[0] if self.random.random() < 0.7 else self.random.choice(values)

    def come(self, number: int) -> None:
        """Add so many people, most of them with a registration; commits."""
        people = [self._person(n) for n in range(number)]
        db.session.execute(insert(Participant), people)
        rows = db.session.scalars(select(Participant).order_by(Participant.id)).all()
        words = [
            {"tenant_id": self.tenant_id, "participant_id": row.id, "word": word}
            for row in rows
            for word in person_words(row.last_name, row.first_name, row.number)
        ]
        db.session.execute(insert(ParticipantWord), words)
        present = [row.id for row in rows if self.random.random() < 0.85]
        released = [row for row in present if self.random.random() < 0.7]
        if released:
            db.session.execute(insert(Release), [self._release(row) for row in released])
        rows_of_releases = db.session.execute(select(Release.participant_id, Release.id))
        releases = {row.participant_id: row.id for row in rows_of_releases}
        db.session.execute(
            insert(Registration), [self._registration(row, releases.get(row)) for row in present]
        )
        refresh_tenant(self.tenant_id, self.now)
        commit()

    def _person(self, number: int) -> dict[str, Any]:
        today, pick = self.now.date(), self.pick
        first, last = pick(self.random.choice(FIRST_NAMES), ""), pick(self.random.choice(NAMES), "")
        email, readable = pick("e@example.org", "", None), number % 9 != 0
        return {
            "tenant_id": self.tenant_id,
            "number": f"TN-{number:05}",
            "first_name": first,
            "last_name": last,
            "sort_key": sort_key(last, first, f"TN-{number:05}"),
            "email": email if readable else "keine",
            "email_readable": readable,
            "caseworker": pick("SB", "", None),
            "order_id": pick(self.orders[1], *self.orders, None),
            "left_order_on": pick(None, today),
            "consent_on": pick(today - 2 * DAY, today, today + DAY, None),
            "consent_until": pick(None, today - DAY, today, today + DAY),
            "consent_withdrawn_on": pick(None, today - DAY, today, today + DAY),
            "left_at": pick(None, None, None, self.now),
            "doubted_identity": "d" * 64 if number % 23 == 5 else None,
            "doubted_since": self.now - number % 7 * DAY if number % 23 == 5 else None,
        }

    def _release(self, participant_id: int) -> dict[str, Any]:
        return {
            "tenant_id": self.tenant_id,
            "connection_id": self.connection_id,
            "participant_id": participant_id,
            "released_at": self.more.choice((self.now, self.now - DAY, self.now - 9 * DAY)),
            "ended_at": self.more.choice((None, None, self.now - 8 * DAY)),
            "released_by": "SB",
        }

    def _registration(self, participant_id: int, release_id: int | None) -> dict[str, Any]:
        pick, deadlines, choice = self.pick, self.deadlines, self.more.choice
        applied, rejected = pick((1, 0), (2, 1), (1, 2), (2, 2), (0, 0))
        announced_revision, refused = pick((2, None), (1, None), (2, 1), (2, 2))
        overdue, late = deadlines.overdue_before, deadlines.clarification_before
        reason = choice((*ARCHIVE_REASONS, "mediator-unknown", "mediator-unknown"))
        more = {"archived": True, "archive_reason": reason} if choice((False, False, True)) else {}
        return {
            "tenant_id": self.tenant_id,
            "connection_id": self.connection_id,
            "participant_id": participant_id,
            "release_id": release_id,
            "mediator_id": pick(self.mediators[1], *self.mediators, None),
            "released": release_id is not None and pick(True, False),
            "status": self.random.choice(list(Status)),
            "applicant_id": pick(f"B-{participant_id}", None),
            "applied_sequence": applied,
            "rejected_sequence": rejected,
            "archived": pick(False, True),
            "archive_reason": pick(*ARCHIVE_REASONS),
            "clarification": pick(None, None, None, "answer-missing"),
            "revision": 2,
            "announced_revision": announced_revision,
            "refused_revision": refused,
            "announced": pick(True, False),
            "announced_sequence": choice((1, 1, 2)),
            "announced_at": choice((self.now - 2 * DAY, self.now, None)),
            "announced_mediator_id": choice((self.mediators[1], self.mediators[1], *self.mediators, None)),
            "stuck_since": choice((None, None, self.now - DAY, self.now - 5 * DAY)),
            "waiting_since": pick(None, self.now, overdue, overdue - MOMENT, late, late - MOMENT),
        } | more

"""End a clarification. Never commits."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import update
from sqlalchemy.engine import CursorResult

from portal.core.database import db
from portal.domain.actors import Actor
from portal.domain.releases import Event, Registration
from portal.releases.errors import ClarificationUnsaid, NotInClarification
from portal.releases.registrations import find_registration, get_participant, write_protocol
from portal.releases.rows import stuck_since
from portal.tenants.queries import find_connection

SHORTEST_FINDING, LONGEST_FINDING = 5, 300
"""Letters of the sentence that ends a clarification."""


def clarify(participant_id: int, found: str, actor: Actor, now: dt.datetime) -> Registration:
    """End a clarification with a sentence on what was found. The status stays: the network alone changes it.

    An answer that never came is not awaited any longer. Raises NotFound; Refusal `not-in-clarification`,
    `clarification-unsaid`.
    """
    person = get_participant(participant_id)
    connection = find_connection(person.tenant_id)
    registration = find_registration(connection, person.id) if connection else None
    if registration is None or registration.clarification is None:
        raise NotInClarification
    if len(found) < SHORTEST_FINDING:
        raise ClarificationUnsaid
    what = registration.clarification
    ended = db.session.execute(
        update(Registration)
        .where(Registration.id == registration.id, Registration.clarification == what)
        .values(clarification=None, **({"waiting_since": None} if what == "answer-missing" else {}))
        .execution_options(synchronize_session=False)
    )
    assert isinstance(ended, CursorResult)
    if not ended.rowcount:
        raise NotInClarification
    db.session.refresh(registration)
    registration.stuck_since = stuck_since(registration, now)
    write_protocol(registration, Event.CLARIFIED, actor, now, what=what, found=found[:LONGEST_FINDING])
    return registration

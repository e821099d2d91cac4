"""In clarification there is a way on: the next answer, or a person who looked into it and says what was found."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.core.database import commit, db, rollback, utcnow
from portal.core.refusal import Refusal
from portal.domain.releases import Event, ProtocolEntry
from portal.domain.rules.phase import Phase
from portal.domain.rules.status import Status
from portal.releases.clarification import clarify
from tests.support.bridge import CASEWORKER, Bridge

FOUND = "Im Jobportal nachgesehen: dort steht sie richtig."


def test_a_person_ends_what_an_answer_that_never_came_began(bridge: Bridge) -> None:
    """The delivery is complete, so that nothing is awaited any more; the status stays what was proven."""
    bridge.person("1")
    bridge.release("1")
    bridge.sandbox.misbehave("answers-complete-early", provider_id=bridge.provider, participants=["1"])
    bridge.deliver()
    bridge.hasten()
    assert bridge.phase("1") is Phase.CLARIFICATION
    for found, refused in (("", "clarification-unsaid"), ("ok", "clarification-unsaid")):
        with pytest.raises(Refusal, match=refused):
            clarify(bridge.id("1"), found, CASEWORKER, utcnow())
        rollback()
    clarify(bridge.id("1"), FOUND, CASEWORKER, utcnow())
    commit()
    assert (bridge.status("1"), bridge.phase("1")) == (Status.OFFLINE, Phase.SCHEDULED), (
        "it is sent anew, and asked about anew"
    )
    assert bridge.registration("1").waiting_since is None
    newest = db.session.scalars(select(ProtocolEntry).order_by(ProtocolEntry.id.desc()).limit(1)).one()
    assert (newest.event, newest.by) == (Event.CLARIFIED, "SB")
    assert newest.data == {"what": "answer-missing", "found": FOUND}
    with pytest.raises(Refusal, match="not-in-clarification"):
        clarify(bridge.id("1"), FOUND, CASEWORKER, utcnow())
    rollback()

"""A word of the network that this version does not know is never taken for a good one."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from pydantic import ValidationError

from portal.core.database import commit, db, scope_to, utcnow
from portal.domain.releases import MediatorRegistration, Registration
from portal.domain.rules.phase import Phase
from portal.domain.rules.status import Archiving, Outcome, Reason, Status, archiving, read_reason
from portal.networks.protocol.contract import Account, AcknowledgementPage, RemoteDelivery
from portal.networks.registry import Network
from portal.networks.spec import ConsentProof, Requirement
from portal.releases.page import refusal_help, refused_because
from portal.releases.queries import Explanation, explain
from portal.tenants.context import load_tenant_context
from tests.support.database import Cast
from tests.support.factories import connection_token, make_mediator, make_person

UNKNOWN = ("duplicate", "MEDIATOR-UNKNOWN", "mediator_unknown", " active", "")
GOOD = {
    RemoteDelivery: {"delivery_id": "a", "sequence": 1, "mode": "full", "state": "open", "parts": []},
    AcknowledgementPage: {"delivery_id": "a", "sequence": 1, "state": "complete", "items": [], "next": "c"},
    Account: {
        "provider_id": "p",
        "name": "P",
        "network": "job4you",
        "licensed_until": None,
        "last_sequence": 0,
        "encodings": [],
        "max_part_bytes": 1,
    },
}


def person(cast: Cast, **state: Any) -> Explanation:
    """A released person without any finding, told and answered; the mediator's answer as `known` says."""
    scope_to(cast.alpha)
    connection = connection_token(cast.alpha)
    mediator = make_mediator(cast.alpha, "V-1", "Vogel", "Vera")
    number = make_person(cast.alpha, "1001", "Adam", "Eva", consent=True)
    known = state.pop("known", None)
    if known is not None:
        db.session.add(
            MediatorRegistration(
                tenant_id=cast.alpha,
                connection_id=connection.id,
                mediator_id=mediator,
                known=known,
                answered_sequence=1,
                answered_at=utcnow(),
            )
        )
    values: dict[str, Any] = {
        "released": True,
        "announced": True,
        "announced_sequence": 1,
        "applied_sequence": 1,
        "announced_mediator_id": mediator,
        "mediator_id": mediator,
    }
    db.session.add(
        Registration(
            tenant_id=cast.alpha, connection_id=connection.id, participant_id=number, **(values | state)
        )
    )
    commit()
    return explain(load_tenant_context(cast.alpha, utcnow()), number)


@pytest.mark.parametrize("word", [*(reason.value for reason in Reason), *UNKNOWN, None])
def test_no_reason_for_archiving_a_released_person_is_fine(
    sqlite_app: Flask, cast: Cast, word: str | None
) -> None:
    """Answered to a delivery that names the person, `archived` always needs somebody."""
    found = person(cast, archived=True, archive_reason=word, status=Status.OFFLINE_ARCHIVED)
    expected = Phase.MEDIATOR_UNKNOWN if word == "mediator-unknown" else Phase.REJECTED
    assert (found.phase, found.needs_action) == (expected, True)
    assert refused_because(found) is not None
    assert refusal_help(found)
    assert "nichts zu tun" not in str(refusal_help(found))


@pytest.mark.parametrize("word", [*(reason.value for reason in Reason), *UNKNOWN, None])
def test_no_reason_for_a_rejection_is_fine(sqlite_app: Flask, cast: Cast, word: str | None) -> None:
    found = person(cast, rejected_sequence=2, rejection_reason=word, status=Status.ONLINE)
    assert (found.phase, found.needs_action) == (Phase.REJECTED, True)
    assert found.rejection is not None


@pytest.mark.parametrize(
    ("known", "expected"),
    [(False, Phase.MEDIATOR_UNKNOWN), (None, Phase.MEDIATOR_UNKNOWN), (True, Phase.MEDIATOR_UNKNOWN)],
)
def test_what_the_same_delivery_says_of_the_mediator_excuses_nothing(
    sqlite_app: Flask, cast: Cast, known: bool | None, expected: Phase
) -> None:
    """Unknown, never answered, or answered "known" beside an archiving for want of them: it stays to be looked at."""
    found = person(cast, archived=True, archive_reason="mediator-unknown", known=known)
    assert found.phase is expected


@pytest.mark.parametrize("status", Status)
def test_only_a_confirmation_is_current(sqlite_app: Flask, cast: Cast, status: Status) -> None:
    found = person(cast, status=status)
    assert (found.phase is Phase.CURRENT) is (status is Status.ONLINE)


@pytest.mark.parametrize("named", [True, False])
def test_every_reason_has_a_meaning(named: bool) -> None:
    assert archiving(None, named=named) is Archiving.UNEXPECTED
    for word in UNKNOWN:
        assert archiving(read_reason(word), named=named) is Archiving.UNEXPECTED
    as_told = {reason for reason in Reason if archiving(reason, named=named) is Archiving.AS_TOLD}
    assert as_told == (set() if named else {Reason.WITHDRAWN})


@pytest.mark.parametrize(("shape", "field"), [(RemoteDelivery, "state"), (RemoteDelivery, "mode")])
@pytest.mark.parametrize("word", UNKNOWN)
def test_a_delivery_in_an_unknown_state_or_mode_is_no_answer(shape: Any, field: str, word: str) -> None:
    shape.model_validate(GOOD[shape])
    with pytest.raises(ValidationError):
        shape.model_validate(GOOD[shape] | {field: word})


@pytest.mark.parametrize(("shape", "field"), [(AcknowledgementPage, "state"), (Account, "network")])
@pytest.mark.parametrize("word", UNKNOWN)
def test_an_unknown_state_of_answers_or_network_is_no_answer(shape: Any, field: str, word: str) -> None:
    shape.model_validate(GOOD[shape])
    with pytest.raises(ValidationError):
        shape.model_validate(GOOD[shape] | {field: word})


@pytest.mark.parametrize("network", Network)
def test_every_network_says_what_it_wants(network: Network) -> None:
    is_job4you = network is Network.JOB4YOU
    assert network.spec.sends_profile is is_job4you
    assert (network.spec.consent is ConsentProof.RECORDED) is is_job4you
    assert network.spec.requires == (frozenset(Requirement) if is_job4you else frozenset())


def test_an_outcome_is_one_of_three() -> None:
    assert {outcome.value for outcome in Outcome} == {"active", "archived", "rejected"}
    for word in UNKNOWN:
        with pytest.raises(ValueError, match="not a valid"):
            Outcome(word)

"""The control door: JSON for demo data and tests, from this machine only. Described in docs/sandbox.md."""

import json
import sqlite3
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, request

from sandbox import (
    answers,
    applicants,
    deliveries,
    forced,
    incoming,
    journal,
    mediators,
    misbehaviour,
    providers,
)
from sandbox.clock import now_at
from sandbox.control_orders import (
    DelayOrder,
    MediatorOrder,
    NewProvider,
    NewRule,
    OutcomeOrder,
    ProviderChanges,
)
from sandbox.local import refuse_foreign_browsers, refuse_unauthorised
from sandbox.problems import invalid_request, not_found
from sandbox.providers import Provider
from sandbox.services import services
from sandbox.settings import set_answer_delay

control = Blueprint("control", __name__, url_prefix="/control")
control.before_request(refuse_unauthorised)
control.before_request(refuse_foreign_browsers)


@control.get("/providers")
def list_providers() -> Response:
    """Give all providers."""
    with services().database.read() as db:
        return _json([_provider_json(db, provider) for provider in providers.list_providers(db)])


@control.post("/providers")
def create_provider() -> Response:
    """Create a provider; the answer is the only place where its token is shown."""
    order = incoming.body(NewProvider)
    values = order.model_dump(exclude={"token"}) | {"name": order.name or order.provider_id}
    values["encodings"] = tuple(order.encodings)
    try:
        with services().database.write() as db:
            token = providers.create_provider(db, Provider(**values), order.token)
            provider = _get_provider(db, order.provider_id)
            return _json(_provider_json(db, provider) | {"token": token}, 201)
    except providers.ProviderExists:
        raise invalid_request("Diesen Träger oder dieses Token gibt es schon.", 409) from None


@control.patch("/providers/<provider_id>")
def change_provider(provider_id: str) -> Response:
    """Change a provider: licence, limits, default for mediators, token, delay."""
    changes = incoming.body(ProviderChanges).model_dump(exclude_unset=True)
    services().processor.catch_up(provider_id, now_at())
    try:
        with services().database.write() as db:
            _get_provider(db, provider_id)
            providers.update_provider(db, provider_id, changes)
            return _json(_provider_json(db, _get_provider(db, provider_id)))
    except providers.ProviderExists:
        raise invalid_request("Dieses Token gibt es schon.", 409) from None


@control.get("/providers/<provider_id>/mediators")
def list_mediators(provider_id: str) -> Response:
    """Give the mediators named or created so far."""
    with services().database.read() as db:
        return _json([asdict(m) for m in mediators.list_mediators(db, _get_provider(db, provider_id))])


@control.put("/providers/<provider_id>/mediators/<path:mediator_id>")
def set_mediator(provider_id: str, mediator_id: str) -> Response:
    """Make a mediator known or unknown; counts from the next delivery on."""
    order = incoming.body(MediatorOrder)
    services().processor.catch_up(provider_id, now_at())
    with services().database.write() as db:
        _get_provider(db, provider_id)
        mediators.set_known(db, provider_id, mediator_id, order.known)
    return Response(status=204)


@control.get("/providers/<provider_id>/applicants")
def list_applicants(provider_id: str) -> Response:
    """Give exactly what the network holds: each participant's state, newest record and delivery."""
    services().processor.catch_up(provider_id, now_at())
    with services().database.read() as db:
        _get_provider(db, provider_id)
        found = applicants.list_applicants(db, provider_id)
    return _json([asdict(a) | {"record": json.loads(a.record)} for a in found])


@control.get("/providers/<provider_id>/deliveries")
def list_all_deliveries(provider_id: str) -> Response:
    """Give all deliveries, open and abandoned ones included, in the order in which they were opened."""
    services().processor.catch_up(provider_id, now_at())
    with services().database.read() as db:
        _get_provider(db, provider_id)
        return _json([_delivery_json(db, row) for row in deliveries.list_everything(db, provider_id)])


@control.get("/providers/<provider_id>/deliveries/<delivery_id>/records")
def list_records(provider_id: str, delivery_id: str) -> Response:
    """Give the records of a delivery as they arrived."""
    with services().database.read() as db:
        deliveries.get_delivery(db, provider_id, delivery_id)
        return _json([json.loads(text) for text in deliveries.list_records(db, delivery_id)])


@control.get("/providers/<provider_id>/deliveries/<delivery_id>/answers")
def list_answers(provider_id: str, delivery_id: str) -> Response:
    """Give all answers to a delivery, with those held and lost."""
    services().processor.catch_up(provider_id, now_at())
    with services().database.read() as db:
        deliveries.get_delivery(db, provider_id, delivery_id)
        found = answers.list_answers(db, delivery_id)
    return _json([answer.as_json() | {"fate": answer.fate} for answer in found])


@control.get("/providers/<provider_id>/outcomes")
def list_outcomes(provider_id: str) -> Response:
    """Give what is forced upon participants."""
    with services().database.read() as db:
        return _json([dict(row) for row in forced.list_forced(db, provider_id)])


@control.put("/providers/<provider_id>/outcomes/<path:participant_id>")
def force_outcome(provider_id: str, participant_id: str) -> Response:
    """Force what becomes of a participant."""
    order = incoming.body(OutcomeOrder)
    services().processor.catch_up(provider_id, now_at())
    with services().database.write() as db:
        _get_provider(db, provider_id)
        forced.force_outcome(
            db, provider_id, participant_id, order.outcome, reason=order.reason, detail=order.detail
        )
    return Response(status=204)


@control.delete("/providers/<provider_id>/outcomes/<path:participant_id>")
def end_forced_outcome(provider_id: str, participant_id: str) -> Response:
    """Let the network decide for itself again."""
    services().processor.catch_up(provider_id, now_at())
    with services().database.write() as db:
        forced.force_outcome(db, provider_id, participant_id, None)
    return Response(status=204)


@control.put("/answer-delay")
def change_answer_delay() -> Response:
    """Set how long answers take, for deliveries not answered yet and all later ones."""
    order = incoming.body(DelayOrder)
    services().processor.catch_up_all(now_at())
    with services().database.write() as db:
        set_answer_delay(db, order.seconds)
    return Response(status=204)


@control.get("/misbehaviours")
def list_rules() -> Response:
    """Give all rules with how often they worked."""
    with services().database.read() as db:
        rules = misbehaviour.list_rules(db)
    return _json(
        [asdict(rule) | {"parameters": rule.parameters.model_dump(exclude_unset=True)} for rule in rules]
    )


@control.post("/misbehaviours")
def add_rule() -> Response:
    """Add a rule."""
    order = incoming.body(NewRule)
    services().processor.catch_up_all(now_at())
    with services().database.write() as db:
        rule_id = misbehaviour.add_rule(
            db,
            order.kind,
            operation=order.operation,
            provider_id=order.provider_id,
            count=order.count,
            parameters=order.parameters.model_dump(exclude_unset=True),
        )
    return _json({"rule_id": rule_id}, 201)


@control.delete("/misbehaviours")
def remove_all_rules() -> Response:
    """End all misbehaviour."""
    return _remove_rules(None)


@control.delete("/misbehaviours/<int:rule_id>")
def remove_rule(rule_id: int) -> Response:
    """End one rule; answers that it held back are given now."""
    return _remove_rules(rule_id)


def _remove_rules(rule_id: int | None) -> Response:
    services().processor.catch_up_all(now_at())
    with services().database.write() as db:
        removed = misbehaviour.remove_rules(db, rule_id)
    if rule_id is not None and not removed:
        raise not_found("Diese Regel gibt es nicht.")
    return Response(status=204)


@control.get("/requests")
def list_requests() -> Response:
    """Give the requests seen on the contract's paths, oldest first."""
    after = incoming.query_number("after", default=0, least=0)
    with services().database.read() as db:
        rows = journal.list_requests(db, provider_id=request.args.get("provider_id"), after=after)
    return _json([dict(row) for row in rows])


@control.delete("/requests")
def forget_requests() -> Response:
    """Forget the requests seen."""
    with services().database.write() as db:
        journal.forget_requests(db)
    return Response(status=204)


def _get_provider(db: sqlite3.Connection, provider_id: str) -> Provider:
    provider = providers.find_provider(db, provider_id)
    if provider is None:
        raise not_found("Diesen Träger gibt es nicht.")
    return provider


def _provider_json(db: sqlite3.Connection, provider: Provider) -> dict[str, Any]:
    return asdict(provider) | {"last_sequence": deliveries.last_sequence(db, provider.provider_id)}


def _delivery_json(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    complete = row["state"] == "committed" and answers.is_complete(db, row["delivery_id"])
    return dict(row) | {
        "state": "complete" if complete else row["state"],
        "parts": deliveries.part_numbers(db, row["delivery_id"]),
        "counts": deliveries.count_records(db, row["delivery_id"]),
    }


def _json(content: object, status: int = 200) -> Response:
    return Response(json.dumps(content, ensure_ascii=False), status, content_type="application/json")

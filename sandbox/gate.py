"""What stands before every call of the contract: who it is, the journal, and misbehaviour."""

import sqlite3
import time

from flask import Blueprint, Response, g, request

from sandbox import journal, misbehaviour
from sandbox.clock import now_at
from sandbox.deliveries import forget_commit, last_sequence
from sandbox.misbehaviour import Kind, Rule, Stage
from sandbox.problems import Problem
from sandbox.providers import Provider, find_by_token
from sandbox.services import services
from sandbox.spoiling import act_before, spoil
from sandbox.words import ProblemType


def guard(blueprint: Blueprint) -> None:
    """Put the gate before all calls of a blueprint."""
    blueprint.before_request(_come_in)
    blueprint.after_request(_go_out)


def current_provider() -> Provider:
    """Give the provider behind the request's token."""
    provider: Provider = g.provider
    return provider


def note_sequence(sequence: int) -> None:
    """Tell the journal which delivery the request is about, where the address does not say it."""
    g.sequence = sequence


def _come_in() -> Response | None:
    g.started = time.monotonic()
    g.handled = False
    g.dropped = False
    with services().database.write() as db:
        g.provider = _find_provider(db)
        g.sequence = _find_sequence(db)
        g.request_id = journal.note_request(
            db,
            at=now_at(),
            method=request.method,
            path=request.path[:500],
            operation=_operation(),
            provider_id=g.provider.provider_id if g.provider else None,
            sequence=g.sequence,
        )
    refusal = _misbehave_before()
    if refusal is not None:
        return refusal
    g.handled = True
    if g.provider is None:
        raise Problem(401, ProblemType.UNAUTHORISED, "Das Token fehlt oder gilt nicht.")
    return None


def _misbehave_before() -> Response | None:
    for rule in _rules(Stage.BEFORE):
        with services().database.write() as db:
            if not misbehaviour.claim(db, rule):
                continue
            last = last_sequence(db, g.provider.provider_id) if g.provider else 0
        g.dropped = rule.kind is Kind.DROP_BEFORE
        response = act_before(rule, last)
        if response is not None:
            return response
    return None


def _go_out(response: Response) -> Response:
    if g.get("handled"):
        for rule in _rules(Stage.AFTER):
            with services().database.write() as db:
                claimed = misbehaviour.claim(db, rule)
                if claimed and rule.kind is Kind.COMMIT_FORGOTTEN:
                    forget_commit(db, (request.view_args or {})["delivery_id"], rule.parameters.entirely)
            if claimed:
                g.dropped = rule.kind is Kind.DROP_AFTER
                response = spoil(rule, response)
                break
    if "request_id" in g:
        with services().database.write() as db:
            journal.note_answer(
                db,
                g.request_id,
                status=None if g.dropped else response.status_code,
                sequence=g.sequence,
                duration_ms=round((time.monotonic() - g.started) * 1000),
            )
    return response


def _rules(stage: Stage) -> list[Rule]:
    provider_id = g.provider.provider_id if g.provider else None
    with services().database.read() as db:
        rules = misbehaviour.find_rules(db, _operation(), provider_id, g.sequence)
    return [rule for rule in rules if rule.kind.stage is stage]


def _operation() -> str:
    return (request.endpoint or "").rpartition(".")[2]


def _find_provider(db: sqlite3.Connection) -> Provider | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return find_by_token(db, token.strip()) if scheme.lower() == "bearer" and token.strip() else None


def _find_sequence(db: sqlite3.Connection) -> int | None:
    delivery_id = (request.view_args or {}).get("delivery_id")
    if delivery_id is None or g.provider is None:
        return None
    row = db.execute(
        "SELECT sequence FROM delivery WHERE delivery_id = ? AND provider_id = ?",
        (delivery_id, g.provider.provider_id),
    ).fetchone()
    return row["sequence"] if row else None

"""The HTTP door for Qualli.life (docs/domain.md#import): lines in, an answer for each line back."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Blueprint, Response, jsonify, request, url_for
from flask_babel import get_locale
from werkzeug.exceptions import NotAcceptable

from portal.api.access import by_token, current_token, token_key
from portal.api.bodies import check_type, chunks, idempotency_key
from portal.api.errors import ExportTimeUnreadable, ModeUnknown
from portal.api.openapi import document
from portal.audit.recording import Intent, intend
from portal.core.database import commit, db, rollback, scope_to, utcnow
from portal.core.log import describe_error
from portal.core.queue import enqueue_after_commit
from portal.domain.actors import QUALLI
from portal.domain.audit import AuditEvent
from portal.domain.import_kinds import Kind
from portal.domain.imports import ENDED, ImportMode, ImportRun
from portal.domain.tenants import Tenant
from portal.imports.columns import EXPORTED_AT
from portal.imports.errors import ImportRunning
from portal.imports.export_times import Moment, read_moment
from portal.imports.report_texts import notice_text, reason_for, said
from portal.imports.reports import report
from portal.imports.requests import Body, find_repeated, get_request_import, keep_body, start_from
from portal.imports.running import ImportInterrupted, run_import
from portal.imports.service import refuse_beside_another
from portal.webkit.access import public
from portal.webkit.problem_responses import UserError
from portal.webkit.scope import current_tenant_id
from portal.webkit.security import csrf, limiter

api = Blueprint("api", __name__, url_prefix="/api/v1")
csrf.exempt(api)  # CSRF does not apply: the API reads no cookie
AT_ONCE = 1000
"""Lines that are taken over while the sender waits."""
REJECTIONS = 10_000
"""Rejected lines in one report; the page has all."""
_PER_TOKEN = "120 per minute"  # noqa: S105 - a limit
_PER_ADDRESS = "1200 per minute"
"""Higher, since one server of Qualli.life may send for many tenants; wrong tokens count here, too."""
log = structlog.get_logger()


def _door(view: Any) -> Any:
    """Limits and access of every address behind the door."""
    view = limiter.limit(_PER_TOKEN, key_func=token_key)(by_token(view))
    return limiter.limit(_PER_ADDRESS)(view)


@api.put("/mediators")
@_door
def put_mediators() -> Response:
    """Take mediators over."""
    return _put(Kind.MEDIATOR)


@api.put("/orders")
@_door
def put_orders() -> Response:
    """Take orders over."""
    return _put(Kind.ORDER)


@api.put("/participants")
@_door
def put_participants() -> Response:
    """Take participants over, with their profiles."""
    return _put(Kind.PARTICIPANT)


@api.get("/imports/<row:import_id>")
@_door
def show_import(import_id: int) -> Response:
    """How far an import is, or what became of it."""
    _check_accept()
    return _answer(get_request_import(import_id))


@api.get("/openapi.json")
@limiter.limit(_PER_ADDRESS)
@public
def describe() -> Response:
    """What all this looks like, for programs."""
    return jsonify(document())


def _put(kind: Kind) -> Response:
    _check_accept()
    check_type()
    mode, key, tenant_id = _mode(), idempotency_key(), current_tenant_id()
    exported_at = _export_time()
    if key is None or find_repeated(tenant_id, key) is None:
        refuse_beside_another(tenant_id)  # before anything is sent in vain
    rollback()  # receiving may take long, and must not hold a transaction open
    body = keep_body(chunks(), kind, mode)
    run, new = _start(body, key, exported_at)
    if new and body.lines <= AT_ONCE:
        _run_here(run.id)
    scope_to(tenant_id)
    return _answer(get_request_import(run.id))


def _start(body: Body, key: str | None, exported_at: Moment | None) -> tuple[ImportRun, bool]:
    tenant, token = db.session.get_one(Tenant, current_tenant_id()), current_token()
    run, new = start_from(body, tenant, token, key, utcnow(), exported_at)
    if not new:
        rollback()
        return run, False
    intend(
        Intent(
            AuditEvent.IMPORT_SENT,
            QUALLI.initials,
            tenant_id=tenant.id,
            address=request.remote_addr,
            subject="import",
            subject_id=run.id,
            data={"token": token.id},
        )
    )
    if body.lines > AT_ONCE:
        enqueue_after_commit(ImportRun, run.id)
    commit()
    return run, True


def _run_here(import_id: int) -> None:
    """Take it over now. Where that breaks off, a worker goes on: it is taken in, and nothing of it is lost."""
    try:
        run_import(import_id)
    except ImportInterrupted as error:
        log.warning("import_interrupted", import_run=import_id, **describe_error(error))


def _answer(run: ImportRun) -> Response:
    """Return the report: 200 once the import has ended, 202 while it runs or waits for a decision."""
    response = jsonify(_report(run))
    response.headers["Content-Language"] = _language()
    response.vary.add("Accept-Language")
    if run.state not in ENDED:
        response.status_code = 202
        response.headers["Retry-After"] = str(ImportRunning.retry_seconds)
    response.headers["Location"] = url_for(".show_import", import_id=run.id)
    return response


def _report(run: ImportRun) -> dict[str, Any]:
    found = report(run, REJECTIONS)
    values: dict[str, Any] = {
        "import_id": found.import_id,
        "state": found.state.value,
        "read": found.read,
        "applied": found.applied,
        "unchanged": found.unchanged,
        "rejected": [
            {"line": item.line, "column": item.column, "code": item.code, "message": said(item.code)}
            for item in found.rejected
        ],
    }
    if found.identical:
        values["identical"] = found.identical
    if found.more:
        values["more"] = True
    if found.notices:
        values["notices"] = [{**notice, "message": notice_text(notice)} for notice in found.notices]
    if found.problem is not None:
        values["message"] = reason_for(found)
    return values


def _mode() -> ImportMode:
    given = request.args.getlist("mode") or [ImportMode.DELTA.value]
    if len(given) > 1 or given[0] not in list(ImportMode):
        raise UserError(ModeUnknown)
    return ImportMode(given[0])


def _export_time() -> Moment | None:
    """When the lines were exported, where the request says so."""
    given = request.args.getlist(EXPORTED_AT.name)
    found = None
    if len(given) == 1:  # a plus sign that is not encoded comes as a space
        found = read_moment(given[0]) or read_moment(given[0].replace(" ", "+"))
    if given and found is None:
        raise UserError(ExportTimeUnreadable)
    return found


def _check_accept() -> None:
    accepted = request.accept_mimetypes
    if accepted and not accepted["application/json"]:
        raise NotAcceptable


def _language() -> str:
    return str(get_locale() or "de")

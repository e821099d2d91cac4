"""Data protection: reports about a person, their erasure on request, what retention does, the record of processing."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

from flask import Blueprint, Response, render_template, request, send_file
from flask_babel import gettext as _

from portal.audit.acts import audited
from portal.audit.recording import describe
from portal.core.database import db, utcnow
from portal.core.refusal import Refusal
from portal.domain.audit import AuditEvent
from portal.domain.participants import Participant
from portal.domain.permissions import Permission
from portal.domain.rules.retention import FORESEEN_DAYS, ErasureBlocker
from portal.domain.tenants import Tenant
from portal.privacy import processing, queries, service
from portal.privacy.document import document
from portal.privacy.labels import ERASURE_BLOCKERS
from portal.privacy.pdf import write_pdf
from portal.privacy.report import collect
from portal.releases import withdrawals
from portal.releases.registrations import get_participant
from portal.tenants.queries import find_connection
from portal.webkit.access import requires
from portal.webkit.durations import span
from portal.webkit.fragments import done
from portal.webkit.json_values import plain
from portal.webkit.languages import find_language
from portal.webkit.messages import message
from portal.webkit.parameters import read_row
from portal.webkit.scope import current_tenant_id

privacy = Blueprint("privacy", __name__)
_PAGE = 50
_MENDED_BY_TRANSFER = frozenset({ErasureBlocker.RELEASED, ErasureBlocker.ANNOUNCED})


@privacy.get("/participants/<row:participant_id>/report.json")
@requires(Permission.DISCLOSE)
@audited(AuditEvent.DISCLOSED)
def report_json(participant_id: int) -> Response:
    """Everything about them, for machines (Art. 20 GDPR)."""
    values = collect(participant_id, utcnow())
    content = json.dumps(values, ensure_ascii=False, indent=2, default=plain).encode()
    return _file(content, "application/json", participant_id, "json")


@privacy.get("/participants/<row:participant_id>/report.pdf")
@requires(Permission.DISCLOSE)
@audited(AuditEvent.DISCLOSED)
def report_pdf(participant_id: int) -> Response:
    """Everything about them, to be printed and handed over (Art. 15 GDPR)."""
    values = collect(participant_id, utcnow())
    person = db.session.get_one(Participant, participant_id)
    content = write_pdf(document(values, person), find_language())
    return _file(content, "application/pdf", participant_id, "pdf")


@privacy.get("/participants/<row:participant_id>/erasure")
@requires(Permission.ERASE)
def ask_erasure(participant_id: int) -> str:
    """What their erasure would take, what stays, and what hinders it."""
    return render_template("privacy/erasure.html", **_preview(participant_id))


@privacy.post("/participants/<row:participant_id>/erasure")
@requires(Permission.ERASE)
@audited(AuditEvent.ERASED, "participant")
def erase(participant_id: int) -> Response:
    """Erase a participant before their time, exactly as it was shown."""
    erased = service.erase_on_request(participant_id, request.form.get("shown", ""), utcnow())
    describe(entries=erased.entries, parts=erased.parts)
    return done(_("Die Person ist gelöscht, mit allem, was zu ihr gehörte."), "people.list_page")


@privacy.get("/privacy")
@requires(Permission.PROTECT)
def overview() -> str:
    """What retention does with the tenant's data."""
    tenant, now, after = _tenant(), utcnow(), read_row(request.args, "after")
    found = queries.list_blocked(tenant, now, after, _PAGE + 1)
    return render_template(
        "privacy/overview.html",
        tenant=tenant,
        due_soon=queries.count_due_soon(tenant, now),
        days=FORESEEN_DAYS,
        blocked=found[:_PAGE],
        after=after,
        more=found[_PAGE - 1].participant.id if len(found) > _PAGE else None,
        runs=queries.last_runs(),
        withdrawals=withdrawals.overview(now),
        span=span,
        problem_text=lambda code: message(Refusal(code)),
        ERASURE_BLOCKERS=ERASURE_BLOCKERS,
    )


@privacy.get("/privacy/processing")
@requires(Permission.PROTECT)
def processing_record() -> str:
    """The record of processing activities, made of the code's own register."""
    tenant = _tenant()
    found = processing.processing_record(tenant, find_connection(tenant.id))
    return render_template("privacy/processing.html", document=found)


def _preview(participant_id: int) -> dict[str, Any]:
    preview = service.preview_erasure(participant_id)
    return {
        "preview": preview,
        "tenant": _tenant(),
        "ERASURE_BLOCKERS": ERASURE_BLOCKERS,
        "wants_transfer": preview.blocker in _MENDED_BY_TRANSFER,
    }


def _file(content: bytes, mimetype: str, participant_id: int, ending: str) -> Response:
    """The file under a name that says their number and nothing else."""
    number = get_participant(participant_id).number
    safe = "".join(char for char in number if char.isascii() and char.isalnum()) or str(participant_id)
    name = f"Auskunft-{safe}.{ending}"
    response = send_file(BytesIO(content), mimetype=mimetype, as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    return response


def _tenant() -> Tenant:
    return db.session.get_one(Tenant, current_tenant_id())

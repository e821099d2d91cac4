"""Imports: uploading an export, watching it being taken over, its report, and deciding about a held one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _

from portal.accounts.second_person import approval_blocker_code
from portal.accounts.users import current_actor
from portal.audit.acts import audited
from portal.audit.recording import describe
from portal.core.database import commit, db, rollback, utcnow
from portal.core.queue import enqueue_after_commit
from portal.core.refusal import Refusal
from portal.core.settings import current_settings
from portal.domain.audit import AuditEvent
from portal.domain.import_kinds import Kind
from portal.domain.imports import ImportMode, ImportRun, ImportState
from portal.domain.permissions import Permission
from portal.domain.tenants import Tenant
from portal.imports import queries, reports, service
from portal.imports.errors import ImportNoFile
from portal.imports.report_texts import leaving_title, notice_text, reason_for, said
from portal.webkit.access import requires
from portal.webkit.downloads import download
from portal.webkit.fragments import live, live_answer, see_other
from portal.webkit.messages import message
from portal.webkit.parameters import read_row
from portal.webkit.scope import current_tenant_id
from portal.webkit.security import BODY_LIMIT, csrf
from portal.webkit.tables import Table

imports = Blueprint("imports", __name__)
PAGE = 50
_REJECTED = 200
_LEAVING = 200
_BUSY_SECONDS, _RESTING_SECONDS = 2, 30
_BUSY = frozenset({ImportState.WAITING, ImportState.STAGING, ImportState.APPLYING})


@imports.get("/imports")
@requires(Permission.VIEW)
@live
def list_page() -> Response:
    """The tenant's imports, newest first, and the form for the next one."""
    return live_answer("imports/list.html", "imports/_list.html", **_list())


@imports.post("/imports")
@requires(Permission.IMPORT)
@audited(AuditEvent.IMPORT_UPLOADED, "import")
def upload() -> Response:
    """Take in an export, and have the worker import it."""
    tenant_id = current_tenant_id()
    rollback()  # receiving may take long, and must not hold a transaction open
    request.max_content_length = current_settings().upload_limit_mb * 1024**2 + BODY_LIMIT
    csrf.protect()
    try:
        run = _start(tenant_id)
    except Refusal as refusal:
        rollback()
        page = render_template("imports/list.html", tag="", error=message(refusal), **_list())
        return make_response(page, 422)
    import_id = run.id
    describe(subject_id=import_id)
    enqueue_after_commit(ImportRun, import_id)
    commit()
    return see_other(url_for(".show", import_id=import_id))


csrf.exempt(
    upload
)  # which checks it itself: checking reads the form, and only who may upload may send so much


@imports.get("/imports/<row:import_id>")
@requires(Permission.VIEW)
@live
def show(import_id: int) -> Response:
    """How far an import is, or what became of it."""
    run = service.get_import(current_tenant_id(), import_id)
    return live_answer("imports/import.html", "imports/_import.html", **_values(run))


@imports.get("/imports/<row:import_id>/rejected.csv")
@requires(Permission.VIEW)
@audited(AuditEvent.EXPORTED, "import")
def rejected(import_id: int) -> Response:
    """Every rejected line as CSV."""
    return download(_rejections(import_id), f"import-{import_id}.csv")


@imports.get("/imports/<row:import_id>/rejected.xlsx")
@requires(Permission.VIEW)
@audited(AuditEvent.EXPORTED, "import")
def rejected_xlsx(import_id: int) -> Response:
    """Every rejected line as a workbook."""
    return download(_rejections(import_id), f"import-{import_id}.xlsx")


def _rejections(import_id: int) -> Table:
    run = service.get_import(current_tenant_id(), import_id)
    heads = [_("Datei"), _("Zeile"), _("Spalte"), _("Grund")]
    found = ([it.file, it.line or None, it.column, said(it.code)] for it in reports.each_rejection(run))
    return Table(_("Import %(number)s", number=run.id), heads, found)


@imports.post("/imports/<row:import_id>/approve")
@requires(Permission.JUDGE_HELD)
@audited(AuditEvent.IMPORT_APPROVED, "import")
def approve(import_id: int) -> Response:
    """Approve a held import."""
    run = service.get_import(current_tenant_id(), import_id)
    service.approve(run, current_actor())
    enqueue_after_commit(ImportRun, import_id)
    commit()
    flash(_("Der Import wird übernommen."), "success")
    return see_other(url_for(".show", import_id=import_id))


@imports.post("/imports/<row:import_id>/discard")
@requires(Permission.JUDGE_HELD)
@audited(AuditEvent.IMPORT_DISCARDED, "import")
def discard(import_id: int) -> Response:
    """Discard a held import."""
    run = service.get_import(current_tenant_id(), import_id)
    service.discard(run, current_actor(), utcnow())
    commit()
    flash(_("Der Import ist verworfen; die Personen bleiben, wie sie waren."), "success")
    return see_other(url_for(".show", import_id=import_id))


def _start(tenant_id: int) -> ImportRun:
    export = request.files.get("export")
    if export is None or not export.filename:
        raise ImportNoFile
    kept = service.keep_export(export.stream, current_settings().upload_limit_mb)
    tenant = db.session.get_one(Tenant, tenant_id)
    mode = ImportMode.FULL if request.form.get("mode") == "full" else ImportMode.DELTA
    dry_run = request.form.get("dry_run") == "1"
    return service.start_import(tenant, kept, mode, current_actor(), utcnow(), dry_run)


def _list() -> dict[str, Any]:
    after = read_row(request.args, "after")
    found = queries.list_imports(after, PAGE + 1)
    rows = found[:PAGE]
    busy = any(run.state in _BUSY for run in rows)
    return {
        "rows": [(run, reports.totals(run)) for run in rows],
        "after": after,
        "older": rows[-1].id if len(found) > PAGE else None,
        "seconds": _BUSY_SECONDS if busy else _RESTING_SECONDS,
        "limit_mb": current_settings().upload_limit_mb,
    }


def _approval_blocker(run: ImportRun) -> str | None:
    code = approval_blocker_code(service.starter_of(run), current_actor(), "import-")
    return message(Refusal(code)) if code else None


def _values(run: ImportRun) -> dict[str, Any]:
    report = reports.report(run, _REJECTED)
    return {
        "run": run,
        "report": report,
        "busy": run.state in _BUSY,
        "seconds": _BUSY_SECONDS if run.state in _BUSY else _RESTING_SECONDS,
        "reason": reason_for(report) if report.problem else None,
        "leaving": {kind: reports.leaving(run, kind, _LEAVING) for kind in reports.taken_away(run)},
        "leaving_limit": _LEAVING,
        "leaving_title": leaving_title,
        "approval_blocker": _approval_blocker(run) if run.state is ImportState.HELD else None,
        "Kind": Kind,
        "said": said,
        "notice_text": notice_text,
    }

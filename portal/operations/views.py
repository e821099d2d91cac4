"""Operations, for support: how queue, workers, networks and deliveries of all tenants are doing."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, flash, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.audit.acts import audited
from portal.core.database import commit, utcnow
from portal.core.settings import current_settings
from portal.domain.audit import AuditEvent
from portal.domain.permissions import Permission
from portal.operations import queries
from portal.operations.service import try_again
from portal.tenants.labels import problem_text
from portal.tenants.queries import WORKER_SILENT_AFTER
from portal.webkit.access import requires
from portal.webkit.fragments import live_answer, see_other
from portal.webkit.sessions import polled

operations = Blueprint("operations", __name__)
log = structlog.get_logger()
_SECONDS = 10


@operations.get("/operations")
@requires(Permission.OPERATE)
@polled
def overview() -> Response:
    """Everything that needs support, of every tenant."""
    now = utcnow()
    with queries.every_tenant():
        values = {
            "processes": queries.processes(now),
            "connections": queries.troubled_connections(now),
            "deliveries": queries.late_deliveries(now),
            "imports": queries.held_imports(),
            "unanswered": queries.unanswered(),
        }
    return live_answer(
        "operations/overview.html",
        "operations/_overview.html",
        **values,
        queue=queries.queue_now(current_settings().redis_url),
        silent_before=now - WORKER_SILENT_AFTER,
        problem_text=problem_text,
        seconds=_SECONDS,
    )


@operations.post("/operations/connections/<row:connection_id>/try-again")
@requires(Permission.RETRY)
@audited(AuditEvent.RETRIED, "connection")
def retry(connection_id: int) -> Response:
    """Ask a network now whether it is back."""
    with queries.every_tenant():
        try_again(connection_id, utcnow())
        commit()
    log.info("retry_asked", connection=connection_id, account=current_user.id)
    flash(_("Das Jobportal wird jetzt gefragt. Antwortet es, geht alles von selbst weiter."), "success")
    return see_other(url_for(".overview"))

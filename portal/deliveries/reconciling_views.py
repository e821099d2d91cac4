"""The page on which a person settles what differs after a loss on our side."""

from __future__ import annotations

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask_babel import gettext as _

from portal.accounts.users import current_actor
from portal.audit.acts import audited
from portal.audit.recording import describe
from portal.core.database import utcnow
from portal.deliveries import reconciling as service
from portal.deliveries.errors import NothingToReconcile
from portal.deliveries.texts import open_answers
from portal.domain.audit import AuditEvent
from portal.domain.permissions import Permission
from portal.domain.tenants import Connection
from portal.tenants.context import current_context, save
from portal.webkit.access import requires
from portal.webkit.fragments import see_other

reconciling = Blueprint("reconciling", __name__)


@reconciling.get("/deliveries/reconcile")
@requires(Permission.VIEW)
def show() -> str:
    """What only the network knows, whom it concerns, and what settling it means."""
    differences = service.find_differences(current_context().connection)
    return render_template(
        "deliveries/reconcile.html", differences=differences, open_answers=open_answers, limit=service.SHOWN
    )


@reconciling.post("/deliveries/reconcile/read")
@requires(Permission.JUDGE_HELD)
@audited(AuditEvent.RECONCILED, "connection")
def read_again() -> Response:
    """Ask the network for its deliveries and their answers once more."""
    service.read_again(_connection(), utcnow())
    return _back(_("Die Übertragungen und Antworten des Jobportals werden noch einmal gelesen."))


@reconciling.post("/deliveries/reconcile/settle")
@requires(Permission.JUDGE_HELD)
@audited(AuditEvent.RECONCILED, "delivery")
def settle() -> Response:
    """Let transfers go on, exactly from what was shown."""
    return _settle(unread=False)


@reconciling.post("/deliveries/reconcile/settle-unread")
@requires(Permission.JUDGE_HELD)
@audited(AuditEvent.RECONCILED, "delivery")
def settle_unread() -> Response:
    """Let transfers go on from what is known, though the network has not said everything."""
    return _settle(unread=True)


def _settle(*, unread: bool) -> Response:
    shown = request.form.get("shown_digest", "")
    found = service.settle(_connection(), shown, current_actor(), utcnow(), unread=unread).found
    describe(subject_id=found[-1].sequence if found else None)
    return _back(_("Der Abgleich ist abgeschlossen. Es wird wieder übertragen, als Nächstes vollständig."))


def _connection() -> Connection:
    connection = current_context().connection
    if connection is None:
        raise NothingToReconcile
    return connection


def _back(sentence: str) -> Response:
    save()
    flash(sentence, "success")
    return see_other(url_for(".show"))

"""The page on which a person decides about the account at the network that the token opens."""

from __future__ import annotations

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask_babel import gettext as _

from portal.audit.acts import audited
from portal.audit.recording import describe
from portal.core.database import utcnow
from portal.deliveries import network_accounts as service
from portal.deliveries.errors import AccountNotDoubted
from portal.domain.audit import AuditEvent
from portal.domain.delivery_states import DeliveryProblem
from portal.domain.permissions import Permission
from portal.tenants.context import current_context, save
from portal.webkit.access import may, requires
from portal.webkit.fragments import see_other

network_accounts = Blueprint("network_accounts", __name__)


@network_accounts.get("/deliveries/network-account")
@requires(Permission.VIEW)
def show() -> str:
    """Which account the connection is bound to, which one was found, and what taking that means."""
    question = service.find_question(current_context().connection)
    taken = question is not None and question.problem is DeliveryProblem.TAKEN_ACCOUNT
    return render_template(
        "deliveries/network_account.html",
        question=question,
        connection=current_context().connection,
        taken=taken,
        may_decide=may(Permission.RETRY if taken else Permission.JUDGE_HELD),
    )


@network_accounts.post("/deliveries/network-account/accept")
@requires(Permission.JUDGE_HELD)
@audited(AuditEvent.ACCOUNT_ACCEPTED, "connection")
def accept() -> Response:
    """Accept the account found, exactly as it was shown."""
    connection = current_context().connection
    if connection is None:
        raise AccountNotDoubted
    shown = request.form.get("shown_digest", "")
    service.accept(connection, shown, utcnow(), may_share=may(Permission.RETRY))
    describe(subject_id=connection.id)
    save()
    flash(
        _("Das Konto gehört jetzt zu diesem Mandanten. Als Nächstes wird vollständig übertragen."), "success"
    )
    return see_other(url_for(".show"))

"""Mediators: whom they carry, whether the network knows them, and handing everybody over to another."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request, url_for

from portal.accounts.users import current_actor
from portal.audit.acts import audited
from portal.bulk.service import Chosen, choose
from portal.core.database import commit, utcnow
from portal.domain.audit import AuditEvent
from portal.domain.bulk import BulkAction
from portal.domain.permissions import Permission
from portal.mediators import queries
from portal.releases.filters import Filters
from portal.tenants.context import current_context
from portal.webkit.access import requires
from portal.webkit.fragments import see_other
from portal.webkit.parameters import read_row

mediators = Blueprint("mediators", __name__)


@mediators.get("/mediators")
@requires(Permission.VIEW)
def list_page() -> str:
    """The tenant's mediators by name."""
    context, after = current_context(), read_row(request.args, "after")
    return render_template(
        "mediators/list.html",
        page=queries.list_mediators(context, after),
        after=after,
        idle=queries.idle_in_use_count(context),
        network=context.connection.network if context.connection else None,
    )


@mediators.post("/mediators/<row:mediator_id>/hand-over")
@requires(Permission.RELEASE)
@audited(AuditEvent.BULK_CHOSEN, "mediator")
def hand_over(mediator_id: int) -> Response:
    """Choose everybody whom a mediator carries, to be given to another."""
    mediator = queries.get_mediator(mediator_id)
    chosen = Chosen(None, Filters(mediator_id=mediator.id), urlencode({"mediator": mediator.id}))
    run = choose(current_context(), BulkAction.MEDIATOR, chosen, current_actor(), utcnow())
    bulk_id = run.id
    commit()
    return see_other(url_for("bulk.show", bulk_id=bulk_id))

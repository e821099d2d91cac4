"""What a participant's page shows of deliveries, and „Jetzt übertragen“."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask_babel import gettext as _

from portal.accounts.users import current_actor
from portal.audit.acts import audited
from portal.core.database import utcnow
from portal.deliveries.comparison import MASKED, compare
from portal.deliveries.parts import find_confirmed
from portal.deliveries.payload import would_tell
from portal.deliveries.record_labels import FIELD_LABELS, field_value
from portal.deliveries.transfer_requests import request_transfer
from portal.domain.audit import AuditEvent
from portal.domain.permissions import Permission
from portal.releases.list_address import read_address
from portal.releases.queries import explain
from portal.releases.registrations import get_participant
from portal.releases.texts import unsent_text
from portal.releases.views import done
from portal.tenants.context import current_context
from portal.webkit.access import requires
from portal.webkit.fragments import answer
from portal.webkit.scope import current_tenant_id

participant_deliveries = Blueprint("participant_deliveries", __name__)


@participant_deliveries.get("/participants/<row:participant_id>/record")
@requires(Permission.VIEW)
def show_record(participant_id: int) -> Response:
    """What would be sent of them, beside what the network last acknowledged."""
    context = current_context()
    person = explain(context, participant_id)
    connection = context.connection
    confirmed = find_confirmed(connection.id, person.participant) if connection else None
    return answer(
        "releases/record.html",
        "releases/_record.html",
        person=person,
        list_parts=read_address(request.args).parts(),
        confirmed=confirmed,
        unsent=unsent_text(person),
        lines=compare(confirmed.record if confirmed else None, would_tell(context, participant_id)),
        FIELD_LABELS=FIELD_LABELS,
        MASKED=MASKED,
        field_value=field_value,
    )


@participant_deliveries.post("/participants/<row:participant_id>/transfer")
@requires(Permission.TRANSFER_CHOSEN)
@audited(AuditEvent.TRANSFER_ASKED, "participant")
def transfer(participant_id: int) -> Response:
    """Transfer this participant now."""
    get_participant(participant_id)
    delivery = request_transfer(current_tenant_id(), current_actor(), utcnow(), [participant_id])
    number = delivery.sequence
    return done(participant_id, _("Die Übertragung %(number)s ist angestoßen.", number=number))

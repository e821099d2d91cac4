"""A participant's page: the bar, what keeps them offline, the mediator, the protocol."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask_babel import gettext as _

from portal.accounts.users import current_actor
from portal.audit.acts import audited
from portal.core.database import utcnow
from portal.core.refusal import NotFound, Refusal
from portal.domain.audit import AuditEvent
from portal.domain.permissions import Permission
from portal.participants.mediators import find_mediators
from portal.releases import clarification, identities, service
from portal.releases.answer_texts import archived_text, clarification_text, rejected_text
from portal.releases.entry_texts import details
from portal.releases.identities import is_still_announced
from portal.releases.list_address import read_address
from portal.releases.page import (
    applicant_page,
    asks_for_consent,
    neighbours,
    newest_lines,
    older_lines,
    refusal_help,
    refused_because,
    seconds_until_asked,
    shown_since,
    unknown_mediator,
)
from portal.releases.queries import explain
from portal.releases.registrations import get_participant
from portal.releases.texts import (
    is_late,
    late_text,
    leaving_text,
    mediator_chosen_text,
    mediator_pending_text,
    phase_text,
    request_text,
    revoked_text,
    revoking_text,
    withdrawal_text,
)
from portal.releases.withdrawals import find_withdrawal
from portal.tenants.context import current_context, save
from portal.webkit.access import requires
from portal.webkit.fragments import answer, is_fragment, live, live_answer, see_other
from portal.webkit.parameters import read_row

releases = Blueprint("releases", __name__)


@releases.get("/participants/<row:participant_id>")
@requires(Permission.VIEW)
@live
def show(participant_id: int) -> Response:
    """The participant's page, and its live part."""
    values = _values(participant_id)
    if not is_fragment():
        values["beside"] = neighbours(current_context(), read_address(request.args), participant_id)
    return live_answer("releases/participant.html", "releases/_person.html", **values)


@releases.get("/participants/<row:participant_id>/protocol")
@requires(Permission.VIEW)
def older_protocol(participant_id: int) -> Response:
    """A page of older lines of the protocol."""
    person = explain(current_context(), participant_id)
    lines = older_lines(participant_id, read_row(request.args, "before"))
    return answer(
        "releases/protocol.html",
        "releases/_lines.html",
        person=person,
        lines=lines,
        details=details,
        list_parts=read_address(request.args).parts(),
    )


@releases.get("/participants/<row:participant_id>/release")
@requires(Permission.RELEASE)
def ask_release(participant_id: int) -> str:
    """Ask to confirm consent before the release; in a dialog, with scripts."""
    return render_template("releases/release.html", **_values(participant_id))


@releases.post("/participants/<row:participant_id>/release")
@requires(Permission.RELEASE)
@audited(AuditEvent.RELEASED, "participant")
def release(participant_id: int) -> Response:
    """Release the participant."""
    confirmed = request.form.get("consent_confirmed") == "1"
    service.release(participant_id, current_actor(), utcnow(), consent_confirmed=confirmed)
    return done(participant_id, _("Freigegeben. Der Status ändert sich, sobald das Jobportal bestätigt."))


@releases.get("/participants/<row:participant_id>/revoke")
@requires(Permission.RELEASE)
def ask_revoke(participant_id: int) -> str:
    """The question before revoking; a dialog, with scripts."""
    return render_template("releases/revoke.html", **_values(participant_id))


@releases.post("/participants/<row:participant_id>/revoke")
@requires(Permission.RELEASE)
@audited(AuditEvent.REVOKED, "participant")
def revoke(participant_id: int) -> Response:
    """Revoke the participant's release."""
    service.revoke(participant_id, current_actor(), utcnow())
    return done(participant_id, revoked_text(explain(current_context(), participant_id)))


@releases.post("/participants/<row:participant_id>/clarify")
@requires(Permission.RELEASE)
@audited(AuditEvent.CLARIFIED, "participant")
def clarify(participant_id: int) -> Response:
    """End a clarification with what was found."""
    found = " ".join(request.form.get("found", "").split())
    clarification.clarify(participant_id, found, current_actor(), utcnow())
    return done(participant_id, _("Die Klärung ist beendet; was Sie festgestellt haben, steht im Protokoll."))


@releases.post("/participants/<row:participant_id>/identity")
@requires(Permission.RELEASE)
@audited(AuditEvent.IDENTITY_SETTLED, "participant")
def settle_identity(participant_id: int) -> Response:
    """Decide whether the identifier belongs to the same person or to another one."""
    get_participant(participant_id)
    said = request.form.get("person")
    if said not in ("same", "other"):
        raise Refusal("identity-undecided")
    identities.settle_identity(participant_id, current_actor(), utcnow(), is_same=said == "same")
    if said == "same":
        return done(participant_id, _("Dieselbe Person: Der nächste Import berichtigt die Angaben."))
    return done(participant_id, _("Andere Person: Der nächste Import legt sie neu an."))


@releases.get("/participants/<row:participant_id>/mediator")
@requires(Permission.RELEASE)
def pick_mediator(participant_id: int) -> Response:
    """Mediators to choose from."""
    return _mediators(participant_id, "")


@releases.post("/participants/<row:participant_id>/mediator/search")
@requires(Permission.RELEASE)
def search_mediators(participant_id: int) -> Response:
    """Mediators by what was typed; sent as a form, since names do not belong in addresses."""
    return _mediators(participant_id, request.form.get("text", "")[:100])


@releases.post("/participants/<row:participant_id>/mediator")
@requires(Permission.RELEASE)
@audited(AuditEvent.MEDIATOR_CHOSEN, "participant")
def choose_mediator(participant_id: int) -> Response:
    """Choose the mediator."""
    mediator_id = read_row(request.form, "mediator")
    if mediator_id is None:
        raise NotFound("mediator-unknown")
    service.choose_mediator(participant_id, mediator_id, current_actor(), utcnow())
    return done(participant_id, mediator_chosen_text(explain(current_context(), participant_id)))


def _values(participant_id: int) -> dict[str, Any]:
    person = explain(current_context(), participant_id)
    return {
        "person": person,
        "list_parts": read_address(request.args).parts(),
        "lines": newest_lines(participant_id, read_row(request.values, "since")),
        "seconds": seconds_until_asked(person),
        "applicant_page": applicant_page(person),
        "why": refused_because(person),
        "why_help": refusal_help(person),
        "unknown_mediator": unknown_mediator(person),
        "since_when": shown_since(person),
        "phase_text": phase_text,
        "late": is_late(person),
        "late_text": late_text,
        "leaving_text": leaving_text,
        "mediator_pending_text": mediator_pending_text,
        "revoking_text": revoking_text,
        "archived_text": archived_text,
        "rejected_text": rejected_text,
        "asks_for_consent": asks_for_consent(person),
        "details": details,
        "clarification_text": clarification_text,
        "request_text": request_text,
        "still_announced": bool(person.participant.doubted_identity) and is_still_announced(participant_id),
        "withdrawal": find_withdrawal(participant_id),
        "withdrawal_text": withdrawal_text,
    }


def done(participant_id: int, sentence: str) -> Response:
    """Commit, and show what has become of it: the live part, or the page anew."""
    save()
    if is_fragment():
        return live_answer(
            "releases/participant.html", "releases/_person.html", notice=sentence, **_values(participant_id)
        )
    flash(sentence, "success")
    parts = read_address(request.args).parts()
    return see_other(url_for("releases.show", participant_id=participant_id, **parts))


def _mediators(participant_id: int, text: str) -> Response:
    return answer(
        "releases/mediator.html",
        "releases/_mediators.html",
        person=explain(current_context(), participant_id),
        list_parts=read_address(request.args).parts(),
        mediators=find_mediators(text),
        text=text,
    )

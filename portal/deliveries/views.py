"""Deliveries: the list, one delivery, and what a person decides about a held one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask_babel import gettext as _

from portal.accounts.second_person import approval_blocker_code
from portal.accounts.users import current_actor
from portal.audit.acts import audited
from portal.audit.recording import describe
from portal.core.database import utcnow
from portal.core.refusal import Refusal
from portal.deliveries import approval, history, queries, transfer_requests, waiting
from portal.deliveries.next_delivery import coming, leavers
from portal.deliveries.page import held_because, seconds_until_asked, steps
from portal.deliveries.texts import duration, finding_texts, odd_text, open_answers, outcome_text
from portal.domain.audit import AuditEvent
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import ENDED, DeliveryState
from portal.domain.permissions import Permission
from portal.releases.texts import withdrawal_text
from portal.releases.withdrawals import withdrawals_in
from portal.tenants.context import current_context, save
from portal.webkit.access import requires
from portal.webkit.fragments import is_fragment, live, live_answer, see_other
from portal.webkit.messages import message
from portal.webkit.parameters import read_row
from portal.webkit.scope import current_tenant_id

deliveries = Blueprint("deliveries", __name__)
PAGE = 50
_PEOPLE = 100
_ATTEMPTS = 100
_LEAVERS = 500


@deliveries.get("/deliveries")
@requires(Permission.VIEW)
@live
def list_page() -> Response:
    """The tenant's deliveries, newest first."""
    after = read_row(request.args, "after")
    found = queries.list_deliveries(after, PAGE + 1)
    rows = found[:PAGE]
    return live_answer(
        "deliveries/list.html",
        "deliveries/_list.html",
        rows=rows,
        after=after,
        days=[] if after or is_fragment() else history.last_days(current_context()),
        bars=history.bars,
        WIDTH=history.WIDTH,
        HEIGHT=history.HEIGHT,
        older=rows[-1].id if len(found) > PAGE else None,
        duration=duration,
        is_in_trouble=waiting.is_in_trouble,
        open_answers=open_answers,
        seconds=min((seconds_until_asked(row) for row in rows), default=15),
    )


@deliveries.get("/deliveries/next")
@requires(Permission.VIEW)
def preview() -> str:
    """What the next full delivery would do."""
    context = current_context()
    return render_template(
        "deliveries/next.html",
        context=context,
        coming=coming(context) if context.connection else None,
        unexplained=leavers(context, with_explanation=False) if context.connection else [],
        explained=leavers(context, with_explanation=True) if context.connection else [],
    )


@deliveries.post("/deliveries")
@requires(Permission.TRANSFER_ALL)
@audited(AuditEvent.TRANSFER_ASKED, "delivery")
def transfer_all() -> Response:
    """Transfer everybody of the tenant now."""
    delivery = transfer_requests.request_transfer(current_tenant_id(), current_actor(), utcnow())
    describe(subject_id=delivery.sequence)
    return _done(delivery, _("Die Übertragung %(number)s ist angestoßen.", number=delivery.sequence))


@deliveries.get("/deliveries/<row:sequence>")
@requires(Permission.VIEW)
@live
def show(sequence: int) -> Response:
    """One delivery: how far it is, who is in it, what the network said."""
    delivery = queries.get_delivery(sequence, read_row(request.args, "connection"))
    return live_answer("deliveries/delivery.html", "deliveries/_delivery.html", **_values(delivery))


@deliveries.post("/deliveries/<row:sequence>/approve")
@requires(Permission.JUDGE_HELD)
@audited(AuditEvent.DELIVERY_APPROVED, "delivery")
def approve(sequence: int) -> Response:
    """Approve a held delivery, exactly as it was shown."""
    delivery = queries.get_delivery(sequence, read_row(request.args, "connection"))
    approval.approve(delivery.id, request.form.get("shown_digest", ""), current_actor(), utcnow())
    return _done(delivery, _("Die Übertragung %(number)s wird gesendet.", number=sequence))


@deliveries.post("/deliveries/<row:sequence>/discard")
@requires(Permission.JUDGE_HELD)
@audited(AuditEvent.DELIVERY_DISCARDED, "delivery")
def discard(sequence: int) -> Response:
    """Discard a held delivery."""
    delivery = queries.get_delivery(sequence, read_row(request.args, "connection"))
    approval.discard(delivery.id, current_actor(), utcnow())
    return _done(delivery, _("Die Übertragung %(number)s ist verworfen.", number=sequence))


@deliveries.post("/deliveries/<row:sequence>/ask-again")
@requires(Permission.JUDGE_HELD)
@audited(AuditEvent.RETRIED, "delivery")
def ask_again(sequence: int) -> Response:
    """Ask at once for the answers to a delivery that is in trouble with them."""
    delivery = queries.get_delivery(sequence, read_row(request.args, "connection"))
    waiting.ask_again(delivery.id, utcnow())
    return _done(delivery, _("Nach den Antworten zur Übertragung %(number)s wird gefragt.", number=sequence))


@deliveries.post("/deliveries/<row:sequence>/stop-waiting")
@requires(Permission.JUDGE_HELD)
@audited(AuditEvent.WAITING_ENDED, "delivery")
def stop_waiting(sequence: int) -> Response:
    """Wait no longer for the answers to a delivery that is in trouble with them."""
    delivery = queries.get_delivery(sequence, read_row(request.args, "connection"))
    waiting.stop_waiting(delivery.id, utcnow())
    return _done(
        delivery, _("Auf Antworten zur Übertragung %(number)s wird nicht mehr gewartet.", number=sequence)
    )


def _values(delivery: Delivery) -> dict[str, Any]:
    return {
        **_lists(delivery),
        **_decision(delivery),
        "delivery": delivery,
        "steps": steps(delivery),
        "reasons": held_because(delivery),
        "odd_answers": queries.odd_answers(delivery.id),
        "seconds": seconds_until_asked(delivery),
        "ended": delivery.state in ENDED and delivery.next_step_at is None,
        "other_connection": read_row(request.args, "connection"),
        "duration": duration,
        "open_answers": open_answers,
        "in_trouble": waiting.is_in_trouble(delivery),
        "finding_texts": finding_texts,
        "odd_text": odd_text,
        "outcome_text": outcome_text,
        "withdrawals": withdrawals_in(delivery),
        "withdrawal_text": withdrawal_text,
    }


def _lists(delivery: Delivery) -> dict[str, Any]:
    """A page of those whom the delivery names, and a page of its calls."""
    after, before = read_row(request.args, "after"), read_row(request.args, "attempts")
    people = queries.people(delivery.id, after, _PEOPLE + 1)
    attempts = queries.attempts(delivery.id, before, _ATTEMPTS + 1)
    return {
        "people": people[:_PEOPLE],
        "more_people": people[_PEOPLE - 1].id if len(people) > _PEOPLE else None,
        "after": after,
        "attempts": attempts[:_ATTEMPTS],
        "older_attempts": attempts[_ATTEMPTS - 1].id if len(attempts) > _ATTEMPTS else None,
        "attempts_before": before,
    }


def _decision(delivery: Delivery) -> dict[str, Any]:
    """What the decision about a held delivery is made by."""
    held = delivery.state == DeliveryState.HELD
    return {
        "unexplained": queries.leavers(delivery.id, explained=False, limit=_LEAVERS) if held else [],
        "explained": queries.leavers(delivery.id, explained=True, limit=_LEAVERS) if held else [],
        "leaver_limit": _LEAVERS,
        "approval_blocker": _approval_blocker(delivery) if held else None,
    }


def _approval_blocker(delivery: Delivery) -> str | None:
    code = approval_blocker_code(approval.starter_of(delivery), current_actor())
    return message(Refusal(code)) if code else None


def _done(delivery: Delivery, sentence: str) -> Response:
    number, connection = delivery.sequence, read_row(request.args, "connection")
    save()
    flash(sentence, "success")
    return see_other(url_for(".show", sequence=number, connection=connection))

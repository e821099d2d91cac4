"""The list of participants: counters, filters, search, pages by key."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, make_response, redirect, request
from flask_login import current_user
from sqlalchemy import select

from portal.accounts.access import Permission, requires
from portal.database import commit, db, utcnow
from portal.people.forms import read_address, read_row
from portal.people.models import Mediator, Order
from portal.people.search import LENGTH, is_number, remember_search
from portal.releases.phase import Phase
from portal.releases.preflight import TENANT_WIDE, Finding
from portal.releases.queries import list_participants, needs_action_count, status_counts
from portal.web.fragments import answer
from portal.web.scope import current_tenant_id, current_view

people = Blueprint("people", __name__)
PAGE = 50
_CHOICES = 300
"""Orders and mediators offered as filters, at most."""


@people.get("/participants")
@requires(Permission.VIEW)
def list_page() -> Response:
    """A page of participants."""
    view, where = current_view(), read_address(request.args)
    text = where.text()
    listing = list_participants(
        view,
        where.filters(text),
        after=read_row(request.args, "after"),
        before=read_row(request.args, "before"),
        limit=PAGE,
    )
    return answer(
        "people/list.html",
        "people/_list.html",
        view=view,
        where=where,
        text=text,
        listing=listing,
        counts=status_counts(view),
        action_count=needs_action_count(view),
        orders=_orders(),
        mediators=_mediators(),
        phases=list(Phase),
        findings=[item for item in Finding if item not in TENANT_WIDE],
    )


@people.post("/participants/search")
@requires(Permission.VIEW)
def search() -> Response:
    """Put the text under a key, so that no name stands in an address, and show the list."""
    text = request.form.get("text", "").strip()[:LENGTH]
    where = read_address(request.form)
    if not text:
        return make_response(redirect(where.url(q=None, number=None), 303))
    if is_number(text):
        return make_response(redirect(where.url(q=None, number=text), 303))
    key = remember_search(text, current_tenant_id(), current_user.id, utcnow())
    commit()
    return make_response(redirect(where.url(q=key, number=None), 303))


def _orders() -> Sequence[Order]:
    return db.session.scalars(select(Order).order_by(Order.title, Order.id).limit(_CHOICES)).all()


def _mediators() -> Sequence[Mediator]:
    return db.session.scalars(select(Mediator).order_by(Mediator.sort_key, Mediator.id).limit(_CHOICES)).all()

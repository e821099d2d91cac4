"""What people are told of: a list for each role, and what one has seen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from flask import Blueprint, Response, g, render_template
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from portal.core.database import EVERY_TENANT, counting_for_every_tenant, db, scope_to, utcnow
from portal.domain.permissions import Permission
from portal.notices.queries import count_unseen, list_closed, list_notices
from portal.notices.seen import see
from portal.notices.texts import words_of
from portal.operations.queries import every_tenant
from portal.webkit.access import requires
from portal.webkit.fragments import done

notices = Blueprint("notices", __name__)
_CLOSED_FOR = dt.timedelta(days=14)


@notices.get("/notices")
@requires(Permission.SIGNED_IN)
def list_page() -> str:
    """What is open, and what became well again lately: of one's tenant, and for support of all."""
    with _own_scope():
        role, account_id = current_user.role, current_user.id
        opened = list_notices(role, account_id)
        closed = list_closed(role, account_id, utcnow() - _CLOSED_FOR)
    return render_template(
        "notices/list.html", opened=opened, closed=closed, words_of=words_of, support=role.for_all_tenants
    )


@notices.post("/notices/<row:notice_id>/seen")
@requires(Permission.SIGNED_IN)
def seen(notice_id: int) -> Response:
    """Note that one has seen it: it stays open until it is well again, and does not stand in the head any more."""
    if current_user.role.for_all_tenants:
        scope_to(EVERY_TENANT)
    see(notice_id, current_user.role, current_user.id, utcnow())
    return done(
        _("Als gesehen vermerkt. Die Meldung verschwindet von selbst, sobald es wieder gut ist."),
        ".list_page",
    )


def unseen_notices() -> int:
    """How many notices the signed-in person has not seen; the header of a tenant's page has asked already."""
    if "unseen_notices" not in g:
        with counting_for_every_tenant() if current_user.role.for_all_tenants else nullcontext():
            g.unseen_notices = db.session.scalar(select(count_unseen(current_user.role, current_user.id)))
    found: int = g.unseen_notices
    return found


@contextmanager
def _own_scope() -> Iterator[None]:
    """Support looks at every tenant's; everybody else at the own one's, as ever."""
    if not current_user.role.for_all_tenants:
        yield
        return
    with every_tenant():
        yield

"""Support chooses whose data it sees."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, session, url_for
from sqlalchemy import select

from portal.accounts.access import Permission, requires
from portal.database import db
from portal.refusal import NotFound
from portal.tenants.models import Tenant
from portal.web.fragments import relative_path
from portal.web.scope import TENANT_KEY

tenants = Blueprint("tenants", __name__)
_LIMIT = 500


@tenants.get("/tenants")
@requires(Permission.CHOOSE_TENANT)
def choose() -> str:
    """All tenants, to choose one."""
    found = db.session.scalars(select(Tenant).order_by(Tenant.slug).limit(_LIMIT)).all()
    return render_template("tenants/choose.html", tenants=found)


@tenants.post("/tenants/<slug>")
@requires(Permission.CHOOSE_TENANT)
def chosen(slug: str) -> Response:
    """See this tenant's data from now on."""
    tenant = db.session.scalar(select(Tenant).where(Tenant.slug == slug))
    if tenant is None:
        raise NotFound("tenant-unknown", slug=slug)
    session[TENANT_KEY] = tenant.id
    return make_response(
        redirect(relative_path(session.pop("next", None)) or url_for("people.list_page"), 303)
    )

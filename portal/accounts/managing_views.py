"""Administrators manage the accounts of their tenant."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts import queries, second_factor
from portal.accounts.forms import TENANT_ROLES, AccountForm, account_form_of, read_account_form
from portal.accounts.invitations import mail_link
from portal.accounts.links import VALID_HOURS, link_to, make_link, note_seen
from portal.accounts.queries import get_account
from portal.accounts.service import change_account, create_account, disable_account, enable_account
from portal.audit.acts import audited
from portal.audit.recording import describe
from portal.core.database import commit, rollback, utcnow
from portal.core.refusal import Refusal
from portal.core.settings import current_settings
from portal.domain.accounts import Account
from portal.domain.audit import AuditEvent
from portal.domain.permissions import Permission
from portal.mail.outbox import mails_are_set
from portal.webkit.access import requires
from portal.webkit.fragments import done
from portal.webkit.messages import message
from portal.webkit.parameters import read_row
from portal.webkit.scope import current_tenant_id

managing = Blueprint("managing", __name__)


@managing.get("/accounts")
@requires(Permission.MANAGE_ACCOUNTS)
def list_page() -> str:
    """The tenant's accounts."""
    after = read_row(request.args, "after")
    page = queries.list_accounts(after, utcnow())
    return render_template("accounts/list.html", page=page, after=after)


@managing.get("/accounts/new")
@requires(Permission.MANAGE_ACCOUNTS)
def new() -> Response:
    """The form of a new account."""
    return _form(AccountForm(), None)


@managing.post("/accounts")
@requires(Permission.MANAGE_ACCOUNTS)
@audited(AuditEvent.ACCOUNT_CREATED, "account")
def create() -> Response:
    """Create an account, and mail or show the link by which the person sets a password."""
    form, now = read_account_form(request.form), utcnow()
    try:
        account = create_account(
            tenant_id=current_tenant_id(),
            email=form.email,
            name=form.name,
            initials=form.initials,
            role=form.chosen_role(),
            password=None,
            mediator_number=form.mediator or None,
            now=now,
        )
    except Refusal as refusal:
        return _form(form, None, refusal)
    return _with_link(account, now)


@managing.get("/accounts/<row:account_id>")
@requires(Permission.MANAGE_ACCOUNTS)
def edit(account_id: int) -> Response:
    """One account, to change it."""
    account = get_account(account_id)
    return _form(account_form_of(account), account)


@managing.post("/accounts/<row:account_id>")
@requires(Permission.MANAGE_ACCOUNTS)
@audited(AuditEvent.ACCOUNT_CHANGED, "account")
def change(account_id: int) -> Response:
    """Change name, initials, role or mediator."""
    account, form = get_account(account_id), read_account_form(request.form)
    before = account.role
    try:
        change_account(
            account,
            name=form.name,
            initials=form.initials,
            role=form.chosen_role(),
            mediator_number=form.mediator or None,
            by=current_user.id,
            now=utcnow(),
        )
    except Refusal as refusal:
        rollback()
        return _form(form, get_account(account_id), refusal)
    describe(role=account.role.value if account.role is not before else None)
    return done(_("Gespeichert."), ".list_page")


@managing.post("/accounts/<row:account_id>/disable")
@requires(Permission.MANAGE_ACCOUNTS)
@audited(AuditEvent.ACCOUNT_DISABLED, "account")
def disable(account_id: int) -> Response:
    """Disable an account."""
    disable_account(get_account(account_id), current_user.id, utcnow())
    return done(_("Das Konto ist gesperrt; seine Sitzungen sind beendet."), ".list_page")


@managing.post("/accounts/<row:account_id>/enable")
@requires(Permission.MANAGE_ACCOUNTS)
@audited(AuditEvent.ACCOUNT_ENABLED, "account")
def enable(account_id: int) -> Response:
    """Let the person in again."""
    enable_account(get_account(account_id))
    return done(_("Das Konto ist wieder offen."), ".list_page")


@managing.post("/accounts/<row:account_id>/link")
@requires(Permission.MANAGE_ACCOUNTS)
@audited(AuditEvent.LINK_MADE, "account")
def new_link(account_id: int) -> Response:
    """A new link by which the person sets a password."""
    return _with_link(get_account(account_id), utcnow())


@managing.post("/accounts/<row:account_id>/reset-second-factor")
@requires(Permission.MANAGE_ACCOUNTS)
@audited(AuditEvent.SECOND_FACTOR_RESET, "account")
def reset_second_factor(account_id: int) -> Response:
    """Reset the second factor of a user who lost the device."""
    second_factor.reset(get_account(account_id), current_user.id, utcnow())
    return done(_("Der zweite Faktor ist zurückgesetzt; die Sitzungen sind beendet."), ".list_page")


def _with_link(account: Account, now: dt.datetime) -> Response:
    """Mail a link if there is a mail server and the user did not ask to see it; else show it, this once."""
    token = make_link(account, now)
    mailed = request.form.get("way") != "show" and mail_link(account, token, now)
    if not mailed:
        note_seen(token, current_user.id)
    describe(subject_id=account.id, mailed=mailed)
    values = {"name": account.name, "account_id": account.id}
    if mailed:
        sentence = _(
            "Der Link geht per Mail an %(email)s. Er gilt einmal und %(hours)s Stunden lang.",
            email=account.email,
            hours=VALID_HOURS,
        )
        return done(sentence, ".edit", account_id=account.id)
    commit()
    whole = current_settings().public_url is not None  # else the browser completes it: a Host may be forged
    page = render_template(
        "accounts/link.html", link=link_to(token), whole=whole, hours=VALID_HOURS, **values
    )
    return make_response(page)


def _form(form: AccountForm, account: Account | None, refusal: Refusal | None = None) -> Response:
    values: dict[str, Any] = {
        "form": form,
        "account": account,
        "roles": TENANT_ROLES,
        "second_factor": account is not None and second_factor.is_set(account.id),
        "mediators": queries.active_mediators(),
        "error": message(refusal) if refusal else None,
        "mails": mails_are_set(),
    }
    return make_response(render_template("accounts/account.html", **values), 422 if refusal else 200)

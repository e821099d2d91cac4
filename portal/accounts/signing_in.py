"""Sign-in, by password or provider: one step or two, and what the session then holds."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import asdict, dataclass, replace
from typing import cast

import structlog
from flask import Response, g, make_response, redirect, request, session, url_for
from flask_login import login_user
from flask_wtf.csrf import generate_csrf
from sqlalchemy import Table, select, update

from portal.accounts.second_factor import is_set
from portal.accounts.users import WITHOUT_PASSWORD, User, find_user
from portal.audit.recording import Intent, describe, intend
from portal.core.database import EVERY_TENANT, commit, db, for_every_tenant, scoped_to, utcnow
from portal.domain.accounts import Account
from portal.domain.audit import AuditEvent
from portal.webkit.fragments import relative_path
from portal.webkit.sessions import current_session

PENDING_MINUTES = 10
PENDING_TRIES = 5
_PENDING = "half"
_KEPT = ("tenant_id", "next", WITHOUT_PASSWORD)
log = structlog.get_logger()


@dataclass(frozen=True)
class PendingSignIn:
    """A user whose first step was right and who has not sent a code yet. Kept on the server alone."""

    account_id: int
    until: float
    tries: int
    address: str | None
    without_password: bool
    hash_mark: str
    """Of the password's hash: setting another password voids a sign-in begun with the old one."""


def let_in(user: User, address: str | None, *, without_password: bool = False) -> Response:
    """After the first step: to the code where the account has a second factor, in where it has none."""
    if not is_set(user.id):
        return finish(user, address, without_password=without_password)
    renew_session()
    until = (utcnow() + dt.timedelta(minutes=PENDING_MINUTES)).timestamp()
    pending = PendingSignIn(user.id, until, 0, relative_path(address), without_password, _hash_mark(user.id))
    session[_PENDING] = asdict(pending)
    return make_response(redirect(url_for("accounts.ask_code"), 303))


def find_pending() -> PendingSignIn | None:
    """Return the sign-in of this session that waits for its second step; None if there is none or it took too long."""
    found = session.get(_PENDING)
    pending = PendingSignIn(**found) if found else None
    return pending if pending is not None and pending.until > utcnow().timestamp() else None


def count_try(pending: PendingSignIn) -> bool:
    """One more wrong code; whether another may be tried."""
    if pending.tries + 1 >= PENDING_TRIES:
        drop_pending()
        return False
    session[_PENDING] = asdict(replace(pending, tries=pending.tries + 1))
    return True


def drop_pending() -> None:
    session.pop(_PENDING, None)


def user_of_pending(pending: PendingSignIn) -> User | None:
    """Return the user, unless the account was disabled or its password changed since the first step."""
    user = find_user(str(pending.account_id))
    return user if user is not None and _hash_mark(user.id) == pending.hash_mark else None


def finish(user: User, address: str | None, *, without_password: bool = False) -> Response:
    """Sign in: a session of its own, an entry in the audit, and on to where the person wanted."""
    renew_session()
    login_user(user)
    if without_password:
        session[WITHOUT_PASSWORD] = True
    note(AuditEvent.SIGNED_IN, user)
    log.info("signed_in", account=user.id)
    return go_on(address)


def renew_session() -> None:
    """A session of its own for who comes next, with a form token of its own."""
    current_session().renew()
    g.pop("csrf_token", None)
    generate_csrf()


def stay_in(account_id: int) -> None:
    """The current session goes on under a new number: what the account proves itself by has changed."""
    kept = {name: session[name] for name in _KEPT if name in session}
    user = find_user(str(account_id))
    assert user is not None
    renew_session()
    login_user(user)
    session.update(kept)


def go_on(address: str | None) -> Response:
    return make_response(redirect(relative_path(address) or url_for("general.start"), 303))


def intend_for(event: AuditEvent, user: User | None) -> None:
    """Have the next commit record something of an account before, or without, its being signed in."""
    intend(
        Intent(
            event,
            user.initials if user else "",
            tenant_id=user.tenant_id if user else None,
            account_id=user.id if user else None,
            role=user.role.value if user else None,
            address=request.remote_addr,
            subject="account" if user else None,
            subject_id=user.id if user else None,
        )
    )


def note(event: AuditEvent, user: User | None, step: str | None = None) -> None:
    """Into the audit, also where there is no such account: it takes as long. What was typed is kept nowhere."""
    intend_for(event, user)
    describe(step=step)
    if user is not None and event is AuditEvent.SIGNED_IN:
        _note_sign_in(user.id, utcnow())
    commit()


def _hash_mark(account_id: int) -> str:
    with scoped_to(EVERY_TENANT):
        stored = db.session.scalar(select(Account.password_hash).where(Account.id == account_id)) or ""
    return hashlib.sha256(stored.encode()).hexdigest()[:16]


def _note_sign_in(account_id: int, now: dt.datetime) -> None:
    """Record the time of an account's last sign-in, whatever tenant the session sees."""
    accounts = cast("Table", Account.__table__)
    with for_every_tenant():
        db.session.connection().execute(
            update(accounts).where(accounts.c.id == account_id).values(signed_in_at=now)
        )

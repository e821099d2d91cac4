"""Two people: what one has started, and the system has held, another one decides about.

Accounts count, not initials, which people may change. An account also counts as that of every user who has seen the
link by which its password was set: they may have used it. A link by mail, or an identity provider, ends that.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from sqlalchemy import Table, select

from portal.audit.recording import describe
from portal.core.database import db, for_every_tenant
from portal.core.refusal import Refusal
from portal.domain.accounts import Account
from portal.domain.actors import SYSTEM, Actor
from portal.domain.audit import Second


class ApprovalBlocker(StrEnum):
    """Why a user is no second person."""

    SAME = "same-person"
    LINK_SEEN = "link-seen"


@dataclass(frozen=True)
class Starter:
    """Who has started something: an account, or what is known only by initials."""

    initials: str
    account_id: int | None


def approval_blocker(starter: Starter, judge: Actor) -> ApprovalBlocker | None:
    """Return why `judge` is no second person to `starter`; None where they may decide."""
    if is_same(starter, judge):
        return ApprovalBlocker.SAME
    if starter.account_id is None or judge.account_id is None:
        return None
    own = {judge.account_id} if judge.by_provider else _hands(judge.account_id)
    return ApprovalBlocker.LINK_SEEN if own & _hands(starter.account_id) else None


def is_same(starter: Starter, judge: Actor) -> bool:
    """Return whether both are one. Where a command was given without an account, initials have to do."""
    if starter.account_id is not None and judge.account_id is not None:
        return starter.account_id == judge.account_id
    return starter.initials == judge.initials != SYSTEM.initials


def require_second(starter: Starter, judge: Actor, prefix: str = "") -> None:
    """Raise Refusal `same-person` or `link-seen`, after `prefix`; else have the audit say who decides."""
    if (code := approval_blocker_code(starter, judge, prefix)) is not None:
        raise Refusal(code)
    describe(second_person=_kind(judge).value)


def approval_blocker_code(starter: Starter, judge: Actor, prefix: str = "") -> str | None:
    """The code of the refusal that `require_second` would raise, for a page that says so before."""
    found = approval_blocker(starter, judge)
    return None if found is None else f"{prefix}{found.value}"


def _kind(judge: Actor) -> Second:
    if judge.account_id is None:
        return Second.OPERATOR
    return Second.OTHER if _row(judge.account_id)[0] is not None else Second.SUPPORT


def _hands(account_id: int) -> set[int]:
    """The accounts whose people may be behind this one: its own, and who has seen the link, and so on."""
    found: set[int] = set()
    further: int | None = account_id
    while further is not None and further not in found:
        found.add(further)
        further = _row(further)[1]
    return found


def _row(account_id: int) -> tuple[int | None, int | None]:
    """Tenant, and who has seen the link; whatever tenant the session sees, since support has none."""
    accounts = cast("Table", Account.__table__)
    query = select(accounts.c.tenant_id, accounts.c.link_seen_by_id).where(accounts.c.id == account_id)
    with for_every_tenant():
        tenant_id, seen_by = db.session.connection().execute(query).one()
    return tenant_id, seen_by

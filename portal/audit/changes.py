"""What was set of tenants, accounts and tokens, before and after: collected at each flush, for the entry of its commit.

Collected here rather than said by each view and command, so that nothing set can be left out. Never secrets, never
names or addresses of people: of those only that they changed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session, SessionTransaction

from portal.core.database import db
from portal.domain.accounts import Account
from portal.domain.tenants import Connection, Tenant
from portal.domain.tokens import ApiToken

Changes = dict[str, list[Any]]
"""By name of what was set: before and after."""
_KEY = "audit_changes"


class Shown(StrEnum):
    """What the audit keeps of a column that people set."""

    VALUE = "value"
    CHANGED = "changed"
    """Only whether there was something, and is: credentials, and personal data."""


AUDITED: Final[Mapping[type, Mapping[str, Shown]]] = {
    Tenant: {
        "name": Shown.VALUE,
        "federal_state": Shown.VALUE,
        "licence_from": Shown.VALUE,
        "licence_until": Shown.VALUE,
        "time_zone": Shown.VALUE,
        "transfer_time": Shown.VALUE,
        "sends_social_insurance_number": Shown.VALUE,
        "brake_minimum": Shown.VALUE,
        "brake_percent": Shown.VALUE,
        "brake_days": Shown.VALUE,
        "brake_order_minimum": Shown.VALUE,
        "protocol_months": Shown.VALUE,
        "payload_days": Shown.VALUE,
    },
    Connection: {"token_encrypted": Shown.CHANGED},
    Account: {
        "email": Shown.CHANGED,
        "name": Shown.CHANGED,
        "initials": Shown.VALUE,
        "role": Shown.VALUE,
        "mediator_id": Shown.VALUE,
        "disabled_at": Shown.CHANGED,
        "gets_mails": Shown.VALUE,
        "language": Shown.VALUE,
    },
    ApiToken: {"expires_at": Shown.VALUE, "revoked_at": Shown.CHANGED},
}
"""The columns that people set; the others of these tables are in `UNSET`."""
UNSET: Final[Mapping[type, frozenset[str]]] = {
    Tenant: frozenset(
        {"id", "slug", "next_transfer_at", "next_erasure_at", "newest_exports", "created_at"}
        | {"states_checked_at", "states_cursor", "states_drifted"}
    ),
    Connection: frozenset(
        {"id", "tenant_id", "opened_at", "closed_at"}
        | {"network", "state"}  # said as the tenant's network, by `tenants.service.choose_network`
        | {"last_sequence", "attempted_sequence", "committed_sequence", "network_sequence"}
        | {"needs_full", "reconcile_since"}
        | {"failures", "paused_until", "pause_is_ordered", "probe_at", "quarantined_at", "problem"}
        | {
            "provider_id",
            "provider_bound_at",
            "shares_provider",
            "holdings_known",
        }  # said by the act of taking it
        | {"account_doubt", "doubted_since", "found_provider_id", "found_provider_name"}
        | {"network_name", "network_licensed_until", "max_part_bytes", "encodings", "checked_at"}
    ),
    # passwords have events of their own
    Account: frozenset({"id", "tenant_id", "password_hash", "link_seen_by_id", "signed_in_at", "created_at"}),
    ApiToken: frozenset(
        {
            "id",
            "tenant_id",
            "name",
            "token_hash",
            "hint",
            "created_at",
            "created_by",
            "revoked_by",
            "last_used_at",
        }
    ),
}
"""Columns that no user sets, or that identify the row; a test holds both tables against the models."""
NAMES: Final[Mapping[type, str]] = {
    Tenant: "tenant",
    Connection: "connection",
    Account: "account",
    ApiToken: "api-token",
}


def note_change(name: str, before: object, after: object) -> None:
    """Have the entry of this transaction say that `name` was set, where no column of its own says it."""
    _merge(db.session(), name, _plain(before), _plain(after))


def take_changes() -> Changes:
    """Take what was set in this transaction; what came back to what it was is none."""
    found: Changes = db.session().info.pop(_KEY, {})
    return {name: pair for name, pair in sorted(found.items()) if pair[0] != pair[1]}


@event.listens_for(Session, "after_flush")
def _collect(session: Session, _context: object) -> None:
    """The history of attributes is still there, and new rows have their defaults."""
    for row in session.dirty:
        for column, shown in AUDITED.get(type(row), {}).items():
            history = inspect(row).attrs[column].history
            if history.has_changes():
                before = history.deleted[0] if history.deleted else None
                _note(session, row, column, shown, before, history.added[0] if history.added else None)
    for row in session.new:
        for column, shown in AUDITED.get(type(row), {}).items():
            _note(session, row, column, shown, None, getattr(row, column))


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, previous: SessionTransaction) -> None:
    """Drop the collected changes after a rollback. One of a savepoint keeps them; its columns are as before."""
    if not previous.nested:
        session.info.pop(_KEY, None)


def _note(session: Session, row: object, column: str, shown: Shown, before: object, after: object) -> None:
    name = f"{NAMES[type(row)]}.{column.removesuffix('_encrypted')}"
    if shown is Shown.VALUE:
        _merge(session, name, _plain(before), _plain(after))
    elif before != after:
        _merge(session, name, _presence(before), "changed" if before and after else _presence(after))


def _merge(session: Session, name: str, before: object, after: object) -> None:
    """Keep what it was before the first change of the transaction, and what it is after the last."""
    found: Changes = session.info.setdefault(_KEY, {})
    found[name] = [found[name][0] if name in found else before, after]


def _presence(value: object) -> str | None:
    return "set" if value else None


def _plain(value: object) -> object:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, dt.time):
        return value.isoformat("minutes")
    return value.isoformat() if isinstance(value, dt.date) else value

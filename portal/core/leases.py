"""Leases of rows: which process may work on one, and how long.

Taking a lease counts the row's `fence` up, so that a write of an earlier holder changes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.database import TenantOwned, commit, db, rollback, utcnow

UNSHOWN = "unshown"
"""Option of statements that change nothing which an open page shows (see tenants.versions)."""


class Leased(TenantOwned):
    """A row that processes take in turn."""

    if TYPE_CHECKING:
        id: Mapped[int]

    lease_until: Mapped[dt.datetime | None]
    fence: Mapped[int] = mapped_column(default=0)


class CrashCounted(Leased):
    """A row whose leases that run out without a word are counted."""

    crashes: Mapped[int] = mapped_column(default=0)


Row = TypeVar("Row", bound=Leased)
Counted = TypeVar("Counted", bound=CrashCounted)


class LeaseLost(Exception):
    """Another process has the row now: who gets this stops at once, having written nothing."""


@dataclass(frozen=True)
class Lease(Generic[Row]):
    """The right to write a row, and through it others: its fence is the newest."""

    model: type[Row]
    row_id: int
    tenant_id: int | None
    fence: int
    seconds: int

    @contextmanager
    def step(self, *conditions: ColumnElement[bool]) -> Iterator[Row]:
        """Open a transaction that renews the lease, yield the row freshly read, and commit.

        Raises LeaseLost where another process has the row, or `conditions` do not hold any more. Whatever is raised
        inside undoes the transaction.
        """
        try:
            yield renew(self, utcnow(), *conditions)
            commit()
        except BaseException:
            rollback()
            raise


def is_free(model: type[Leased], now: dt.datetime) -> ColumnElement[bool]:
    """The condition that no process has the row."""
    return or_(model.lease_until.is_(None), model.lease_until < now)


def take(
    model: type[Row],
    row_id: int,
    now: dt.datetime,
    lease_seconds: int,
    *conditions: ColumnElement[bool],
    **values: Any,
) -> Lease[Row] | None:
    """Take the lease of a row that `conditions` hold for; None where they do not, or another process has it.

    Commit right after. `values` are set with it.
    """
    if issubclass(model, CrashCounted):
        values["crashes"] = model.crashes + 1  # release() and defer() reset it; a crash leaves it counted
    taken = db.session.execute(
        update(model)
        .where(model.id == row_id, is_free(model, now), *conditions)
        .values(fence=model.fence + 1, lease_until=now + dt.timedelta(seconds=lease_seconds), **values)
        .returning(model.tenant_id, model.fence)
        .execution_options(synchronize_session=False, **{UNSHOWN: True})
    ).one_or_none()
    return Lease(model, row_id, taken.tenant_id, taken.fence, lease_seconds) if taken else None


def renew(held: Lease[Row], now: dt.datetime, *conditions: ColumnElement[bool]) -> Row:
    """Renew the lease and return the row, freshly read; LeaseLost where another process has it.

    First statement of every transaction that writes: on PostgreSQL the row stays locked until its end, on SQLite the
    whole database is, so that no process can take the lease in between.
    """
    model = held.model
    result = db.session.execute(
        update(model)
        .where(model.id == held.row_id, model.fence == held.fence, *conditions)
        .values(lease_until=now + dt.timedelta(seconds=held.seconds))
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    if not result.rowcount:
        raise LeaseLost
    query = select(model).where(model.id == held.row_id).execution_options(populate_existing=True)
    return db.session.scalars(query).one()


def defer(held: Lease[Counted], until: dt.datetime) -> None:
    """Give the lease back because the database hindered the work: that is no crash, and it goes on at `until`."""
    model = held.model
    db.session.execute(
        update(model)
        .where(model.id == held.row_id, model.fence == held.fence, model.crashes > 0)
        .values(lease_until=until, crashes=model.crashes - 1)
        .execution_options(synchronize_session=False)
    )

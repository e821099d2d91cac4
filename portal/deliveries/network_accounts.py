"""A person's decision about the account at the network that a connection's token opens. Never commits."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass

from sqlalchemy import func, select, update

from portal.core.database import db
from portal.deliveries.errors import AccountChanged, AccountNotDoubted, NetworkAccountTaken
from portal.deliveries.service import cancel, replan
from portal.deliveries.transitions import FAIL, move
from portal.domain.actors import SYSTEM
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import (
    ACCOUNT_DOUBTS,
    ONLY_WITHDRAWALS,
    DeliveryProblem,
)
from portal.domain.releases import Registration
from portal.domain.tenants import Connection
from portal.tenants.context import find_uncommitted
from portal.tenants.queries import lock_connection


@dataclass(frozen=True)
class Question:
    """What a person decides: whether the account that was found is ours."""

    connection: Connection
    problem: DeliveryProblem
    since: dt.datetime
    announced: int
    """People whom the account holds that the connection is bound to."""

    @property
    def digest(self) -> str:
        """Of what is shown: nothing else is decided."""
        found = [
            self.connection.id,
            self.problem,
            self.connection.provider_id,
            self.connection.found_provider_id,
        ]
        return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def find_question(connection: Connection | None) -> Question | None:
    """What is to be decided about the account of a connection; None where nothing is."""
    if connection is None or connection.account_doubt is None or connection.doubted_since is None:
        return None
    announced = select(func.count()).where(
        Registration.connection_id == connection.id, Registration.announced
    )
    problem = DeliveryProblem(connection.account_doubt)
    return Question(connection, problem, connection.doubted_since, db.session.scalar(announced) or 0)


def accept(connection: Connection, shown_digest: str, now: dt.datetime, *, may_share: bool) -> Question:
    """Accept the account found as the tenant's: the next delivery is full, and held if that account holds people.

    Raises Refusal `account-not-doubted`, `account-changed` where it is not what was shown, `account-taken` where
    another tenant has it, unless `may_share`.
    """
    connection = lock_connection(connection.id)
    question = find_question(connection)
    if question is None:
        raise AccountNotDoubted
    if question.digest != shown_digest:
        raise AccountChanged
    taken = question.problem is DeliveryProblem.TAKEN_ACCOUNT
    if taken and not may_share:
        raise NetworkAccountTaken
    if connection.provider_id != connection.found_provider_id:
        connection.needs_full, connection.holdings_known = True, False
        _end_unknown(connection, now)
    connection.provider_id, connection.provider_bound_at = connection.found_provider_id, now
    connection.network_name, connection.shares_provider = connection.found_provider_name, taken
    go_on(connection, now)
    return question


def go_on(connection: Connection, now: dt.datetime) -> None:
    """Resume what waited for the decision: the held delivery is planned again."""
    connection.account_doubt = connection.doubted_since = None
    connection.found_provider_id = connection.found_provider_name = None
    db.session.flush()
    db.session.execute(
        update(Delivery)
        .where(Delivery.connection_id == connection.id, Delivery.next_step_at > now)
        .values(next_step_at=now)
        .execution_options(synchronize_session=False)
    )
    held = find_uncommitted(connection.id)
    if (
        held is None
        or held.problem not in ACCOUNT_DOUBTS
        or not cancel(held, DeliveryProblem.REPLACED, SYSTEM, now)
    ):
        return
    if held.cause not in ONLY_WITHDRAWALS:  # those the sweep plans anew
        replan(held, now)


def _end_unknown(connection: Connection, now: dt.datetime) -> None:
    """End a commit of unknown outcome that went to the former account: its outcome cannot be found out any more."""
    delivery = find_uncommitted(connection.id)
    if delivery is None or delivery.commit_attempted_at is None:
        return
    move(delivery, FAIL, now, problem=DeliveryProblem.OTHER_ACCOUNT)

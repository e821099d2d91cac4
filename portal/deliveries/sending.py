"""Send a frozen delivery: open, parts, commit; and find out what became of a commit without an answer."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select, update

from portal.core.database import commit, db, utcnow
from portal.core.leases import Lease, renew
from portal.core.settings import current_settings
from portal.deliveries.account_checks import take_in
from portal.deliveries.attempts import client_for, note_failure, note_success, problem_of, recording
from portal.deliveries.braking import shown_digest
from portal.deliveries.parts import part_content
from portal.deliveries.permission import abandon_at_network, blocking_problem, yield_to_urgent
from portal.deliveries.receipts import apply_receipt
from portal.deliveries.refusals import (
    end,
    exclude_record,
    explain_refusal,
    fail,
    hold,
    is_not_found,
    rebuild,
    wait_for_reconciling,
)
from portal.deliveries.service import cancel, replan
from portal.domain.actors import SYSTEM
from portal.domain.deliveries import Delivery, DeliveryPart
from portal.domain.delivery_states import DeliveryProblem, DeliveryState, Mode
from portal.domain.tenants import Connection
from portal.networks.protocol.client import Garbled, NetworkClient, NetworkError, Refused, Unauthorised
from portal.networks.protocol.contract import Account, Receipt


class GivenUp(Exception):
    """The delivery has ended or waits for a person; nothing more is sent."""


@dataclass(frozen=True)
class SendSnapshot:
    """What is to be sent, read once: plain values, so that the database is free during slow calls."""

    delivery_id: int
    connection_id: int
    tenant_id: int
    sequence: int
    mode: Mode
    base_sequence: int | None
    idempotency_key: str
    created_at: dt.datetime
    commit_attempted: bool
    token_checked: bool
    """The network has said whose token it is."""
    remote_id: str | None
    counts: dict[str, int]
    parts: tuple[tuple[int, str], ...]
    """Number and digest of each part, in order."""


def send(held: Lease[Delivery]) -> dt.datetime | None:
    """built or sending → committed; or held, failed, given up; or later."""
    order, connection = _begin(held)
    if connection.token_sealed is None:
        return fail(held, DeliveryProblem.NO_CREDENTIALS, None)
    with client_for(connection) as client:
        commit()
        try:
            return _send(held, order, client)
        except GivenUp:
            return None
        except NetworkError as error:
            return _after_error(held, order, client, error)


def _begin(held: Lease[Delivery]) -> tuple[SendSnapshot, Connection]:
    delivery = renew(held, utcnow())
    connection = db.session.get_one(Connection, delivery.connection_id, populate_existing=True)
    if delivery.commit_attempted_at is not None:
        delivery.outcome_unknown = True  # whoever attempted it did not live to write down what came of it
    if delivery.state is DeliveryState.BUILT:
        delivery.state = DeliveryState.SENDING
        delivery.sent_at = utcnow()
        only_withdrawals = delivery.mode is Mode.DELTA and not delivery.counts.get("participant")
        delta = delivery.mode is Mode.DELTA and not only_withdrawals
        delivery.base_sequence = connection.committed_sequence if delta else None
    parts = db.session.execute(
        select(DeliveryPart.number, DeliveryPart.digest)
        .where(DeliveryPart.delivery_id == delivery.id)
        .order_by(DeliveryPart.number)
    )
    order = SendSnapshot(
        delivery_id=delivery.id,
        connection_id=connection.id,
        tenant_id=delivery.tenant_id,
        sequence=delivery.sequence,
        mode=delivery.mode,
        base_sequence=delivery.base_sequence,
        idempotency_key=delivery.idempotency_key,
        created_at=delivery.created_at,
        commit_attempted=delivery.commit_attempted_at is not None,
        token_checked=connection.checked_at is not None and connection.account_doubt is None,
        remote_id=delivery.remote_id,
        counts={
            kind: delivery.counts.get(kind, 0) for kind in ("mediator", "order", "participant", "withdrawal")
        },
        parts=tuple((row.number, row.digest) for row in parts),
    )
    commit()
    return order, connection


def _send(held: Lease[Delivery], order: SendSnapshot, client: NetworkClient) -> dt.datetime | None:
    remote_id = order.remote_id
    if order.commit_attempted and not order.token_checked:
        with recording(client, order.connection_id, order.tenant_id, order.delivery_id):
            account = client.read_account()
        until = _doubt_again(held, account)
        if until:
            return until
    if order.commit_attempted and abandon_at_network(held, order.connection_id, remote_id or "", client):
        raise GivenUp
    if not order.commit_attempted:
        with recording(client, order.connection_id, order.tenant_id, order.delivery_id):
            account = client.read_account()
        _take_note_of(held, account)
        remote_id = _open(held, order, client)
        _check_once_more(held)
    assert remote_id is not None
    with recording(client, order.connection_id, order.tenant_id, order.delivery_id):
        receipt = client.commit_delivery(remote_id, [digest for _, digest in order.parts], order.counts)
    _check_receipt(receipt, remote_id, order.sequence)
    now = utcnow()
    delivery = renew(held, now)
    apply_receipt(delivery, receipt, now)
    note_success(order.connection_id)
    replan_superseded(delivery, now)
    commit()
    return now


def _take_note_of(held: Lease[Delivery], account: Account) -> None:
    """Keep what the network says of us; where it knows deliveries that we do not, everything waits for a person."""
    now = utcnow()
    delivery = renew(held, now)
    connection = db.session.get_one(Connection, delivery.connection_id, populate_existing=True)
    doubt = take_in(connection, account, now)
    if doubt is DeliveryProblem.WRONG_NETWORK:
        end(delivery, DeliveryState.FAILED, DeliveryProblem.REFUSED, f"token of {account.network}", now)
        commit()
        raise GivenUp
    if doubt:
        hold(delivery, doubt, now)
        commit()
        raise GivenUp
    if account.last_sequence > connection.attempted_sequence:
        wait_for_reconciling(delivery, connection, now)
        commit()
        raise GivenUp
    if delivery.mode is Mode.FULL and not connection.holdings_known:
        hold(delivery, DeliveryProblem.UNKNOWN_HOLDINGS, now)
        delivery.shown_digest = shown_digest(delivery)
        commit()
        raise GivenUp
    if _has_parts_too_large(
        delivery, connection
    ):  # the network's limit was not known, or higher, when it was built
        cancel(delivery, DeliveryProblem.REPLACED, SYSTEM, now)
        replan(delivery, now)
        commit()
        raise GivenUp
    commit()


def _doubt_again(held: Lease[Delivery], account: Account) -> dt.datetime | None:
    """Until when what may count already waits, since the token is new and opens another account."""
    now = utcnow()
    delivery = renew(held, now)
    connection = db.session.get_one(Connection, delivery.connection_id, populate_existing=True)
    doubt = take_in(connection, account, now)
    if doubt:
        delivery.problem = doubt
    commit()
    return now + dt.timedelta(seconds=current_settings().retry_seconds[-1]) if doubt else None


def _has_parts_too_large(delivery: Delivery, connection: Connection) -> bool:
    """Whether the network would refuse a part that could be cut smaller; a single record cannot."""
    query = select(DeliveryPart.id).where(
        DeliveryPart.delivery_id == delivery.id,
        DeliveryPart.size > connection.max_part_bytes,
        DeliveryPart.records > 1,
    )
    return db.session.scalar(query.limit(1)) is not None


def _open(held: Lease[Delivery], order: SendSnapshot, client: NetworkClient) -> str:
    try:
        with recording(client, order.connection_id, order.tenant_id, order.delivery_id):
            opened = client.open_delivery(
                order.idempotency_key, order.sequence, order.mode.value, order.base_sequence, order.created_at
            )
    except Refused as error:
        if not is_not_found(error):
            raise
        rebuild(held, error)  # the key was given up there
        raise GivenUp from None
    if opened.parts and order.remote_id is None:
        rebuild(held, remote_id=opened.delivery_id)  # parts of other days, maybe with other bytes
        raise GivenUp
    if opened.sequence != order.sequence:
        raise Garbled("another-delivery")
    renew(held, utcnow()).remote_id = opened.delivery_id
    commit()
    for number, digest in order.parts:
        if number in opened.parts:
            continue
        renew(held, utcnow())
        content = part_content(order.delivery_id, number)
        commit()
        try:
            with recording(client, order.connection_id, order.tenant_id, order.delivery_id):
                client.put_part(opened.delivery_id, number, content, digest)
        except Refused as error:
            if error.word == "invalid-record" and error.problem.line:
                exclude_record(held, content, error.problem.line, error.problem.detail)
                raise GivenUp from None
            raise
    return opened.delivery_id


def _check_once_more(held: Lease[Delivery]) -> None:
    """Last look before the commit: those named must still be released, and their consent must hold."""
    now = utcnow()
    delivery = renew(held, now)
    problem = blocking_problem(delivery, now)
    if problem:
        yield_to_urgent(delivery, problem, now)
        commit()
        raise GivenUp
    delivery.commit_attempted_at = delivery.commit_attempted_at or now
    db.session.execute(
        update(Connection)
        .where(Connection.id == delivery.connection_id, Connection.attempted_sequence < delivery.sequence)
        .values(attempted_sequence=delivery.sequence)
        .execution_options(synchronize_session=False)
    )
    commit()


def _check_receipt(receipt: Receipt, remote_id: str, sequence: int) -> None:
    if receipt.delivery_id != remote_id or receipt.sequence != sequence:
        raise Garbled("another-receipt")


def replan_superseded(delivery: Delivery, now: dt.datetime) -> None:
    """Plan anew the delivery that had given way to this one, if any."""
    if delivery.plans_anew_id is None:
        return
    waiting = db.session.get_one(Delivery, delivery.plans_anew_id)
    replan(waiting, now, waiting.cause)


def _after_error(
    held: Lease[Delivery], order: SendSnapshot, client: NetworkClient, error: NetworkError
) -> dt.datetime | None:
    """What follows from a failed call: later, or never, or first finding out whether the commit counted."""
    delivery = renew(held, utcnow())
    if isinstance(error, Refused):
        unknown = delivery.outcome_unknown
        commit()
        proven = not unknown or (not isinstance(error, Unauthorised) and _is_certainly_open(order, client))
        return explain_refusal(held, error) if proven else _pause(held, error)
    if delivery.commit_attempted_at is not None:
        delivery.outcome_unknown = delivery.outcome_unknown or error.maybe_taken_in
        if not delivery.outcome_unknown:  # it never left, or was turned away: the last look comes again
            delivery.commit_attempted_at = None
    commit()
    return _pause(held, error)


def _pause(held: Lease[Delivery], error: NetworkError) -> dt.datetime:
    """Try again when the connection's pause is over."""
    now = utcnow()
    delivery = renew(held, now)
    delivery.problem = problem_of(error)
    until = note_failure(delivery.connection_id, error, now)
    commit()
    return until


def _is_certainly_open(order: SendSnapshot, client: NetworkClient) -> bool:
    """Whether the network says that a commit whose answer was lost did not count."""
    try:
        with recording(client, order.connection_id, order.tenant_id, order.delivery_id):
            return client.read_delivery(order.remote_id or "").state == "open"
    except Refused as error:
        return is_not_found(error)
    except NetworkError:
        return False

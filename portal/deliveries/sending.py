"""Send a frozen delivery: open, parts, the last look, commit; and find out what became of a commit without an answer.

Each call to the network stands between two transactions: none is open during a call, and each can be resumed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from sqlalchemy import update

from portal.core.database import db, utcnow
from portal.core.leases import Lease
from portal.deliveries.account_checks import take_in
from portal.deliveries.attempts import client_for
from portal.deliveries.outcomes import Continue, Outcome, RetryAt, Stop, conclude
from portal.deliveries.parts import part_content
from portal.deliveries.pauses import longest_pause, note_success, pause
from portal.deliveries.permission import blocking_problem, judge_account
from portal.deliveries.receipts import apply_receipt
from portal.deliveries.refusals import exclude_record, is_not_found, judge_refusal, rebuild
from portal.deliveries.send_snapshot import SendSnapshot, take_snapshot
from portal.deliveries.service import replan_superseded
from portal.deliveries.transitions import BEGIN_SENDING, DISCARD, FAIL, move
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryProblem, Mode
from portal.domain.tenants import Connection
from portal.networks.protocol.client import NetworkClient
from portal.networks.protocol.errors import Garbled, NetworkError, Refused, Unauthorised


def send(held: Lease[Delivery]) -> Outcome:
    """built or sending → committed; else held, failed or discarded; or later."""
    with held.step() as delivery:
        now = utcnow()
        connection = _connection_of(delivery)
        _begin(delivery, connection, now)
        if connection.token_encrypted is None:
            return conclude(delivery, Stop(DeliveryProblem.NO_CREDENTIALS, FAIL), now)
        sending = Sending(held, take_snapshot(delivery, connection), client_for(connection, delivery.id))
    with sending.client:
        try:
            return sending.run()
        except NetworkError as error:
            return sending.explain(error)


def _begin(delivery: Delivery, connection: Connection, now: dt.datetime) -> None:
    if delivery.commit_attempted_at is not None:
        delivery.outcome_unknown = True  # the process that attempted it died before it stored the outcome
    delta = delivery.mode is Mode.DELTA and delivery.counts.get("participant")
    move(delivery, BEGIN_SENDING, now, base_sequence=connection.committed_sequence if delta else None)


@dataclass
class Sending:
    """One attempt to send a delivery. Each part gives None to go on, else what the attempt comes to."""

    held: Lease[Delivery]
    order: SendSnapshot
    client: NetworkClient
    remote_id: str = ""
    stored: set[int] = field(default_factory=set)
    """The parts that the network has."""

    def run(self) -> Outcome:
        """Do all of it in order. Raises NetworkError."""
        if self.order.commit_attempted:
            self.remote_id = self.order.remote_id or ""
            changed = None if self.order.token_checked else self.check_account_again()
            return changed or self.take_back() or self.commit_delivery()
        return (
            self.check_account()
            or self.open()
            or self.put_parts()
            or self.look_again()
            or self.commit_delivery()
        )

    def check_account(self) -> Outcome | None:
        """Keep what the network says of us; where it knows deliveries that we do not, everything waits for a person."""
        account = self.client.read_account()
        with self.held.step() as delivery:
            now = utcnow()
            problem = judge_account(delivery, account, now)
            return problem and conclude(delivery, problem, now)

    def open(self) -> Outcome | None:
        """Open the delivery under its key, which gives the same one however often it is repeated."""
        order = self.order
        try:
            opened = self.client.open_delivery(
                order.idempotency_key, order.sequence, order.mode.value, order.base_sequence, order.created_at
            )
        except Refused as error:
            if not is_not_found(error):
                raise
            return self._rebuild(order.remote_id, error)  # the key was given up there
        if opened.parts and order.remote_id is None:
            return self._rebuild(opened.delivery_id)  # parts of other days, maybe with other bytes
        if opened.sequence != order.sequence:
            raise Garbled("another-delivery")
        with self.held.step() as delivery:
            delivery.remote_id = opened.delivery_id
        self.remote_id, self.stored = opened.delivery_id, set(opened.parts)
        return None

    def put_parts(self) -> Outcome | None:
        """Put the parts that the network has not got."""
        for number, digest in self.order.parts:
            if number in self.stored:
                continue
            with self.held.step():
                content = part_content(self.order.delivery_id, number)
            try:
                self.client.put_part(self.remote_id, number, content, digest)
            except Refused as error:
                if error.word != "invalid-record" or not error.problem.line:
                    raise
                with self.held.step() as delivery:
                    now = utcnow()
                    stop = exclude_record(delivery, content, error.problem.line, error.problem.detail, now)
                    return conclude(delivery, stop, now)
        return None

    def look_again(self) -> Outcome | None:
        """Check once more before the commit that those named are still released and that their consent holds."""
        with self.held.step() as delivery:
            now = utcnow()
            problem = blocking_problem(delivery, now)
            if problem:
                return conclude(delivery, _give_way(problem, now), now)
            delivery.commit_attempted_at = delivery.commit_attempted_at or now
            db.session.execute(
                update(Connection)
                .where(
                    Connection.id == delivery.connection_id, Connection.attempted_sequence < delivery.sequence
                )
                .values(attempted_sequence=delivery.sequence)
                .execution_options(synchronize_session=False)
            )
        return None

    def commit_delivery(self) -> Outcome:
        """Have it count, and store the receipt with all that follows from it."""
        digests = [digest for _, digest in self.order.parts]
        receipt = self.client.commit_delivery(self.remote_id, digests, self.order.counts)
        if receipt.delivery_id != self.remote_id or receipt.sequence != self.order.sequence:
            raise Garbled("another-receipt")
        with self.held.step() as delivery:
            now = utcnow()
            apply_receipt(delivery, receipt, now)
            note_success(delivery.connection_id)
            replan_superseded(delivery, now)
            return conclude(delivery, Continue(), now)

    def check_account_again(self) -> Outcome | None:
        """A commit went out, and the token is new since then: as long as it opens another account, all waits."""
        account = self.client.read_account()
        with self.held.step() as delivery:
            now = utcnow()
            doubt = take_in(_connection_of(delivery), account, now)
            if doubt is None:
                return None
            delivery.problem = doubt
            return conclude(delivery, RetryAt(now + longest_pause()), now)

    def take_back(self) -> Outcome | None:
        """Take back a delivery whose commit was attempted and which must not go any more.

        Repeating a commit of unknown outcome might make count what must not. The network is asked to give the delivery
        up instead: it does, or says that it counts already.
        """
        with self.held.step() as delivery:
            problem = blocking_problem(delivery, utcnow())
        if problem is None:
            return None
        try:
            self.client.abandon_delivery(self.remote_id)
        except Refused as error:
            if error.word == "already-committed":
                return None
            if not is_not_found(error):  # as after an earlier try
                raise
        with self.held.step() as delivery:
            now = utcnow()
            delivery.commit_attempted_at, delivery.outcome_unknown = None, False
            return conclude(delivery, _give_way(problem, now), now)

    def explain(self, error: NetworkError) -> Outcome:
        """What follows from a failed call: later, or never, or first finding out whether the commit counted."""
        proven = isinstance(error, Refused) and (not self.order.commit_attempted or self._is_open(error))
        with self.held.step() as delivery:
            now = utcnow()
            if proven and isinstance(error, Refused):
                return conclude(delivery, judge_refusal(delivery, error, now), now)
            if not isinstance(error, Refused) and delivery.commit_attempted_at is not None:
                delivery.outcome_unknown = delivery.outcome_unknown or error.maybe_taken_in
                if (
                    not delivery.outcome_unknown
                ):  # it never left, or was turned away: the last look comes again
                    delivery.commit_attempted_at = None
            return conclude(delivery, pause(delivery, error, now), now)

    def _is_open(self, error: Refused) -> bool:
        """Return whether the network says that a commit whose answer was lost did not count."""
        if isinstance(error, Unauthorised):
            return False
        try:
            return self.client.read_delivery(self.remote_id).state == "open"
        except Refused as refusal:
            return is_not_found(refusal)
        except NetworkError:
            return False

    def _rebuild(self, remote_id: str | None, error: NetworkError | None = None) -> Outcome:
        """Plan anew, under another key, a delivery that the network knows from days that ours does not.

        A restored backup may hold one that was opened since under its key. `remote_id` is given up there.
        """
        with self.held.step() as delivery:
            now = utcnow()
            delivery.remote_id = remote_id
            return conclude(delivery, rebuild(delivery, now, DeliveryProblem.REPLACED, error), now)


def _give_way(problem: DeliveryProblem, now: dt.datetime) -> Stop:
    """Discard a delivery that must not be sent, and plan it again unless the tenant may send nothing."""
    return Stop(problem, DISCARD, replan_at=None if problem is DeliveryProblem.NOT_LICENSED else now)


def _connection_of(delivery: Delivery) -> Connection:
    return db.session.get_one(Connection, delivery.connection_id, populate_existing=True)

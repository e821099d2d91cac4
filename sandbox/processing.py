"""Working through committed deliveries, in the order of their numbers, once their time has come.

There is no background thread. The first request after the time has come does the work. Before anything
changes that a decision depends on (a mediator, a rule), what is due is worked through, as if in time.
"""

import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta

from sandbox import applicants, forced, mediators, misbehaviour
from sandbox.answers import Answer, write_answers
from sandbox.clock import as_text, from_text
from sandbox.database import Database
from sandbox.decisions import Circumstances, Decision, decide
from sandbox.distortion import distort
from sandbox.providers import Provider, find_provider, list_providers
from sandbox.settings import find_answer_delay
from sandbox.words import Mode, Operation, Outcome, Reason, RecordType


class Processor:
    """Answers after a delay: the provider's own, else the one set by hand, else `default_seconds`."""

    def __init__(self, database: Database, default_seconds: float) -> None:
        self.database = database
        self.default_seconds = default_seconds

    def catch_up(self, provider_id: str, now: datetime) -> None:
        """Work through what is due for one provider, each delivery in a transaction of its own."""
        while self._is_something_due(provider_id, now):
            with self.database.write() as db:
                self._process_next(db, provider_id, now)

    def catch_up_all(self, now: datetime) -> None:
        """Work through what is due for all providers."""
        with self.database.read() as db:
            providers = list_providers(db)
        for provider in providers:
            self.catch_up(provider.provider_id, now)

    def due_at(self, db: sqlite3.Connection, provider: Provider, committed_at: str) -> datetime:
        """Say when a delivery committed at that time is answered."""
        seconds = provider.answer_delay_seconds
        if seconds is None:
            seconds = find_answer_delay(db)
        if seconds is None:
            seconds = self.default_seconds
        return from_text(committed_at) + timedelta(seconds=seconds)

    def _is_something_due(self, provider_id: str, now: datetime) -> bool:
        with self.database.read() as db:
            return self._find_due(db, provider_id, now) is not None

    def _find_due(self, db: sqlite3.Connection, provider_id: str, now: datetime) -> sqlite3.Row | None:
        provider = find_provider(db, provider_id)
        row: sqlite3.Row | None = db.execute(
            "SELECT * FROM delivery WHERE provider_id = ? AND state = 'committed' AND processed_at IS NULL"
            " ORDER BY sequence LIMIT 1",
            (provider_id,),
        ).fetchone()
        if provider is None or row is None or self.due_at(db, provider, row["committed_at"]) > now:
            return None
        return row

    def _process_next(self, db: sqlite3.Connection, provider_id: str, now: datetime) -> None:
        row = self._find_due(db, provider_id, now)  # again: another request may have been faster
        provider = find_provider(db, provider_id)
        if row is None or provider is None:
            return
        at = self.due_at(db, provider, row["committed_at"])
        answers = _Reading(db, provider, row, as_text(at)).answers()
        complete_early = False
        for rule in misbehaviour.find_rules(
            db, Operation.READ_ACKNOWLEDGEMENTS, provider_id, row["sequence"]
        ):
            if rule.kind.stage is misbehaviour.Stage.ANSWERS and misbehaviour.claim(db, rule):
                answers = distort(answers, rule)
                complete_early |= rule.kind is misbehaviour.Kind.ANSWERS_COMPLETE_EARLY
        write_answers(db, row["delivery_id"], answers)
        db.execute(
            "UPDATE delivery SET processed_at = ?, complete_early = ? WHERE delivery_id = ?",
            (as_text(at), complete_early, row["delivery_id"]),
        )


class _Reading:
    """One delivery being read by the network: what it changes, and what is answered."""

    def __init__(self, db: sqlite3.Connection, provider: Provider, row: sqlite3.Row, at: str) -> None:
        self.db = db
        self.provider = provider
        self.delivery_id: str = row["delivery_id"]
        self.sequence: int = row["sequence"]
        self.mode = Mode(row["mode"])
        self.at = at
        self.forced = forced.decisions_by_force(db, provider.provider_id)
        self.known: dict[str, bool] = {}
        self.responsible: dict[str, tuple[str, ...]] = {}

    def answers(self) -> list[Answer]:
        """Take over every record and give the answers in order, those archived by silence last."""
        result = self._read_mediators()
        self._read_orders()
        for row in self._records(RecordType.PARTICIPANT, RecordType.WITHDRAWAL):
            if row["type"] == RecordType.WITHDRAWAL:
                result.append(self._withdraw(row["subject_id"]))
            else:
                result.append(self._take_over(row))
        if self.mode is Mode.FULL:
            unnamed = applicants.list_unnamed(self.db, self.provider.provider_id, self.delivery_id)
            result.extend(self._withdraw(participant_id) for participant_id in unnamed)
        return result

    def _records(self, *kinds: RecordType) -> Iterator[sqlite3.Row]:
        yield from self.db.execute(
            "SELECT * FROM part_record WHERE delivery_id = ? AND type IN (?, ?) ORDER BY number, line",
            (self.delivery_id, kinds[0], kinds[-1]),
        )

    def _read_mediators(self) -> list[Answer]:
        for row in self._records(RecordType.MEDIATOR):
            record = json.loads(row["record"])
            mediator_id = record["mediator_id"]
            mediators.keep_names(
                self.db, self.provider.provider_id, mediator_id, record["last_name"], record["first_name"]
            )
            self.known[mediator_id] = mediators.is_known(self.db, self.provider, mediator_id)
        return [
            self._answer(RecordType.MEDIATOR, mediator_id, Outcome.KNOWN if known else Outcome.UNKNOWN)
            for mediator_id, known in self.known.items()
        ]

    def _read_orders(self) -> None:
        for row in self._records(RecordType.ORDER):
            self.responsible[row["subject_id"]] = tuple(json.loads(row["record"])["responsible"])

    def _take_over(self, row: sqlite3.Row) -> Answer:
        record = json.loads(row["record"])
        order_id = record.get("order_id")
        circumstances = Circumstances(
            mediator_known=self.known[record["mediator_id"]],
            order_responsible=self.responsible[order_id] if order_id is not None else None,
        )
        participant_id = row["subject_id"]
        decision = decide(self.provider.network, record, circumstances, self.forced.get(participant_id))
        if decision.outcome is Outcome.REJECTED:
            return self._decided(participant_id, None, decision)
        applicant_id = applicants.take_over(
            self.db,
            self.provider,
            participant_id,
            decision=decision,
            record=row["record"],
            sequence=self.sequence,
            at=self.at,
        )
        return self._decided(participant_id, applicant_id, decision)

    def _withdraw(self, participant_id: str) -> Answer:
        applicant_id = applicants.withdraw(
            self.db, self.provider.provider_id, participant_id, sequence=self.sequence, at=self.at
        )
        return self._decided(participant_id, applicant_id, Decision(Outcome.ARCHIVED, Reason.WITHDRAWN))

    def _decided(self, participant_id: str, applicant_id: str | None, decision: Decision) -> Answer:
        return self._answer(
            RecordType.PARTICIPANT,
            participant_id,
            decision.outcome,
            applicant_id,
            decision.reason,
            decision.detail,
        )

    def _answer(
        self,
        subject: RecordType,
        subject_id: str,
        outcome: Outcome,
        applicant_id: str | None = None,
        reason: str | None = None,
        detail: str | None = None,
    ) -> Answer:
        return Answer(subject, subject_id, outcome, self.at, applicant_id, reason, detail)

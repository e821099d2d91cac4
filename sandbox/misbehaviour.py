"""Rules that make the network misbehave: what kinds there are, and which one a request meets."""

import json
import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from sandbox.answers import release_held
from sandbox.clock import as_text, now_at
from sandbox.words import ProblemType


class Stage(StrEnum):
    """When a kind acts: instead of handling a request, on its answer, or when answers are decided."""

    BEFORE = "before"
    AFTER = "after"
    ANSWERS = "answers"


class Kind(StrEnum):
    """All ways to misbehave."""

    DELAY = "delay"
    STATUS = "status"
    DROP_BEFORE = "drop-before"
    REDIRECT = "redirect"
    BASE_MISMATCH = "base-mismatch"
    SEQUENCE_CONFLICT = "sequence-conflict"
    DROP_AFTER = "drop-after"
    SLOW = "slow"
    GARBAGE = "garbage"
    HUGE = "huge"
    CUT = "cut"
    COMMIT_FORGOTTEN = "commit-forgotten"
    PAGES_WITHOUT_END = "pages-without-end"
    ANSWERS_LOST = "answers-lost"
    ANSWERS_COMPLETE_EARLY = "answers-complete-early"
    ANSWERS_HELD = "answers-held"
    ANSWERS_DOUBLED = "answers-doubled"
    ANSWERS_REORDERED = "answers-reordered"
    ANSWERS_CONTRADICTORY = "answers-contradictory"
    ANSWERS_FOREIGN = "answers-foreign"
    ANSWERS_UNKNOWN_REASON = "answers-unknown-reason"

    @property
    def stage(self) -> Stage:
        """Say when this kind acts."""
        if self.startswith("answers-"):
            return Stage.ANSWERS
        return Stage.AFTER if self in _AFTER else Stage.BEFORE

    @property
    def label(self) -> str:
        """Give the kind in German."""
        return _LABELS[self]


_AFTER = {
    Kind.DROP_AFTER,
    Kind.SLOW,
    Kind.GARBAGE,
    Kind.HUGE,
    Kind.CUT,
    Kind.COMMIT_FORGOTTEN,
    Kind.PAGES_WITHOUT_END,
}
_LABELS = {
    Kind.DELAY: "wartet vor der Antwort",
    Kind.STATUS: "lehnt mit einem HTTP-Status ab",
    Kind.DROP_BEFORE: "trennt die Verbindung vor der Annahme",
    Kind.REDIRECT: "leitet um",
    Kind.BASE_MISMATCH: "behauptet base-mismatch",
    Kind.SEQUENCE_CONFLICT: "behauptet sequence-conflict",
    Kind.DROP_AFTER: "nimmt an und trennt dann die Verbindung",
    Kind.SLOW: "antwortet Byte für Byte",
    Kind.GARBAGE: "antwortet 200 mit Unsinn",
    Kind.HUGE: "antwortet riesig",
    Kind.CUT: "bricht die Antwort in der Mitte ab",
    Kind.COMMIT_FORGOTTEN: "bestätigt den Eingang und vergisst ihn",
    Kind.PAGES_WITHOUT_END: "gibt Seiten von Bestätigungen ohne Ende",
    Kind.ANSWERS_LOST: "verliert Bestätigungen",
    Kind.ANSWERS_COMPLETE_EARLY: "verliert Bestätigungen und meldet complete",
    Kind.ANSWERS_HELD: "hält Bestätigungen zurück, bis die Regel endet",
    Kind.ANSWERS_DOUBLED: "bestätigt doppelt",
    Kind.ANSWERS_REORDERED: "bestätigt in umgekehrter Reihenfolge",
    Kind.ANSWERS_CONTRADICTORY: "bestätigt widersprüchlich",
    Kind.ANSWERS_FOREIGN: "bestätigt Fremde",
    Kind.ANSWERS_UNKNOWN_REASON: "nennt einen unbekannten Grund",
}


class Rubbish(StrEnum):
    """What a garbage answer consists of."""

    NOT_JSON = "not-json"
    WRONG_SHAPE = "wrong-shape"
    FOREIGN_RECEIPT = "foreign-receipt"
    EMPTY = "empty"


class Endless(StrEnum):
    """How pages of answers go on without end."""

    SAME_CURSOR = "same-cursor"
    IN_TURN = "in-turn"
    NEW_CURSORS = "new-cursors"
    STRANGERS = "strangers"


class Parameters(BaseModel):
    """Parameters of all kinds; each kind reads its own. Those left out have sensible values."""

    model_config = ConfigDict(extra="forbid")

    seconds: Annotated[float, Field(ge=0, le=3600)] = 5
    status: Annotated[int, Field(ge=400, le=599)] = 503
    problem: ProblemType | None = None
    retry_after: Annotated[int, Field(ge=0)] | None = None
    location: str = "http://127.0.0.1:9/"
    redirect_status: Annotated[int, Field(ge=301, le=308)] = 307
    last_sequence: Annotated[int, Field(ge=0)] | None = None
    bytes_per_second: Annotated[float, Field(gt=0)] = 1
    body: Rubbish = Rubbish.NOT_JSON
    text: str | None = None
    size_bytes: Annotated[int, Field(ge=1)] | None = None
    compressed: bool = False
    entirely: bool = False
    pages: Endless = Endless.NEW_CURSORS
    sequence: int | None = None
    participants: list[str] | None = None
    fraction: Annotated[float, Field(gt=0, le=1)] = 1
    ids: list[str] = ["unbekannt-1"]
    applicant_id: str | None = None
    reason: str = "mondphase"


@dataclass(frozen=True)
class Rule:
    """One rule. `operation` and `provider_id` None: any. `remaining` None: until it is removed."""

    rule_id: int
    operation: str | None
    provider_id: str | None
    kind: Kind
    parameters: Parameters
    remaining: int | None
    used: int


def add_rule(
    db: sqlite3.Connection,
    kind: Kind,
    *,
    operation: str | None = None,
    provider_id: str | None = None,
    count: int | None = None,
    parameters: dict[str, Any] | None = None,
) -> int:
    """Add a rule that works `count` times, or until it is removed; gives its number."""
    cursor = db.execute(
        "INSERT INTO misbehaviour (operation, provider_id, kind, parameters, remaining, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (operation or "*", provider_id, kind, json.dumps(parameters or {}), count, as_text(now_at())),
    )
    return int(cursor.lastrowid or 0)


def remove_rules(db: sqlite3.Connection, rule_id: int | None = None) -> int:
    """End one rule, or all; answers that it held back are given. Gives how many rules there were."""
    release_held(db, rule_id)
    cursor = db.execute("DELETE FROM misbehaviour WHERE :rule IS NULL OR rule_id = :rule", {"rule": rule_id})
    return cursor.rowcount


def list_rules(db: sqlite3.Connection) -> list[Rule]:
    """Give all rules, also used-up ones, oldest first."""
    return [_from_row(row) for row in db.execute("SELECT * FROM misbehaviour ORDER BY rule_id")]


def find_rules(
    db: sqlite3.Connection, operation: str, provider_id: str | None, sequence: int | None
) -> list[Rule]:
    """Give the rules that a request, or a delivery that is being answered, meets; oldest first."""
    rows = db.execute(
        "SELECT * FROM misbehaviour WHERE operation IN (?, '*') AND (provider_id IS NULL OR provider_id = ?)"
        " AND (remaining IS NULL OR remaining > 0) ORDER BY rule_id",
        (operation, provider_id),
    )
    rules = [_from_row(row) for row in rows]
    return [rule for rule in rules if rule.parameters.sequence in (None, sequence)]


def claim(db: sqlite3.Connection, rule: Rule) -> bool:
    """Use a rule once; False when another request used it up in between."""
    cursor = db.execute(
        "UPDATE misbehaviour SET used = used + 1, remaining = remaining - 1"
        " WHERE rule_id = ? AND (remaining IS NULL OR remaining > 0)",
        (rule.rule_id,),
    )
    return cursor.rowcount == 1


def _from_row(row: sqlite3.Row) -> Rule:
    return Rule(
        rule_id=row["rule_id"],
        operation=None if row["operation"] == "*" else row["operation"],
        provider_id=row["provider_id"],
        kind=Kind(row["kind"]),
        parameters=Parameters.model_validate_json(row["parameters"]),
        remaining=row["remaining"],
        used=row["used"],
    )

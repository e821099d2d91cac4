"""Protocols: who did what on which night, and the seals that chain it. Writes, and never commits.

The entries of some thousand people are written in the order of time, as they come about in real life: so those of one
participant do not lie side by side in the table.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from functools import cache
from operator import itemgetter
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Table

from benchmarks.data.calendar import AFTER_ALL, DAY, NIGHT, Calendar
from benchmarks.data.houses import NIGHTS, House
from benchmarks.data.stories import (
    BY_CASEWORKER,
    BY_NETWORK,
    BY_QUALLI,
    BY_SYSTEM,
    CHOSEN,
    HISTORY,
    STORIES,
    Step,
    Story,
)
from benchmarks.data.writing import Row, moment, write
from portal.audit.sealing import KINDS, NOTHING_BEFORE, Sealing, digest_of, digest_of_seal, pack
from portal.domain.releases import ProtocolEntry

COLUMNS = "id tenant_id participant_id connection_id delivery_id at event by data seal_key"
VARIANTS = 6
SEALED = 2000
"""Entries that one seal speaks for."""
Entry = tuple[int, int, int, str]
"""Slot, place in STEPS, participant by row, short code of their caseworker."""

STEPS: tuple[Step, ...] = tuple(dict.fromkeys([*HISTORY, *(step for it in STORIES for step in it.steps)]))
_KIND = KINDS["protocol_entry"]
_TABLE = cast("Table", ProtocolEntry.__table__)


@cache
def plan_steps(story: Story, number: int, variant: int, waiting: int) -> tuple[tuple[int, int], ...]:
    """Return slot and step of the entries of a story, `number` or as many as it has, oldest first.

    What went before the story repeats as often as it fits; `variant` moves everything by some nights;
    `waiting` is how many nights ago what is awaited was sent.
    """
    before = max(0, number - len(story.steps))
    history = (HISTORY * (before // len(HISTORY) + 1))[-before:] if before else ()
    steps = [*history, *story.steps]
    gap = min(variant % 3, int(100 / len(steps)) - 1)
    slot = _last_slot(story, variant, waiting)
    found = [(slot, STEPS.index(steps[-1]))]
    for step in reversed(steps[:-1]):
        slot -= (slot - step.slot - 1) % 3 + 1
        slot -= 3 * gap if step.slot == DAY else 0
        slot = max(slot, step.slot)
        found.append((slot, STEPS.index(step)))
    found.reverse()
    return tuple(sorted(found, key=itemgetter(0)))


def _last_slot(story: Story, variant: int, waiting: int) -> int:
    kind = story.steps[-1].slot
    if waiting:
        return 3 * (NIGHTS - waiting) + NIGHT
    if not story.newest:
        return 3 * (NIGHTS - 3 - variant) + kind
    return AFTER_ALL if kind == DAY else 3 * (NIGHTS - 1) + kind


class Protocol:
    """The protocols of a tenant, block by block; its chain of seals begins with the first."""

    def __init__(self, house: House, numbers: Sequence[str], calendar: Calendar, dice: random.Random) -> None:
        self._house, self._calendar, self._dice = house, calendar, dice
        self._next, self._seal, self._before = house.first_entry, 0, NOTHING_BEFORE
        self._sealed_at = calendar.times[AFTER_ALL]
        authors = {BY_SYSTEM: "system", BY_NETWORK: house.network, BY_QUALLI: BY_QUALLI, BY_CASEWORKER: ""}
        self._steps = [
            (step.event.value, authors[step.by], step.slot == DAY, self._data_of(step, numbers))
            for step in STEPS
        ]

    def write(self, entries: list[Entry]) -> None:
        """Write some entries and their seals."""
        entries.sort(key=itemgetter(0))
        rows: list[Row] = []
        seals: list[Row] = []
        for start in range(0, len(entries), SEALED):
            some = entries[start : start + SEALED]
            key = self._dice.getrandbits(62) + 1
            seals.append(self._seal_up(key, b"".join(self._sealings(some, key, rows))))
        write("protocol_entry", COLUMNS, rows)
        write("seal", "chain number key at contents digest", seals)

    def _sealings(self, entries: list[Entry], key: int, rows: list[Row]) -> Iterator[bytes]:
        house, steps, times, iso = self._house, self._steps, self._calendar.written, self._calendar.sealed
        tenant, connection, first_delivery = house.tenant_id, house.connection_id, house.first_delivery
        end = f',"seal_key":{key},"tenant_id":{tenant}}}]'
        for slot, place, participant, code in entries:
            number = self._next
            self._next += 1
            event, by, is_by_day, variants = steps[place]
            author, data = by or code, variants[participant % len(variants)]
            delivery = None if is_by_day else first_delivery + slot // 3
            at = times[slot]
            rows.append((number, tenant, participant, connection, delivery, at, event, author, data, key))
            plain = (
                f'["protocol_entry",{{"at":"{iso[slot]}","by":"{author}","connection_id":{connection},"data":{data},'
                f'"delivery_id":{delivery or "null"},"event":"{event}","id":{number},'
                f'"participant_id":{participant}{end}'
            )
            digest = hashlib.sha256(plain.encode()).digest()[:16]
            if number == house.first_entry:
                self._assert_as_sealed(digest, rows[-1], self._calendar.times[slot])
            yield pack(Sealing(_KIND, number, digest))

    def _assert_as_sealed(self, digest: bytes, row: Row, at: dt.datetime) -> None:
        """The text above is the product's own, written out since there are millions."""
        values = dict(zip(COLUMNS.split(), row, strict=True))
        values |= {"at": at, "data": json.loads(values["data"])}
        entry: Any = SimpleNamespace(_mapping=values)
        assert digest == digest_of(_TABLE, entry), "the digests of the product have changed"

    def _seal_up(self, key: int, contents: bytes) -> Row:
        self._seal += 1
        chain, at = self._house.tenant_id, self._sealed_at
        digest = digest_of_seal(self._before, chain, self._seal, key, at, contents)
        self._before = digest
        return (chain, self._seal, key, moment(at), contents, digest)

    def _data_of(self, step: Step, numbers: Sequence[str]) -> list[str]:
        """The data of a step as JSON, as seals read it; of a chosen mediator one for each of some pairs."""
        if step is not CHOSEN:
            return [_json(dict(step.data))]
        pairs = zip(numbers[:8], [*numbers[1:8], numbers[0]], strict=True)
        return [_json({"before": before, "mediator": mediator}) for mediator, before in pairs]


def _json(data: dict[str, str]) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"))

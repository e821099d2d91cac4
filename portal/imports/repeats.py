"""Lines of a file whose identifier comes twice or resembles another. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from portal.core.crypto import Keyring
from portal.core.database import db
from portal.domain.imports import ImportRun
from portal.domain.participants import social_insurance_place
from portal.domain.rules.identifiers import lookup_key, twin_key
from portal.imports.codes import Fault
from portal.imports.columns import Table
from portal.imports.matching import Spellings
from portal.imports.noting import count
from portal.imports.parsing import Rejection
from portal.imports.reading import Line
from portal.imports.rejections import keep_everyone, spoil
from portal.imports.windows import LINES

Staged = dict[str, list[dict[str, Any]]]
"""Lines by lookup key."""


def find_staged(run: ImportRun, table: Table, lines: Sequence[Line]) -> Staged:
    """Look up the lines staged before that these may repeat or resemble."""
    numbers = [line.parsed.number for line in lines if line.parsed.number is not None]
    if not table.owns_identifier or not numbers:
        return {}
    columns = (LINES.c.id, LINES.c.number, LINES.c.line, LINES.c.good, LINES.c["values"], LINES.c.secret)
    query = select(*columns, LINES.c.lookup_key).where(
        LINES.c.import_id == run.id,
        LINES.c.kind == table.kind,
        LINES.c.lookup_key.in_({lookup_key(number) for number in numbers}),
    )
    staged: Staged = {}
    for row in db.session.execute(query).mappings():
        staged.setdefault(row["lookup_key"], []).append(dict(row))
    return staged


def is_staged(table: Table, line: Line, staged: Staged) -> bool:
    """Return whether a line with the same identifier is staged already; profile lines have none of their own."""
    number = line.parsed.number
    return (
        number is not None
        and table.owns_identifier
        and any(row["number"] == number for row in staged.get(lookup_key(number), ()))
    )


def repeats(run: ImportRun, table: Table, line: Line, staged: Staged, keyring: Keyring) -> bool:
    """Return whether a line says of its identifier what an earlier one said."""
    number = line.parsed.number
    if number is None or not table.owns_identifier:
        return False
    earlier = next((row for row in staged.get(lookup_key(number), ()) if row["number"] == number), None)
    return earlier is not None and _is_same(run, earlier, line, keyring)


def _is_same(run: ImportRun, earlier: dict[str, Any], line: Line, keyring: Keyring) -> bool:
    parsed = line.parsed
    if not (earlier["good"] and parsed.good) or earlier["values"] != parsed.values:
        return False
    if earlier["secret"] is None or parsed.secret is None:
        return earlier["secret"] is parsed.secret
    place = social_insurance_place(run.tenant_id, earlier["number"])
    return keyring.decrypt(earlier["secret"], place) == parsed.secret.encode()


def reject_alike(
    run: ImportRun, table: Table, line: Line, staged: Staged, spellings: Spellings
) -> list[tuple[int, Rejection]]:
    """Reject a line whose identifier is repeated or resembles another; what is to be written of the earlier lines.

    Two that are both stored are known to be two people.
    """
    number = line.parsed.number
    if number is None or not table.owns_identifier:
        return []
    fault = Fault.IDENTIFIER_TWIN if spellings.has_twin(number) else None
    announced: list[tuple[int, Rejection]] = []
    for earlier in staged.get(lookup_key(number), ()):
        found = _likeness(earlier["number"], number, spellings)
        if found:
            announced += _reject_earlier(run, table, earlier, found)
            fault = found
    if fault:
        line.parsed.rejections.append(Rejection(table.identifier.name, fault))
        keep_everyone(run, table, line.at)
    return announced


def _likeness(earlier: str, number: str, spellings: Spellings) -> Fault | None:
    """Return why two identifiers of one file cannot both be taken."""
    if earlier == number:
        return Fault.REPEATED
    if twin_key(earlier) != twin_key(number) or (spellings.is_known(number) and spellings.is_known(earlier)):
        return None
    return Fault.IDENTIFIER_TWIN


def _reject_earlier(
    run: ImportRun, table: Table, earlier: dict[str, Any], fault: Fault
) -> list[tuple[int, Rejection]]:
    if not earlier["good"]:
        return []
    earlier.update(good=False, values={}, secret=None)
    count(run, table.kind, "rejected")
    if "id" in earlier:
        spoil(run, [earlier["id"]])
    return [(earlier["line"], Rejection(table.identifier.name, fault))]

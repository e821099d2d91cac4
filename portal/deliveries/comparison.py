"""Two records of a person side by side: what was acknowledged, and what would be sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.core.masking import MASK
from portal.deliveries.records import LISTED_KINDS, NAMED_KINDS, Record

MASKED = "social_insurance_number"
FIELDS = (
    "participant_id",
    "salutation",
    "first_name",
    "last_name",
    "birth_date",
    MASKED,
    "street",
    "postal_code",
    "city",
    "email",
    "phone",
    "order_id",
    "mediator_id",
    "caseworker",
    "consent_on",
    *(f"profile.{name}" for name in (*NAMED_KINDS.values(), *LISTED_KINDS.values())),
)
"""All fields that a record may have, in the order in which they are shown."""


@dataclass(frozen=True)
class Line:
    """One field of both records; several values where the field is a list."""

    field: str
    before: tuple[str, ...]
    now: tuple[str, ...]
    changed: bool
    """Never where there is nothing to compare with."""


def compare(before: Record | None, now: Record | None) -> list[Line]:
    """The fields that either record has, masked."""
    lines = []
    for field in FIELDS:
        old, new = _values(before, field), _values(now, field)
        changed = before is not None and now is not None and old != new
        if old or new:
            lines.append(Line(field, _shown(field, old), _shown(field, new), changed))
    return lines


def _values(record: Record | None, field: str) -> tuple[str, ...]:
    value: Any = record
    for name in field.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    if value is None or value == "":
        return ()
    if isinstance(value, list):
        return tuple(_text(item) for item in value)
    return (str(value),)


def _text(item: Any) -> str:
    if not isinstance(item, Mapping):
        return str(item)
    span = "–".join(str(item[key]) for key in ("starts_on", "ends_on") if item.get(key))
    return ", ".join(part for part in (item.get("title"), item.get("level"), span) if part)


def _shown(field: str, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(MASK for _ in values) if field == MASKED else values

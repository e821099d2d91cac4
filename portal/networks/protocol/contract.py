"""The shapes of the network's answers, as the contract gives them; unknown fields are passed over.

The one place that bounds what a network says: every number, moment and text that leaves here fits its column.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
)

from portal.core.masking import holds_valid_number, without_numbers
from portal.networks.registry import Network

_WORD = re.compile(r"[a-z][a-z-]{0,59}")
HIGHEST = 2**53 - 1
"""The highest whole number that every reader of JSON holds exactly (RFC 7493); a column holds it, and room above."""
HIGHEST_KNOWN = 2**52
"""The highest number that a network may know of: ours come above it."""
MOST_PARTS = 10_000
MOST_ITEMS = 5000
"""What the contract allows in a page of answers."""
_LONGEST = 2**31 - 1
"""Bytes of a part, as the column holds them."""
_FIRST_YEAR, _LAST_YEAR = 1970, 9998
"""A moment of these years is on the calendar of every time zone."""
REFUSALS = frozenset(
    {
        "unauthorised",
        "licence-expired",
        "sequence-conflict",
        "base-mismatch",
        "not-found",
        "already-committed",
        "digest-mismatch",
        "too-large",
        "invalid-record",
        "incomplete-delivery",
        "invalid-request",
    }
)
"""The contract's words by which the network refuses for good; its others ask to come again later."""


def _in_utc(moment: dt.datetime) -> dt.datetime:
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError("is beyond the calendar")
    return moment.astimezone(dt.UTC)


def _cut(length: int) -> AfterValidator:
    """What people read may be cut; what is compared or sent back may not."""
    return AfterValidator(lambda text: text[:length])


def _hide_valid(name: str) -> str:
    """Mask what is certainly a number: names of things are compared, and many look like one by chance."""
    return without_numbers(name) if holds_valid_number(name) else name


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Day = Annotated[dt.date, Field(ge=dt.date(1900, 1, 1))]
Sequence = Annotated[int, Field(ge=1, le=HIGHEST)]
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
"""PostgreSQL stores no NUL."""
Words = Annotated[Text, AfterValidator(without_numbers), _cut(500)]
"""What people read and tables keep in plain: a network may quote the number that it complains about."""
Reason = Annotated[Text, AfterValidator(without_numbers), _cut(50)]
Key = Annotated[Text, StringConstraints(min_length=1, max_length=64)]
"""The network's name of a delivery; it becomes part of an address."""
Mark = Annotated[Text, StringConstraints(max_length=200)]
Encoding = Annotated[Text, StringConstraints(max_length=50), AfterValidator(_hide_valid)]
Number = Annotated[Text, _cut(200)]
"""Of a person or mediator; none of ours is longer, so that a longer one is a stranger's anyway."""


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=False)


class Account(_Answer):
    provider_id: Annotated[Mark, AfterValidator(_hide_valid)]
    name: Annotated[Words, _cut(200)]
    network: Network
    licensed_until: Day | None
    last_sequence: int = Field(ge=0, le=HIGHEST_KNOWN)
    encodings: list[Encoding] = Field(max_length=100)
    max_part_bytes: Annotated[int, Field(ge=1), AfterValidator(lambda size: min(size, _LONGEST))]


class RemoteDelivery(_Answer):
    delivery_id: Key
    sequence: Sequence
    mode: Literal["full", "delta"]
    state: Literal["open", "committed", "complete"]
    parts: list[Annotated[int, Field(ge=1, le=MOST_PARTS)]] = Field(max_length=MOST_PARTS)


class RemoteDeliveries(_Answer):
    deliveries: list[RemoteDelivery] = Field(max_length=1000)

    @field_validator("deliveries")
    @classmethod
    def _check_each_once(cls, deliveries: list[RemoteDelivery]) -> list[RemoteDelivery]:
        """Refuse one that is listed twice, and numbers that leave no room above them."""
        for seen in ({it.sequence for it in deliveries}, {it.delivery_id for it in deliveries}):
            if len(seen) < len(deliveries):
                raise ValueError("names a delivery twice")
        if any(it.sequence > HIGHEST_KNOWN for it in deliveries):
            raise ValueError("leaves no number")
        return deliveries


class Receipt(_Answer):
    receipt_id: Annotated[Mark, AfterValidator(_hide_valid)]
    delivery_id: Key
    sequence: Sequence
    received_at: Moment


class Acknowledgement(_Answer):
    subject: Annotated[Words, _cut(20)]
    id: Number
    """Of a person or mediator of ours as a rule; in plain only until it is looked up (see deliveries.strangers)."""
    outcome: Annotated[Words, _cut(50)]
    applicant_id: Number | None = None
    reason: Reason | None = None
    detail: Words | None = None
    at: Moment


class AcknowledgementPage(_Answer):
    delivery_id: Key
    sequence: Sequence
    state: Literal["processing", "complete"]
    items: list[Acknowledgement] = Field(max_length=MOST_ITEMS)
    next: Mark


class ProblemBody(_Answer):
    type: Text = "about:blank"
    title: Words = ""
    detail: Words = ""
    line: int | None = Field(None, ge=1, le=HIGHEST)
    last_sequence: int | None = Field(None, ge=0, le=HIGHEST_KNOWN)

    @property
    def word(self) -> str:
        """The last word of the type, which the contract enumerates; "refused" where it is no word."""
        word = self.type.rstrip("/").replace("#", "/").rpartition("/")[2]
        return word if _WORD.fullmatch(word) else "refused"

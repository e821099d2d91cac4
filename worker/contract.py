"""The shapes of the network's answers, as the contract gives them; unknown fields are passed over."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from portal.people.masking import holds_valid_number, without_numbers

_WORD = re.compile(r"[a-z][a-z-]{0,59}")
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
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError("is beyond the calendar") from None


def _hide_valid(name: str) -> str:
    """Mask what is certainly a number: names of things are compared, and many look like one by chance."""
    return without_numbers(name) if holds_valid_number(name) else name


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
"""PostgreSQL stores no NUL."""
Words = Annotated[Text, AfterValidator(without_numbers)]
"""What people read and tables keep in plain: a network may quote the number that it complains about."""
Key = Annotated[Text, StringConstraints(min_length=1, max_length=64)]
"""The network's name of a delivery; it becomes part of an address."""
Mark = Annotated[Text, StringConstraints(max_length=200)]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=False)


class Account(_Answer):
    provider_id: Annotated[Text, AfterValidator(_hide_valid)]
    name: Words
    network: Literal["jobnetzwerk", "job4you"]
    licensed_until: dt.date | None
    last_sequence: int
    encodings: list[Words]
    max_part_bytes: int = Field(ge=1)


class RemoteDelivery(_Answer):
    delivery_id: Key
    sequence: int
    mode: Literal["full", "delta"]
    state: Literal["open", "committed", "complete"]
    parts: list[int]


class RemoteDeliveries(_Answer):
    deliveries: list[RemoteDelivery] = Field(max_length=1000)


class Receipt(_Answer):
    receipt_id: Annotated[Mark, AfterValidator(_hide_valid)]
    delivery_id: Key
    sequence: int
    received_at: Moment


class Acknowledgement(_Answer):
    subject: Words
    id: Text
    """Of a person or mediator of ours as a rule; in plain only until it is looked up (see deliveries.strangers)."""
    outcome: Words
    applicant_id: Text | None = None
    reason: Words | None = None
    detail: Words | None = None
    at: Moment


class AcknowledgementPage(_Answer):
    delivery_id: Key
    sequence: int
    state: Literal["processing", "complete"]
    items: list[Acknowledgement]
    next: Mark


class ProblemBody(_Answer):
    type: Text = "about:blank"
    title: Words = ""
    status: int = 0
    detail: Words = ""
    line: int | None = None
    last_sequence: int | None = None

    @property
    def word(self) -> str:
        """The last word of the type, which the contract enumerates; "refused" where it is no word."""
        word = self.type.rstrip("/").replace("#", "/").rpartition("/")[2]
        return word if _WORD.fullmatch(word) else "refused"

"""What the contract lets a provider send: bodies and records, checked strictly (`openapi.yaml`, schemas)."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

LARGEST_NUMBER = 2**63 - 1  # what an SQLite integer holds
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)


def _is_date(text: str) -> str:
    if not _DATE.fullmatch(text):
        raise ValueError("kein Datum (JJJJ-MM-TT)")
    date.fromisoformat(text)
    return text


def _is_date_time(text: str) -> str:
    if not _DATE_TIME.fullmatch(text):
        raise ValueError("kein Zeitpunkt nach RFC 3339")
    datetime.fromisoformat(re.sub(r"\.\d+", "", text.upper()))
    return text


def _whole_number(value: Any) -> Any:
    """Take 1.0 for 1, as JSON Schema does."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _not_null(value: Any) -> Any:
    if value is None:
        raise ValueError("darf nicht null sein")
    return value


IsoDate = Annotated[str, AfterValidator(_is_date)]
IsoDateTime = Annotated[str, AfterValidator(_is_date_time)]
Number = Annotated[int, BeforeValidator(_whole_number), Field(ge=0, le=LARGEST_NUMBER)]
# Left out is fine, null is not.
OptionalNumber = Annotated[Number | None, BeforeValidator(_not_null)]
Identifier = Annotated[str, Field(min_length=1)]


class Message(BaseModel):
    """Nothing is converted silently, nothing unknown is let through."""

    model_config = ConfigDict(strict=True, extra="forbid")


class NewDelivery(Message):
    """What opens a delivery."""

    sequence: Annotated[Number, Field(ge=1)]
    mode: Literal["full", "delta"]
    base_sequence: OptionalNumber = None
    created_at: IsoDateTime

    def is_same_as(self, sequence: int, mode: str, base_sequence: int | None) -> bool:
        """Say whether a delivery opened before is the one that is asked for here."""
        return (self.sequence, self.mode, self.base_sequence) == (sequence, mode, base_sequence)


class Counts(Message):
    """How many records of each kind a delivery has."""

    mediator: Number
    order: Number
    participant: Number
    withdrawal: Number


class Manifest(Message):
    """What the provider says the delivery consists of; `parts` are digests in order."""

    parts: list[str]
    counts: Counts


class MediatorRecord(Message):
    """A mediator (Vermittler/in)."""

    type: Literal["mediator"]
    mediator_id: Identifier
    last_name: str
    first_name: str
    email: str | None = None
    phone: str | None = None


class OrderRecord(Message):
    """An order (Auftrag)."""

    type: Literal["order"]
    order_id: Identifier
    title: str
    measure_number: str | None = None
    carrier: str | None = None
    starts_on: IsoDate | None = None
    ends_on: IsoDate | None = None
    responsible: list[str]


class ProfileEntry(Message):
    """One line of a profile."""

    title: str
    level: str | None = None
    starts_on: IsoDate | None = None
    ends_on: IsoDate | None = None


class Profile(Message):
    """What Job4You is told beside the master data; no list may be null."""

    desired_occupations: list[str] = []
    education: list[ProfileEntry] = []
    experience: list[ProfileEntry] = []
    skills: list[ProfileEntry] = []
    languages: list[ProfileEntry] = []
    driving_licences: list[str] = []


class ParticipantRecord(Message):
    """A participant (Teilnehmer/in)."""

    type: Literal["participant"]
    participant_id: Identifier
    mediator_id: Identifier
    order_id: str | None = None
    salutation: str | None = None
    last_name: str
    first_name: str
    birth_date: IsoDate | None = None
    social_insurance_number: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    email: str | None = None
    phone: str | None = None
    caseworker: str | None = None
    consent_on: IsoDate | None = None
    profile: Annotated[Profile | None, BeforeValidator(_not_null)] = None


class WithdrawalRecord(Message):
    """A participant who is to be archived."""

    type: Literal["withdrawal"]
    participant_id: Identifier


Record = MediatorRecord | OrderRecord | ParticipantRecord | WithdrawalRecord
RECORD: TypeAdapter[Record] = TypeAdapter(Annotated[Record, Field(discriminator="type")])


def explain(error: ValidationError) -> str:
    """Say which field is wrong and how, without repeating what it held.

    Names of unknown fields are cut: they come from the sender as well.
    """
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == "union_tag_invalid":
        return "type: keine der vier Arten von Datensätzen"
    where = ".".join(str(step) for step in first["loc"])[:100]
    return f"{where or 'Inhalt'}: {first['msg']}"

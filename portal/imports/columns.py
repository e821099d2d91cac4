"""The files and columns of the Qualli.life export, and what becomes of each. Pure. Source: docs/export-format.md."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from portal.domain.import_kinds import Kind

FIELD_LIMIT = 500
"""Longest field, in characters."""
NUMBER_LIMIT = 100
"""Longest number of a record, in characters."""


class Type(Enum):
    """How a field is read."""

    NUMBER = "number"
    """The identifier of the line."""
    REFERENCE = "reference"
    """The identifier of another record; may be empty."""
    CODE = "code"
    """Initials, or a number that others use; compared, and so kept in its normal form."""
    TEXT = "text"
    WORDS = "words"
    """Text that is empty rather than absent."""
    NAMES = "names"
    """Several, separated by a vertical bar."""
    DATE = "date"
    PAST_DATE = "past date"
    MOMENT = "moment"
    """When the export was made; says nothing about the record."""
    YES_NO = "yes or no"
    SOCIAL_INSURANCE_NUMBER = "social insurance number"
    CHOICE = "choice"


@dataclass(frozen=True)
class Column:
    """One column: its name in the export, the field it fills, and how it is read."""

    name: str
    field: str
    type: Type = Type.TEXT
    required: bool = False
    """The file must have it, and every line must fill it."""
    longest: int = FIELD_LIMIT
    choices: Mapping[str, str] | None = None
    of_participant: bool = False
    """An identifier of a participant, which is neither a date nor initials."""


@dataclass(frozen=True)
class Table:
    """One file; its first column is the identifier."""

    kind: Kind
    file: str
    columns: tuple[Column, ...]

    @property
    def lines_file(self) -> str:
        """What the same lines are called where they came through the HTTP door."""
        return self.file.removesuffix(".csv") + ".ndjson"

    @property
    def identifier(self) -> Column:
        return self.columns[0]

    @property
    def owns_identifier(self) -> bool:
        """Return whether a line is the record of its identifier; profile lines only refer to a participant."""
        return self.kind is not Kind.PROFILE

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.required)


PROFILE_KINDS: Mapping[str, str] = {
    "wunschberuf": "occupation",
    "bildung": "education",
    "erfahrung": "experience",
    "kenntnis": "skill",
    "sprache": "language",
    "fuehrerschein": "driving-licence",
}
LANGUAGE_LEVELS = frozenset({"A1", "A2", "B1", "B2", "C1", "C2"})


def _number(name: str, *, of_participant: bool = False) -> Column:
    return Column(
        name,
        "number",
        Type.NUMBER,
        required=True,
        longest=NUMBER_LIMIT,
        of_participant=of_participant,
    )


EXPORTED_AT = Column("exportiert_am", "exported_at", Type.MOMENT)
"""The same in every line of a file, where it is there."""
MEDIATORS = Table(
    Kind.MEDIATOR,
    "vermittler.csv",
    (
        _number("vermittler_id"),
        Column("kuerzel", "initials", Type.CODE, required=True, longest=50),
        Column("nachname", "last_name", required=True),
        Column("vorname", "first_name", required=True),
        Column("email", "email"),
        Column("telefon", "phone"),
        Column("aktiv", "active", Type.YES_NO),
        EXPORTED_AT,
    ),
)
ORDERS = Table(
    Kind.ORDER,
    "auftraege.csv",
    (
        _number("auftrag_id"),
        Column("bezeichnung", "title", required=True),
        Column("massnahmenummer", "measure_number", Type.CODE),
        Column("traeger", "carrier"),
        Column("beginn", "starts_on", Type.DATE),
        Column("ende", "ends_on", Type.DATE),
        Column("zustaendig", "responsible", Type.NAMES),
        EXPORTED_AT,
    ),
)
PARTICIPANTS = Table(
    Kind.PARTICIPANT,
    "teilnehmer.csv",
    (
        _number("tn_id", of_participant=True),
        Column("anrede", "salutation"),
        Column("nachname", "last_name", Type.WORDS),
        Column("vorname", "first_name", Type.WORDS),
        Column("geburtsdatum", "birth_date", Type.PAST_DATE),
        Column("svnr", "social_insurance_number", Type.SOCIAL_INSURANCE_NUMBER),
        Column("strasse", "street"),
        Column("plz", "postal_code"),
        Column("ort", "city"),
        Column("email", "email"),
        Column("telefon", "phone"),
        Column("betreuer", "caseworker", Type.CODE),
        Column("auftrag_id", "order_number", Type.REFERENCE, longest=NUMBER_LIMIT),
        Column("austritt", "left_order_on", Type.DATE),
        Column("einverstaendnis_am", "consent_on", Type.DATE),
        Column("einverstaendnis_bis", "consent_until", Type.DATE),
        Column("einverstaendnis_widerrufen_am", "consent_withdrawn_on", Type.DATE),
        EXPORTED_AT,
    ),
)
PROFILES = Table(
    Kind.PROFILE,
    "profil.csv",
    (
        _number("tn_id", of_participant=True),
        Column("art", "kind", Type.CHOICE, required=True, choices=PROFILE_KINDS),
        Column("bezeichnung", "title", required=True),
        Column("niveau", "level"),
        Column("von", "starts_on", Type.DATE),
        Column("bis", "ends_on", Type.DATE),
        EXPORTED_AT,
    ),
)
TABLES: Mapping[Kind, Table] = {table.kind: table for table in (MEDIATORS, ORDERS, PARTICIPANTS, PROFILES)}
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_BETWEEN = re.compile(r"[\W_]+")


def same_name(text: str) -> str:
    """A name of a file or column such that other ways to write it are the same: Kürzel, KUERZEL; TN-ID, tn_id."""
    return _BETWEEN.sub("", unicodedata.normalize("NFC", text).casefold().translate(_UMLAUTS))


def find_table(file: str) -> Table | None:
    """Find the table that a file of this name holds."""
    return _BY_FILE.get(same_name(file))


_BY_FILE = {same_name(table.file): table for table in TABLES.values()}

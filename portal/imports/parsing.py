"""One line of the export, from names and values to what is stored or why it is rejected. Pure.

Both doors use it: a CSV file gives text alone, HTTP gives JSON values. A column that is not there says nothing:
what is stored stays. A column that is there and empty empties it.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.core.masking import check_digit
from portal.domain.import_kinds import Kind
from portal.domain.rules.identifiers import Flaw, find_code_flaw, find_flaw, normalise, normalise_code
from portal.imports.codes import Fault
from portal.imports.columns import LANGUAGE_LEVELS, NUMBER_LIMIT, Column, Table, Type
from portal.imports.export_times import Moment, read_moment
from portal.imports.lookalikes import has_lookalike
from portal.imports.misread import REPLACEMENT, find_encoded_twice

_GERMAN_DATE = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_EARLIEST_YEAR = 1900
_YES_NO = {"ja": True, "1": True, "true": True, "nein": False, "0": False, "false": False}
_SOCIAL_INSURANCE_NUMBER = re.compile(r"[0-9]{8}[A-Z][0-9]{3}")
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories: control characters, halves of pairs, and separators of lines and paragraphs."""


@dataclass(frozen=True)
class Rejection:
    """Why a line is rejected; no column where it is the line as a whole."""

    column: str | None
    fault: Fault


@dataclass
class Parsed:
    """A line as it was understood."""

    number: str | None
    """Its identifier; None where that is missing or unreadable."""
    values: dict[str, Any] = field(default_factory=dict, repr=False)
    """By field, ready for JSON: dates in ISO form. Never the social insurance number."""
    secret: str | None = field(default=None, repr=False)
    """The social insurance number, without spaces; `values` says whether the column was there."""
    rejections: list[Rejection] = field(default_factory=list)
    exported_at: Moment | None = None
    """When the export was made, where the line says so."""
    export_time_unreadable: bool = False

    @property
    def good(self) -> bool:
        return not self.rejections


class _Bad(Exception):
    def __init__(self, fault: Fault) -> None:
        self.fault = fault


def parse(table: Table, line: Mapping[str, object], today: dt.date) -> Parsed:
    """What `line` says, by the names of `table`; every column that is wrong is named, not the first alone."""
    parsed = Parsed(number=None)
    for column in table.columns:
        if column.name not in line and not column.required:
            continue
        if column.type is Type.MOMENT:
            _keep_export_time(parsed, line[column.name])
            continue
        try:
            value = _read(column, line.get(column.name), today)
        except _Bad as bad:
            parsed.rejections.append(Rejection(column.name, bad.fault))
            continue
        _keep(parsed, column, value)
    if table.kind is Kind.PROFILE:
        _check_level(parsed)
    return parsed


def _keep(parsed: Parsed, column: Column, value: Any) -> None:
    if column.type is Type.NUMBER:
        parsed.number = value
    elif column.type is Type.SOCIAL_INSURANCE_NUMBER:
        parsed.secret = value
        parsed.values[column.field] = value is not None
    else:
        parsed.values[column.field] = value


def _keep_export_time(parsed: Parsed, value: object) -> None:
    """The time of an export is checked as far as it can be; a line is not rejected for it."""
    if value in (None, ""):
        return
    parsed.exported_at = read_moment(value) if isinstance(value, str) else None
    parsed.export_time_unreadable = parsed.exported_at is None


def _check_level(parsed: Parsed) -> None:
    level = parsed.values.get("level")
    if parsed.values.get("kind") != "language" or not level:
        return
    if level.upper() in LANGUAGE_LEVELS:
        parsed.values["level"] = level.upper()
    else:
        parsed.rejections.append(Rejection("niveau", Fault.CHOICE_UNKNOWN))


def _read(column: Column, value: object, today: dt.date) -> Any:
    if isinstance(value, bool) and column.type is Type.YES_NO:
        return value
    if isinstance(value, str) and not value.isascii() and _is_number(column) and has_lookalike(value):
        raise _Bad(Fault.LOOKALIKE)  # before NFC makes a K of the Kelvin sign
    text = clean(value)
    if len(text) > column.longest:
        raise _Bad(Fault.TOO_LONG)
    if not text.isascii():
        _check_letters(text)
    if any(unicodedata.category(char) in _FORBIDDEN for char in text):
        raise _Bad(Fault.CONTROL_CHARACTERS)
    if column.type in (Type.NUMBER, Type.REFERENCE):
        text = _identifier(column, text)
    elif column.type is Type.CODE:
        text = _code(text)
    if column.required and not text:
        raise _Bad(Fault.MISSING)
    return _convert(column, text, today)


_FLAWS = {Flaw.ALTERED: Fault.IDENTIFIER_ALTERED, Flaw.PLACEHOLDER: Fault.IDENTIFIER_PLACEHOLDER}


def _identifier(column: Column, text: str) -> str:
    """Return an identifier in its normal form; any other text would make a second record of a known participant."""
    text = normalise(text)
    if column.type is Type.NUMBER and "@" in text:
        raise _Bad(Fault.IDENTIFIER_IS_EMAIL)
    flaw = find_flaw(text, strict=column.of_participant)
    if flaw:
        raise _Bad(_FLAWS[flaw])
    return text


def _code(text: str) -> str:
    text = normalise_code(text)
    if find_code_flaw(text):
        raise _Bad(Fault.CODE_UNREADABLE)
    return text


def _is_number(column: Column) -> bool:
    """Return whether a column holds a record's own number, another one's, or a social insurance number."""
    return column.type is Type.SOCIAL_INSURANCE_NUMBER or column.longest == NUMBER_LIMIT


def _check_letters(text: str) -> None:
    """Refuse what another program has made illegible; in a file it is refused before, for all of it."""
    if REPLACEMENT in text:
        raise _Bad(Fault.CHARACTERS_LOST)
    if find_encoded_twice(text) is not None:
        raise _Bad(Fault.ENCODED_TWICE)


def clean(value: object) -> str:
    """`value` as trimmed text in NFC; nothing is empty text. Other types than text are a fault."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Bad(Fault.NOT_TEXT)
    return value.strip() if value.isascii() else unicodedata.normalize("NFC", value).strip()


def _convert(column: Column, text: str, today: dt.date) -> Any:
    match column.type:
        case Type.NUMBER | Type.WORDS:
            return text
        case Type.DATE:
            return _date(text)
        case Type.PAST_DATE:
            day = _date(text)
            if day and day > today.isoformat():
                raise _Bad(Fault.DATE_IN_FUTURE)
            return day
        case Type.YES_NO:
            return _yes_no(text)
        case Type.NAMES:
            return [name for name in map(_code, text.split("|")) if name]
        case Type.SOCIAL_INSURANCE_NUMBER:
            return _social_insurance_number(text)
        case Type.CHOICE:
            return _choice(text, column.choices or {})
        case Type.TEXT | Type.REFERENCE | Type.CODE:
            return text or None


def _date(text: str) -> str | None:
    """A date in ISO form, from `TT.MM.JJJJ` or ISO."""
    if not text:
        return None
    if found := _GERMAN_DATE.fullmatch(text):
        day, month, year = map(int, found.groups())
    elif found := _ISO_DATE.fullmatch(text):
        year, month, day = map(int, found.groups())
    else:
        raise _Bad(Fault.DATE_UNREADABLE)
    try:
        date = dt.date(year, month, day)
    except ValueError:
        raise _Bad(Fault.DATE_UNREADABLE) from None
    if year < _EARLIEST_YEAR:
        raise _Bad(Fault.DATE_UNREADABLE)  # a slip of the hand such as 0204
    return date.isoformat()


def _yes_no(text: str) -> bool:
    """Empty is yes, the only default that the export has."""
    if not text:
        return True
    try:
        return _YES_NO[text.casefold()]
    except KeyError:
        raise _Bad(Fault.YES_NO_UNREADABLE) from None


def _choice(text: str, choices: Mapping[str, str]) -> str:
    try:
        return choices[text.casefold()]
    except KeyError:
        raise _Bad(Fault.CHOICE_UNKNOWN) from None


def _social_insurance_number(text: str) -> str | None:
    number = "".join(text.split())
    number = number.upper() if number.isascii() else number
    if not number:
        return None
    if not _SOCIAL_INSURANCE_NUMBER.fullmatch(number):
        raise _Bad(Fault.NUMBER_UNREADABLE)
    if check_digit(number) != number[-1]:
        raise _Bad(Fault.CHECK_DIGIT_WRONG)
    return number

"""One value of a line of the export, from text or JSON to what is stored. Pure."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from portal.core.masking import check_digit
from portal.domain.rules.identifiers import Flaw, find_code_flaw, find_flaw, normalise, normalise_code
from portal.imports.codes import Fault
from portal.imports.columns import NUMBER_LIMIT, Column, Type
from portal.imports.lookalikes import has_lookalike
from portal.imports.misread import REPLACEMENT, find_encoded_twice

_GERMAN_DATE = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_EARLIEST_YEAR = 1900
_YES_NO = {"ja": True, "1": True, "true": True, "nein": False, "0": False, "false": False}
_SOCIAL_INSURANCE_NUMBER = re.compile(r"[0-9]{8}[A-Z][0-9]{3}")
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories: control characters, halves of pairs, and separators of lines and paragraphs."""


class BadValue(Exception):
    def __init__(self, fault: Fault) -> None:
        self.fault = fault


def read_value(column: Column, value: object, today: dt.date) -> Any:
    if isinstance(value, bool) and column.type is Type.YES_NO:
        return value
    if isinstance(value, str) and not value.isascii() and _is_number(column) and has_lookalike(value):
        raise BadValue(Fault.LOOKALIKE)  # before NFC makes a K of the Kelvin sign
    text = clean(value)
    if len(text) > column.longest:
        raise BadValue(Fault.TOO_LONG)
    if not text.isascii():
        _check_letters(text)
    if any(unicodedata.category(char) in _FORBIDDEN for char in text):
        raise BadValue(Fault.CONTROL_CHARACTERS)
    if column.type in (Type.NUMBER, Type.REFERENCE):
        text = _identifier(column, text)
    elif column.type is Type.CODE:
        text = _code(text)
    if column.required and not text:
        raise BadValue(Fault.MISSING)
    return _convert(column, text, today)


_FLAWS = {Flaw.ALTERED: Fault.IDENTIFIER_ALTERED, Flaw.PLACEHOLDER: Fault.IDENTIFIER_PLACEHOLDER}


def _identifier(column: Column, text: str) -> str:
    """Return an identifier in its normal form; any other text would make a second record of a known participant."""
    text = normalise(text)
    if column.type is Type.NUMBER and "@" in text:
        raise BadValue(Fault.IDENTIFIER_IS_EMAIL)
    flaw = find_flaw(text, strict=column.of_participant)
    if flaw:
        raise BadValue(_FLAWS[flaw])
    return text


def _code(text: str) -> str:
    text = normalise_code(text)
    if find_code_flaw(text):
        raise BadValue(Fault.CODE_UNREADABLE)
    return text


def _is_number(column: Column) -> bool:
    """Return whether a column holds a record's own number, another one's, or a social insurance number."""
    return column.type is Type.SOCIAL_INSURANCE_NUMBER or column.longest == NUMBER_LIMIT


def _check_letters(text: str) -> None:
    """Refuse what another program has made illegible; in a file it is refused before, for all of it."""
    if REPLACEMENT in text:
        raise BadValue(Fault.CHARACTERS_LOST)
    if find_encoded_twice(text) is not None:
        raise BadValue(Fault.ENCODED_TWICE)


def clean(value: object) -> str:
    """`value` as trimmed text in NFC; nothing is empty text. Other types than text are a fault."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadValue(Fault.NOT_TEXT)
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
                raise BadValue(Fault.DATE_IN_FUTURE)
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
        raise BadValue(Fault.DATE_UNREADABLE)
    try:
        date = dt.date(year, month, day)
    except ValueError:
        raise BadValue(Fault.DATE_UNREADABLE) from None
    if year < _EARLIEST_YEAR:
        raise BadValue(Fault.DATE_UNREADABLE)  # a slip of the hand such as 0204
    return date.isoformat()


def _yes_no(text: str) -> bool:
    """Empty is yes, the only default that the export has."""
    if not text:
        return True
    try:
        return _YES_NO[text.casefold()]
    except KeyError:
        raise BadValue(Fault.YES_NO_UNREADABLE) from None


def _choice(text: str, choices: Mapping[str, str]) -> str:
    try:
        return choices[text.casefold()]
    except KeyError:
        raise BadValue(Fault.CHOICE_UNKNOWN) from None


def _social_insurance_number(text: str) -> str | None:
    number = "".join(text.split())
    number = number.upper() if number.isascii() else number
    if not number:
        return None
    if not _SOCIAL_INSURANCE_NUMBER.fullmatch(number):
        raise BadValue(Fault.NUMBER_UNREADABLE)
    if check_digit(number) != number[-1]:
        raise BadValue(Fault.CHECK_DIGIT_WRONG)
    return number

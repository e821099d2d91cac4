"""Identifiers that other systems give: their normal form, values that are none, and look-alikes. Pure.

Two spellings of one identifier would become two people, and the released one of them would leave.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

KEY_LENGTH = 100
"""Longest lookup key, in characters: compatibility forms can make a text several times as long."""

_JOINERS = "\u200c\u200d"
"""Format characters that scripts other than Latin need within a word."""
_IGNORABLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)
"""Shown as nothing without being format characters (Unicode: Default_Ignorable_Code_Point; the blank Braille cell)."""
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_LOOK_ALIKES = str.maketrans(
    "авеіјкмнорсѕтухαβεζηικμνορτυχ",  # Cyrillic, then Greek
    "abeijkmhopcstyxabezhikmnoptyx",
)
"""Small letters whose capitals, or they themselves, look like Latin ones."""
_FORMULA = re.compile(r'=\s*"(.*)"|"(.*)"')
"""What makes a spreadsheet keep a number as text; it comes along when the cell is exported."""
_APOSTROPHE = re.compile(r"['’](.*?)['’]?")
"""The same, for cells typed by hand."""
_GROUPED = re.compile(r"[0-9]{1,3}([.,' ][0-9]{3})+")
"""Digits with separators of thousands."""

_ALTERED = re.compile(
    r"""
    [+-]?\d+[.,]\d+e[+-]?\d+ | [+-]?\d+e[+-]\d+     # 1,23457E+11
    | \d+[.,]0+                                     # 20001.0
    | \#+ | \#(nv|n/a|na|error|getting_data) | \#\S*[!?] | (err|fehler):\d+
    | =.+                                           # a formula in place of its result
    """,
    re.VERBOSE | re.IGNORECASE,
)
_MONTH = r"(jan|feb|mrz|mär|mar|apr|mai|may|jun|jul|aug|sep|okt|oct|nov|dez|dec)\.?"
_DATE = re.compile(
    rf"""
    \d{{1,2}}[./]\d{{1,2}}[./]\d{{4}} | \d{{4}}-\d{{2}}-\d{{2}}(\ 00:00(:00)?)?
    | \d{{1,2}}[.-]\ ?{_MONTH}([\ -]\d{{2,4}})? | {_MONTH}[\ -]\d{{2,4}}
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""What a spreadsheet makes of 3-21 or 10.5."""
_NOTHING = re.compile(
    r"\(?null\)?|none|nan|nat|<na>|n\.?/?a\.?|nil|undefined|true|false|wahr|falsch|unbekannt|unknown|keine?|k\.\s?a\.|[-–—?.*_/]+",
    re.IGNORECASE,
)
_NOTHING_EXACTLY = frozenset({"NULL", "null", "(null)", "None", "nan", "NaN", "NaT", "<NA>", "undefined"})
"""The same in place of initials or a name: Null is a surname, and NAN may be initials."""
_INITIALS = re.compile("[A-Z]{2,3}")
_TOTAL = re.compile(
    r"""
    ( (zwischen|gesamt|end)?(summen?|ergebnis|an?zahl) | teilergebnis | gesamt | ges\. | insgesamt
    | (grand|sub)?[\ -]?total | sum | count | Σ | mittelwert | durchschnitt )
    (\ \w+){0,3}\s*[:=]?\s*[\d.,]*
    """,
    re.VERBOSE | re.IGNORECASE,
)
_FOOTER = re.compile(
    r"\(?\d+ (rows?|zeilen?|datens[aä]tze?n?|records?|eintr[aä]ge?|teilnehmer\S*|personen)\b.*", re.IGNORECASE
)


class Flaw(StrEnum):
    """Why a text is no identifier."""

    ALTERED = "altered"
    """A spreadsheet has changed it: which one it was cannot be told any more."""
    PLACEHOLDER = "placeholder"
    """It stands for no value, or for a line of totals."""


def normalise(identifier: str) -> str:
    """Return the normal form of an identifier, by which it is compared.

    NFC; without invisible characters; with single, plain spaces inside and none around; without the marks
    that make a spreadsheet keep it as text.
    """
    text = _collapse(_visible(identifier))
    while found := _FORMULA.fullmatch(text) or _APOSTROPHE.fullmatch(text):
        text = _collapse(next(part for part in found.groups() if part is not None))
    return text


def normalise_code(code: str) -> str:
    """Return the normal form of a short code, or of a name in its place, where an apostrophe may be part of it."""
    foreign = any(char > "\u024f" and char.isalpha() for char in code)
    text = _collapse(_visible(code, keep=_JOINERS if foreign else ""))
    if found := _FORMULA.fullmatch(text):
        return _collapse(next(part for part in found.groups() if part is not None))
    return text[1:] if text[:1] in ("'", "’") and text[1:2].isdecimal() else text


def find_flaw(identifier: str, *, strict: bool = False) -> Flaw | None:
    """Return why a text in normal form is no identifier; None where it may be one.

    `strict` is for identifiers of participants: those of mediators and orders may be initials (NA) or a date.
    """
    if _ALTERED.fullmatch(identifier) or (strict and _DATE.fullmatch(identifier)):
        return Flaw.ALTERED
    if not strict and _INITIALS.fullmatch(identifier):
        return None
    if any(pattern.fullmatch(identifier) for pattern in (_NOTHING, _TOTAL, _FOOTER)):
        return Flaw.PLACEHOLDER
    return None


def find_code_flaw(code: str) -> Flaw | None:
    """Return why a text in normal form is no short code and no name; None where it may be one."""
    if _ALTERED.fullmatch(code):
        return Flaw.ALTERED
    return Flaw.PLACEHOLDER if code in _NOTHING_EXACTLY else None


def twin_key(identifier: str) -> str:
    """Return what look-alikes share: identifiers that differ in case, width, script or the kind of dash alone."""
    folded = unicodedata.normalize("NFKC", _visible(identifier)).casefold()
    key = normalise(unicodedata.normalize("NFKC", folded))
    return key if key.isascii() else _DASHES.sub("-", key.translate(_LOOK_ALIKES))


def lookup_key(identifier: str) -> str:
    """Return the key under which all are found that may be meant: `twin_key`, numbers without zeros and grouping.

    It brings together more than is the same: compare the identifiers themselves afterwards.
    """
    key = twin_key(identifier)
    if _GROUPED.fullmatch(key):
        key = re.sub("[^0-9]", "", key)
    if key.isdecimal():
        key = key.lstrip("0") or "0"
    return key[:KEY_LENGTH]


def _visible(text: str, keep: str = "") -> str:
    if text.isascii():
        return text
    shown = (
        char
        for char in text
        if char in keep or (char not in _IGNORABLE and unicodedata.category(char) != "Cf")
    )
    return unicodedata.normalize("NFC", "".join(shown))


def _collapse(text: str) -> str:
    return " ".join(text.split())

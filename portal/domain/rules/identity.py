"""Whether an identifier was given to another person, as far as name and date of birth tell. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from portal.domain.rules.normalise import search_words

FIELDS = ("last_name", "first_name", "birth_date")
_PARTICLES = frozenset(
    {"al", "bin", "da", "de", "del", "den", "der", "di", "dos", "el", "la", "van", "von", "zu"}
)
"""Parts of names that many people share."""
_SIMILAR = 0.8
"""From this ratio on, two names are the same one with a slip of the hand."""


@dataclass(frozen=True)
class Identity:
    """What tells people apart."""

    last_name: str
    first_name: str
    birth_date: dt.date | None

    @property
    def is_named(self) -> bool:
        return bool(self.last_name or self.first_name)

    @classmethod
    def of(cls, row: Mapping[Any, Any], before: Mapping[Any, Any] | None = None) -> Identity:
        """Return the identity that a row has; what it does not speak of is as before."""
        known = before or {"last_name": "", "first_name": "", "birth_date": None}
        return cls(*(row.get(name, known[name]) for name in FIELDS))

    def digest(self, key: bytes) -> str:
        """Return what stands for it where it must not be kept; keyed, since names and dates can be guessed."""
        words = [" ".join(search_words(name)) for name in (self.last_name, self.first_name)]
        text = "\x1f".join([*words, self.birth_date.isoformat() if self.birth_date else ""])
        return hmac.new(key, b"identity\x00" + text.encode(), hashlib.sha256).hexdigest()


def is_other_person(before: Identity, after: Identity) -> bool:
    """Return whether name and date of birth change so much at once that they are another person's.

    One of them alone changes by marriage, or is corrected. With the same first name, a date that is almost the same
    is a correction as well, and one that was not known says nothing.
    """
    if before.birth_date == after.birth_date:
        return False
    if before.is_named is not after.is_named:
        same_last = same_first = False
    else:
        same_last, same_first = _compare_names(before, after)
    if same_last and same_first:
        return False
    if before.birth_date is None or after.birth_date is None:
        return before.is_named and after.is_named and not same_last and not same_first
    return not (same_first and _is_almost(before.birth_date, after.birth_date))


def _compare_names(before: Identity, after: Identity) -> tuple[bool, bool]:
    """Compare last and first name; swapped ones are the same."""
    swapped = _is_same(before.last_name, after.first_name) and _is_same(before.first_name, after.last_name)
    known = before.last_name and before.first_name and after.last_name and after.first_name
    if swapped and known:
        return True, True
    return _is_same(before.last_name, after.last_name), _is_same(before.first_name, after.first_name)


def _is_same(one: str, other: str) -> bool:
    """Return whether two names may be the same: one of the two that is missing says nothing."""
    ours, theirs = search_words(one), search_words(other)
    if not ours or not theirs or set(ours) & set(theirs) - _PARTICLES:
        return True
    if any(a[0] == b[0] and 1 in (len(a), len(b)) for a in ours for b in theirs):  # an initial
        return True
    return SequenceMatcher(None, "".join(ours), "".join(theirs)).ratio() >= _SIMILAR


def _is_almost(one: dt.date, other: dt.date) -> bool:
    """Return whether two dates differ in one part, or have day and month swapped."""
    if one.year == other.year and (one.month, one.day) == (other.day, other.month):
        return True
    return sum((one.year == other.year, one.month == other.month, one.day == other.day)) == 2

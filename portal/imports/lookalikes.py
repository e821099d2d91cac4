"""Characters that programs take for a letter from A to Z or a digit, and that are none. Pure."""

from __future__ import annotations

import unicodedata


def has_lookalike(text: str) -> bool:
    """Whether a text has one: the Kelvin sign, long s, dotless i, full-width letters, superscript digits and the like.

    Folding makes them equal to the plain ones, so that two different numbers would become one.
    """
    return not text.isascii() and any(_is_lookalike(char) for char in text)


def _is_lookalike(char: str) -> bool:
    if char.isascii():
        return False
    cased = (form for form in (char.upper(), char.lower(), char.casefold()) if len(form) == 1)
    return any(form.isascii() and form.isalnum() for form in (unicodedata.normalize("NFKC", char), *cased))

"""How names are folded for sorting and for search. Pure."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
_WHOLE = str.maketrans({"æ": "a", "ø": "o", "œ": "o", "ł": "l", "đ": "d"})
"""Letters that Unicode does not take apart."""


def fold(text: str) -> str:
    """`text` in small letters without accents, as DIN 5007-1 sorts: ä as a, ß as ss."""
    folded = text
    for _ in range(2):  # taking apart can bring forth a capital (ᴬ), and its small letter another part
        folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", folded).casefold())
    bare = "".join(char for char in folded if not unicodedata.combining(char))
    return bare.translate(_WHOLE)


def sort_key(last_name: str, first_name: str, number: str) -> str:
    """By what lists of people are sorted: last name, first name, number. Never empty."""
    return "\x1f".join((fold(last_name), fold(first_name), number))


def search_words(text: str) -> list[str]:
    """The words of `text` folded for search: Müller, Mueller and Muller are one word."""
    folded = fold(text)
    for pair, single in (("ae", "a"), ("oe", "o"), ("ue", "u")):
        folded = folded.replace(pair, single)
    return list(dict.fromkeys(_WORD.findall(folded)))


def next_word(prefix: str) -> str:
    """The first text that sorts after every word beginning with `prefix`; for range searches by index."""
    return prefix + "\U0010ffff"


def person_words(last_name: str, first_name: str, number: str) -> list[str]:
    """The words by which a participant is found: those of the name and of the number, folded as a search is."""
    return search_words(f"{last_name} {first_name} {number}")

"""How names are folded for sorting and for search. Pure.

Letters come from Unicode: its decompositions, and the names of the letters that it does not take apart; neither ever
changes. The tables of a transliteration library change with its releases, and each of those would leave stored keys
behind that no search finds.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_BARE = re.compile(
    r"LATIN (?:SMALL LETTER|LETTER SMALL CAPITAL) (?:(?:DOTLESS|OPEN|TURNED|REVERSED|INSULAR) )?([A-Z])(?: WITH .+)?"
)
"""The name of a letter from a to z that has a stroke or a hook, or lacks its dot: ł, ħ, ɓ, ı."""
_SPECIAL = {
    "æ": "a", "œ": "o", "ð": "d", "þ": "th", "ə": "e", "ŋ": "n", "ĸ": "q", "ʒ": "z", "ʃ": "s", "ɣ": "g", "ɩ": "i",
    "ʊ": "u", "ʉ": "u", "ɵ": "o", "ɑ": "a", "ƣ": "g", "ƿ": "w", "ȝ": "g",
    "−": "-", "·": "-", "\u200c": "-",  # a minus, and what stands within words of Catalan and of Persian
    "\u0640": "",  # spaces Arabic letters, and means nothing
}  # fmt: skip
"""Letters that are no other one with something added, as passports write them (ICAO 9303); æ as ä is, and œ as ö."""
_APOSTROPHES = re.compile("[`´’‘‛′ꞌ՚׳\u02b9-\u02df\u02e5-\u02ff\u0384\u1fbd\u1fbf\u1ffe]")
_SPELLINGS = re.compile(r"(a)[ae]+|([ou])e+|(d)j+")
"""Two letters where another alphabet has one: Mueller, Aage, Djordjevic. A word's beginning stays its beginning."""
_JOINTS = re.compile(r"(?<=\S)['-]+(?=\S)")


def normalise(text: str) -> str:
    """`text` in small letters without accents, as DIN 5007-1 sorts: ä as a, ß as ss; with one apostrophe and dash."""
    folded = text
    for _ in range(2):  # taking apart can bring forth a capital (ᴬ), and its small letter another part
        folded = _APOSTROPHES.sub("'", folded)
        folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", folded).casefold())
    return folded if folded.isascii() else "".join(map(_plain, folded))


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    """A letter of decomposed text; nothing for accents and for what cannot be seen."""
    if char in _SPECIAL:
        return _SPECIAL[char]
    category = unicodedata.category(char)
    if unicodedata.combining(char) or category == "Cf":
        return ""
    if category == "Pd":
        return "-"
    found = _BARE.fullmatch(unicodedata.name(char, ""))
    return found[1].lower() if found else char


def sort_key(last_name: str, first_name: str, number: str) -> str:
    """By what lists of people are sorted: last name, first name, number. Never empty."""
    return "\x1f".join((normalise(last_name), normalise(first_name), number))


def search_words(text: str) -> list[str]:
    """Return the words of `text` folded for search: Müller, Mueller and Muller are one word."""
    return _words(normalise(text))


def joined_words(text: str) -> list[str]:
    """Return the same, where an apostrophe or a hyphen within a word parts nothing: O'Neill is ONeill."""
    return _words(_JOINTS.sub("", normalise(text)))


def _words(folded: str) -> list[str]:
    """Runs of letters, their marks, and digits."""
    spaced = "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in folded)
    return list(dict.fromkeys(_SPELLINGS.sub(r"\1\2\3", spaced).split()))


def next_word(prefix: str) -> str:
    """Return the first text that sorts after every word beginning with `prefix`; for range searches by index."""
    return prefix + "\U0010ffff"


def person_words(last_name: str, first_name: str, number: str) -> list[str]:
    """The words by which a person is found: all that a search for the name or the number can ask for.

    What an apostrophe or a hyphen parts is found in parts and in one; ə is written as e, and in Azerbaijani
    passports as a.
    """
    text = f"{last_name} {first_name} {number}"
    azerbaijani = text.casefold().replace("ə", "a")
    found = [*search_words(text), *joined_words(text), *search_words(azerbaijani)]
    return list(dict.fromkeys(found))

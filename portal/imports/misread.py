"""Recognise text that was read or written in a wrong character set. Pure.

UTF-8 that was read as Windows-1252 shows an odd pair for each letter ("MÃ¼ller"). Mac Roman and the character sets of
DOS, read as Windows-1252, show a sign or a capital within a word ("MŸller", "Gr”áe"). What could also be meant is left
alone: „Spaß“, MATÚŠ, « Café ».
"""

from __future__ import annotations

import re
from itertools import takewhile

WINDOWS = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256))
"""Windows-1252, byte by byte; the five bytes that it leaves undefined stand for the control characters of Latin-1."""
REPLACEMENT = "\ufffd"
"""What programs write in place of a character that they could not read."""

BYTES = {char: byte for byte, char in enumerate(WINDOWS)} | {chr(byte): byte for byte in range(0x80, 0xA0)}
_LONGER_RUN = re.compile("[^\x00-\x7f]{2,}")
"""Only around these anything can be wrong; they are few, and mostly the same."""


def _of_bytes(first: int, last: int) -> str:
    """Return the characters of some bytes, for a set in a regular expression; read as Latin-1, too."""
    return "".join(re.escape(char) for char, byte in BYTES.items() if first <= byte <= last)


_NEXT = f"[{_of_bytes(0x80, 0xBF)}]"
_PAIR = re.compile(
    f"[{_of_bytes(0xC2, 0xDF)}]{_NEXT}"
    f"|[{_of_bytes(0xE0, 0xEF)}]{_NEXT}{{2}}"
    f"|[{_of_bytes(0xF0, 0xF4)}]{_NEXT}{{3}}"
)
"""The bytes of one character of UTF-8, as Windows-1252 or Latin-1 shows them."""
_LATIN = re.compile("[\u0080-\u017f\u1e00-\u1eff]")
_SIGN = re.compile("[\u2000-\u20cf\u2100-\u214f\ufb00-\ufb06\ufeff\ufffd]")
_OPENING, _CLOSING = "„“”‚‘«»‹›\"'", "“”’‘»›"
_AFTER_A_WORD = frozenset(_CLOSING + "„‚…–—™®°²³¹´·«‹§\u00a0\u00ad")
_ENDS_ANYWHERE = frozenset("\u00a0–—·´’")
"""What may be followed by the next word at once."""
_SEPARATOR = re.compile("[;\r\n]")
_CELL = 500
"""As much of a cell is looked at, in characters, on either side."""

_LETTERS, _SIGNS = "äöüÄÖÜßéèáóíñç", "–„“”’…"
_OTHERWISE = re.compile(
    "|".join(
        re.escape(char.encode().decode(codec))
        for codec in ("mac_roman", "cp850", "cp437")
        for char in _LETTERS + _SIGNS
    )
)
"""UTF-8 that was read in a character set of the Mac or of DOS: signs that stand in no such text."""
_EASTERN = "|".join(
    re.escape(found)
    for codec in ("cp1250", "cp1251")
    for char in _LETTERS
    if not set(found := char.encode().decode(codec, "replace")) & {"–", "„", "…", REPLACEMENT}
)
_OTHERWISE_BESIDE_LETTERS = re.compile(f"(?<=[A-Za-z])(?:{_EASTERN})|(?:{_EASTERN})(?=[a-z])")


def find_encoded_twice(text: str) -> int | None:
    """Find the first character that was encoded as UTF-8 twice; its place in `text`, None where there is none."""
    fine: set[str] = set()
    for run in _LONGER_RUN.finditer(text):
        shown = text[max(run.start() - 1, 0) : run.end() + 1]
        if shown in fine:
            continue
        if _OTHERWISE.search(shown) or _OTHERWISE_BESIDE_LETTERS.search(shown):
            return run.start()
        pairs = [*_PAIR.finditer(text, run.start(), run.end())]
        if any(_is_misread(text, pair) for pair in pairs):
            return run.start()
        if not pairs:
            fine.add(shown)
    return None


def _is_misread(text: str, pair: re.Match[str]) -> bool:
    """Return whether a pair stands for one character of UTF-8; the same letters may be meant as they are."""
    try:
        meant = bytes(BYTES[char] for char in pair.group()).decode("utf-8")
    except UnicodeDecodeError:
        return False
    if _SIGN.match(meant):
        return True
    if _closes_a_quotation(text, pair):
        return False
    return bool(_LATIN.match(meant)) or not _belongs_to_a_word(text, pair)


def _belongs_to_a_word(text: str, pair: re.Match[str]) -> bool:
    """Return whether a pair is the end of a word and what follows it („Spaß“), or two letters of one (MATÚŠ, Úžas)."""
    first, rest = pair.group()[0], pair.group()[1:]
    before, after = _beside(text, pair)
    if not before.isalpha():
        return rest.isalpha() and after.isascii() and after.isalpha() and rest.isupper() is after.isupper()
    if not _same_case(before, first):
        return False
    letters = "".join(takewhile(str.isalpha, rest))
    if letters and letters.isupper() is not first.isupper():
        return False
    ends = rest.isalpha() or rest[-1] in _ENDS_ANYWHERE or not after.isalpha()
    return ends and _AFTER_A_WORD.issuperset(rest[len(letters) :])


def _closes_a_quotation(text: str, pair: re.Match[str]) -> bool:
    before, after = _beside(text, pair)
    if not set(pair.group()[1:]) <= set(_CLOSING) or after.isalpha():
        return False
    if before.isalpha() and not _same_case(before, pair.group()[0]):
        return False
    return any(char in _OPENING for char in cell_at(text, pair.start())[0])


def _beside(text: str, found: re.Match[str]) -> tuple[str, str]:
    """Return the characters before and after; empty at an end."""
    return text[max(found.start() - 1, 0) : found.start()], text[found.end() : found.end() + 1]


def _same_case(one: str, other: str) -> bool:
    return other == "ß" or one.isupper() is other.isupper()


def cell_at(text: str, place: int) -> tuple[str, str]:
    """What stands in the same cell of a line before `place`, and from there on."""
    before = _SEPARATOR.split(text[max(0, place - _CELL) : place])[-1]
    return before, _SEPARATOR.split(text[place : place + _CELL], maxsplit=1)[0]

"""Recognise text that was read or written in a wrong character set. Pure.

UTF-8 that was read as Windows-1252 shows an odd pair for each letter ("MÃ¼ller"). Mac Roman and the character sets of
DOS, read as Windows-1252, show a sign or a capital within a word ("MŸller", "Gr”áe"). What could also be meant is left
alone: „Spaß“, MATÚŠ, « Café ».
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from itertools import takewhile

WINDOWS = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256))
"""Windows-1252, byte by byte; the five bytes that it leaves undefined stand for the control characters of Latin-1."""
REPLACEMENT = "\ufffd"
"""What programs write in place of a character that they could not read."""

_BYTES = {char: byte for byte, char in enumerate(WINDOWS)} | {chr(byte): byte for byte in range(0x80, 0xA0)}
_RUN, _LONGER_RUN = re.compile("[^\x00-\x7f]+"), re.compile("[^\x00-\x7f]{2,}")
"""Only around these anything can be wrong; they are few, and mostly the same."""


def _of_bytes(first: int, last: int) -> str:
    """Return the characters of some bytes, for a set in a regular expression; read as Latin-1, too."""
    return "".join(re.escape(char) for char, byte in _BYTES.items() if first <= byte <= last)


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
        meant = bytes(_BYTES[char] for char in pair.group()).decode("utf-8")
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


# --- Mac Roman and DOS, read as Windows-1252 ---------------------------------------------------------------


class Foreign(Enum):
    """A character set that is not read, although it was taken for Windows-1252 at first."""

    MAC = "mac"
    DOS = "dos"
    UNKNOWN = "unknown"


_LOWER, _UPPER = "a-zß-öø-ÿšœž", "A-ZÀ-ÖØ-ÞŠŒŽŸ"
_ANY = _LOWER + _UPPER
_QUOTES = "„“”‚‹›"
_START = r'(?:^|(?<=[;"\n\r]))'
_SURE = re.compile(
    "|".join(
        (
            "[\x81\x8d\x8f\x90\x9d]",  # Windows-1252 leaves these bytes undefined
            f"(?<=[{_ANY}])[†‡ˆ‰˜€¢£¤¥¡¿§¦¨¸¶¼½¾](?=[{_LOWER}])",
            f"(?<=[{_UPPER}])[†€](?=[{_UPPER}])",
            f"(?<=[{_ANY}])Ÿ(?=[{_LOWER}§])|(?<=[{_LOWER}])Ÿ",  # ü on the Mac
            f"(?<=[A-CE-Z])[ŠŽŒ](?=[{_LOWER}])",  # ä, é, å on the Mac; Dž is a letter of its own
            f"(?<![{_ANY}0-9])[£¯](?=[a-z])|ƒ(?=[{_ANY}])|(?<=[{_ANY}])ƒ",
            "[À-ÃÅ-ÕØ-ÛÝÞà-ãå-õø-ûýþ×÷]{5,}",  # Cyrillic and Greek
            f"(?<=[{_LOWER}])þ(?![{_ANY}])",  # ş: no Icelandic word ends like this
        )
    )
)
"""What no language that Windows-1252 is for writes."""
_ODD = re.compile(
    "|".join(
        (
            f"(?<=[{_LOWER}])[ŠŽŒ](?![{_UPPER}])",
            f"(?<=[{_LOWER}Ÿ])[§‚](?![{_LOWER}])",  # ß on the Mac, é of DOS
            f"(?<![{_ANY}0-9])[€†](?=[{_LOWER}])",  # Ä, Ü on the Mac
            f"{_START}…(?=[{_LOWER}])|(?<=[{_UPPER}])…(?=[{_UPPER}])",  # Ö on the Mac
            f"{_START}[šŸ](?=[bnlzrgsc])",  # Ü of DOS, ü on the Mac
            f"(?<![{_ANY}])[BCDFGHJ-NP-TV-XZb-df-hj-np-tv-xz]{{1,4}}(?<![Rr])š(?=[b-df-hj-np-tv-xzß§])",  # ö on the Mac
            f"(?<=[Rr])š(?=[hgdwß§])|(?<![{_ANY}])Rš(?=[mr])|(?<=[{_UPPER}])š(?=[{_UPPER}])",
            "š(?=bb|ck|dd|ff|gg|ll|mm|nn|pp|rr|ss|tt)",
            r"(?:[SKsk]t?rau|[Ee]u|[Ee]i|ie|[Ss]tra|[Gg]ro|\b[Vv]o)á",  # ß of DOS
            f"(?<=[{_ANY}])[{_QUOTES}—](?=[{_LOWER}])",  # ä, ö, é of DOS, î, ó on the Mac
            f"™(?=[{_ANY}])",  # Ö of DOS
            f"(?<=[{_LOWER}])[³¹ª•](?=[{_LOWER}])",
        )
    ),
    re.MULTILINE,
)
"""What is written like this by mistake at most."""
_USUAL = re.compile("(?<=[A-Za-z])[äöüß]|[äöü](?=[a-z])|[ÄÖÜ](?=[A-Za-z])")
"""Letters of German as Windows-1252 has them."""
_SLIPS = 20
"""Of so many usual letters, one odd one may be a slip of the pen."""
_QUOTED = re.compile(f"(?<![{_ANY}])[{_QUOTES}]|[{_QUOTES}](?![{_ANY}])")
_BEFORE, _AFTER = 5, 2
"""So many characters around a run decide whether it is odd."""
_WELL_WRITTEN = re.compile("[A-ZÄÖÜÉÈÀÁÂÇÑÓÅÆØŒ]?[a-zäöüßéèêëáàâåãçñíîïìóôòõúûùæøœÿ]*|[A-ZÄÖÜßÉÈÀÁÂÇÑÓÅÆØŒ]*")
_WORD = 60
"""As much of a word is looked at, in characters, on either side."""
_ASKED = 1000
"""So many odd words are enough to tell one character set from another."""


@dataclass
class Tally:
    """How often a text, read as Windows-1252, is written as no language is, and how often as is usual."""

    sure: int = 0
    odd: int = 0
    usual: int = 0
    mac: int = 0
    dos: int = 0
    """How well the odd words would be written in these character sets."""
    first: int | None = None
    """Line of the first odd word."""
    _counted: dict[tuple[str, str, str], tuple[int, int, int]] = field(default_factory=dict, repr=False)

    def add(self, text: str, at: int = 1, newline: str = "\n") -> None:
        """Count what stands in `text`, which begins with the line `at`."""
        for run in _RUN.finditer(text):
            sure, odd, usual = self._count(text, run)
            self.usual += usual
            if not sure and (not odd or _is_quoted(text, run)):
                continue
            self.sure, self.odd = self.sure + sure, self.odd + odd
            if self.first is None:
                self.first = at + text.count(newline, 0, run.start())
            if self.sure + self.odd <= _ASKED:
                self._ask(_word_at(text, run.start()))

    def _count(self, text: str, run: re.Match[str]) -> tuple[int, int, int]:
        key = (
            text[max(run.start() - _BEFORE, 0) : run.start()],
            run.group(),
            text[run.end() : run.end() + _AFTER],
        )
        found = self._counted.get(key)
        if found is None:
            found = _count(*key)
            if len(self._counted) < _ASKED:
                self._counted[key] = found
        return found

    def _ask(self, word: str) -> None:
        raw = bytes(_BYTES.get(char, ord("?")) for char in word)
        self.mac += _worth(raw.decode("mac_roman"))
        self.dos += _worth(raw.decode("cp850"))

    @property
    def foreign(self) -> Foreign | None:
        """The character set that was counted; None where it is Windows-1252."""
        if not self.sure and (not self.odd or self.odd * _SLIPS < self.usual):
            return None
        if self.mac == self.dos:
            return Foreign.UNKNOWN
        return Foreign.MAC if self.mac > self.dos else Foreign.DOS

    @property
    def is_mixed(self) -> bool:
        """Whether most of the text is Windows-1252, and some of it is not."""
        return self.foreign is not None and self.usual > self.sure + self.odd


def _count(before: str, run: str, after: str) -> tuple[int, int, int]:
    """Return how often a run is sure, odd and usual; what stands beside it is counted with its own run."""
    text, start, end = before + run + after, len(before), len(before) + len(run)
    sure, odd, usual = (
        sum(1 for found in pattern.finditer(text) if found.end() > start and found.start() < end)
        for pattern in (_SURE, _ODD, _USUAL)
    )
    return sure, odd, usual


def _is_quoted(text: str, run: re.Match[str]) -> bool:
    """Return whether an odd quotation mark within a word is the other half of one beside a word: „Mit“arbeit."""
    if not set(run.group()) & set(_QUOTES):
        return False
    before, after = cell_at(text, run.start())
    return _QUOTED.search(f"{before} {after.removeprefix(run.group())}") is not None


def _word_at(text: str, place: int) -> str:
    before = re.split(r'[\s;"]', text[max(0, place - _WORD) : place])[-1]
    return before + re.split(r'[\s;"]', text[place : place + _WORD])[0]


def _worth(word: str) -> int:
    """How much speaks for a word: letters of German most, then those of its neighbours; 0 for what is no word."""
    if not all(_WELL_WRITTEN.fullmatch(part) for part in re.split(r"[-'./0-9,()]+", word)):
        return 0
    return 1 + sum(3 if char in "äöüÄÖÜß" else char in "éèçñáíóúøÉÇÑ" for char in word)

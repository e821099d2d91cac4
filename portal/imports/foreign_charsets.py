"""Tell text in Mac Roman and the character sets of DOS, read as Windows-1252, from Windows-1252. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from portal.imports.misread import BYTES, cell_at


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
_RUN = re.compile("[^\x00-\x7f]+")
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
        raw = bytes(BYTES.get(char, ord("?")) for char in word)
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

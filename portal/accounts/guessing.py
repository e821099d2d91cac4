"""How easily a password is guessed: the estimate of zxcvbn, which brings English words alone, with German ones."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "words" / "zxcvbn-ts"
EASY = 10**10
"""Below so many guesses a password is easy."""
_LOOKED_AT = 72
"""Characters that are looked at; zxcvbn takes its time with more, and more only makes it harder to guess."""
_WORDS, _SIGNS, _LETTER = 2, 8, 3
"""Two words and so many signs, a letter counting as three, are a common pattern, however rare the words."""
_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_BARE = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "s"})
_OF_THE_TRADE = """
    jobbrücke jobnetzwerk job4you qualli jobportal jobcenter arbeitsagentur arbeitsamt bundesagentur agentur sozialamt
    vermittler vermittlung vermittlungs vermittlungsgutschein bildungsgutschein aktivierung aktivierungs gutschein
    teilnehmer teilnehmerin teilnehmenden teilnahme maßnahme maßnahmen maßnahmeträger träger bildungsträger mandant
    bewerbung bewerbungs bewerber bewerberin bewerbungsmappe bewerbungstraining training coaching lebenslauf mappe
    qualifizierung weiterbildung umschulung ausbildung berufsberatung beratung betreuer betreuerin betreuung leitung
    sachbearbeiter sachbearbeiterin verwaltung zuständig bürgergeld förderung freigabe auftrag integration sprachkurs
    passwort kennwort geheim geheimnis willkommen hallo anmeldung zugang ichliebedich schatz schatzi mausi fußball
    frühling frühjahr sommer herbst winter ferien sommerferien herbstferien winterferien osterferien weihnachtsferien
    urlaub sommerurlaub winterurlaub weihnachten ostern pfingsten silvester geburtstag feierabend wochenende
    kaffee kaffeepause mittagspause pause büro klammer schreibtisch drucker tastatur computer rechner datenschutz
    januar februar märz april mai juni juli august september oktober november dezember
    montag dienstag mittwoch donnerstag freitag samstag sonntag
    deutschland berlin hamburg münchen köln frankfurt stuttgart düsseldorf leipzig dortmund essen bremen dresden
    hannover nürnberg bayern sachsen hessen qwertz qwertzu qwertzuiop qwertzuiopü asdfghjklöä yxcvbnm
"""
"""What is written all day where this is used: the commonest first guess."""


def spellings(words: Iterable[str], shortest: int = 3) -> Iterator[str]:
    """Each word in lower case, with umlauts and without them, once and in order; those too short are left out."""
    seen: set[str] = set()
    for word in words:
        lower = word.lower()
        for spelled in (lower, lower.translate(_SPELLED), lower.translate(_BARE)):
            if len(spelled) >= shortest and spelled not in seen:
                seen.add(spelled)
                yield spelled


def is_easy(password: str, *about: str) -> bool:
    """Return whether the password can be guessed with a knowledge of German and of `about`, the owner's data."""
    zxcvbn, known_words = _load_zxcvbn()
    typed = password[:_LOOKED_AT]
    own = list(spellings([*about, *(word for text in about for word in re.split(r"[\W_]+", text))], 2))
    if zxcvbn(typed, own)["guesses"] < EASY:
        return True
    known = {part for part in _parts(typed.lower()) if any(part in ranked for ranked in known_words.values())}
    return _is_few_words(typed.lower(), known, set(own))


@lru_cache(maxsize=1)
def _load_zxcvbn() -> tuple[Any, Mapping[str, Mapping[str, int]]]:
    """Return its function and its words, German ones among them, in the order of how common they are.

    Its lists are large, and few processes ever see a new password.
    """
    from zxcvbn import matching, zxcvbn  # noqa: PLC0415 - see above

    lists = {f"german_{path.stem}": json.loads(path.read_text("utf-8")) for path in _FOLDER.glob("*.json")}
    lists["german_trade"] = _OF_THE_TRADE.split()
    matching.add_frequency_lists({name: list(spellings(words)) for name, words in lists.items()})
    return zxcvbn, matching.RANKED_DICTIONARIES


def _parts(text: str, shortest: int = 3) -> set[str]:
    ends = range(len(text) + 1)
    return {text[start:end] for start, end in product(ends, ends) if end - start >= shortest}


def _is_few_words(text: str, known: set[str], own: set[str]) -> bool:
    """Return whether hardly anything is left without the owner's words and two that are known."""
    costs = {0: {0: 0}}  # by the place that was come to and the words used: what is left before it
    for end in range(1, len(text) + 1):
        here: dict[int, int] = {}
        for start in range(end):
            part = text[start:end]
            word = 0 if part in own else 1 if part in known else None
            sign = (_LETTER if part.isalpha() else 1) if len(part) == 1 else None
            for used, cost in costs[start].items():
                if word is not None and used + word <= _WORDS:
                    here[used + word] = min(cost, here.get(used + word, cost))
                if sign is not None:
                    here[used] = min(cost + sign, here.get(used, cost + sign))
        costs[end] = here
    return min(costs[len(text)].values()) <= _SIGNS

"""Invented participants as a Qualli.life export: `python -m demo.people --out DIR --today DATE`.

The same date and seed give the same bytes. Who is invented how says demo.seed; the names are Faker's.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import random
from collections.abc import Iterator, Mapping
from pathlib import Path

from faker import Faker

from demo import words
from demo.seed import JOBNETZWERK, PROVIDERS, SMALL_ONE, Mediator, Order, Provider
from portal.core.masking import check_digit
from portal.domain.rules.normalise import normalise
from portal.imports.columns import EXPORTED_AT, MEDIATORS, ORDERS, PARTICIPANTS, PROFILES, Table

EXPORT = Path(__file__).parent / "export"
"""What is shipped: the export of the two large providers as of EXPORT_DATE."""
EXPORT_DATE = dt.date(2026, 11, 2)
SEED = 4711

Line = dict[str, str]


def write_export(provider: Provider, folder: Path, today: dt.date, *, before: bool = False) -> None:
    """Write the provider's export of `today` into `folder`, or the one before that."""
    folder.mkdir(parents=True, exist_ok=True)
    people, profiles = _people(provider, today, before=before)
    mediators = [_mediator(item, before=before) for item in provider.mediators]
    orders = [_order(item, number, provider, today, before) for number, item in enumerate(provider.orders)]
    for table, lines in (
        (MEDIATORS, mediators),
        (ORDERS, orders),
        (PARTICIPANTS, people),
        (PROFILES, profiles),
    ):
        if lines:
            _write(table, lines, folder, mark=not provider.german_dates)


def _write(table: Table, lines: list[Line], folder: Path, *, mark: bool) -> None:
    names = [column.name for column in table.columns if column is not EXPORTED_AT]
    with (folder / table.file).open("w", encoding="utf-8-sig" if mark else "utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="", delimiter=";", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(lines)


def _mediator(item: Mediator, *, before: bool) -> Line:
    active = item.active or (before and item.was_active)
    return {
        "vermittler_id": item.number,
        "kuerzel": item.initials,
        "nachname": item.last_name,
        "vorname": item.first_name,
        "email": f"{_plain(item.last_name)}@example.org",
        "telefon": f"030 5550{item.number[-3:]}",
        "aktiv": "ja" if active else "nein",
    }


def _order(item: Order, number: int, provider: Provider, today: dt.date, before: bool) -> Line:
    named = item.had_responsible if before else item.responsible
    mediators = [one for one in provider.mediators if one.active]
    return {
        "auftrag_id": item.number,
        "bezeichnung": item.title,
        "massnahmenummer": f"{provider.area}23/{21 + number}/1/{number + 11}",
        "traeger": provider.name.removesuffix(" (Demo)"),
        "beginn": _date(today - dt.timedelta(days=180 + 7 * number), provider),
        "ende": _date(today + dt.timedelta(days=120 + 7 * number), provider),
        "zustaendig": mediators[number % len(mediators)].initials if named else "",
    }


def _people(provider: Provider, today: dt.date, *, before: bool) -> tuple[list[Line], list[Line]]:
    """Lines of participants and of profiles. Everybody is invented in turn, whether in this export or not."""
    people: list[Line] = []
    profiles: list[Line] = []
    fake = Faker("de_DE")
    for number, role in provider.role_of().items():
        dice = random.Random(f"{SEED}-{number}")
        fake.seed_instance(f"{SEED}-{number}")
        line = _complete(number, provider, today, dice, fake)
        profile = list(_profile(number, provider, today, dice))
        if role.name in ("sparse", "random"):
            _thin_out(line, dice)
        if role.gone and not before:
            continue
        changes: Mapping[str, str | int] = {**role.now, **role.before} if before else role.now
        people.append(line | {name: _value(value, provider, today) for name, value in changes.items()})
        profiles += profile
    if provider is JOBNETZWERK and profiles:
        profiles[0] = profiles[0] | {"art": "sprache", "bezeichnung": "Deutsch", "niveau": "fließend"}
    return people, profiles


def _complete(number: str, provider: Provider, today: dt.date, dice: random.Random, fake: Faker) -> Line:
    female = dice.random() < 0.5
    first = fake.first_name_female() if female else fake.first_name_male()
    last = fake.last_name()
    born = today - dt.timedelta(days=dice.randrange(19 * 365, 61 * 365))
    code, town = dice.choice(words.CITIES[provider.area])
    agreed = today - dt.timedelta(days=dice.randrange(220, 400))
    orders = [item for item in provider.orders if item.open and item.responsible]
    mediators = [item for item in provider.mediators if item.active and not item.unknown]
    return {
        "tn_id": number,
        "anrede": "Frau" if female else "Herr",
        "nachname": last,
        "vorname": first,
        "geburtsdatum": _date(born, provider),
        "svnr": _social_insurance_number(born, last, dice) if dice.random() < 0.4 else "",
        "strasse": f"{fake.street_name()} {dice.randrange(1, 120)}",
        "plz": code,
        "ort": town,
        "email": f"{_plain(first)}.{_plain(last)}.{number}@example.org",
        "telefon": f"0155 5{dice.randrange(10**6, 10**7)}",
        "betreuer": dice.choice(mediators).initials,
        "auftrag_id": dice.choice(orders).number,
        "einverstaendnis_am": _date(agreed, provider),
    }


def _thin_out(line: Line, dice: random.Random) -> None:
    """Take away what is often missing in real life."""
    for name in ("email", "betreuer", "auftrag_id", "einverstaendnis_am", "telefon", "geburtsdatum"):
        if dice.random() < 0.25:
            line[name] = ""


def _profile(number: str, provider: Provider, today: dt.date, dice: random.Random) -> Iterator[Line]:
    if dice.random() >= provider.profiles:
        return
    begun = today - dt.timedelta(days=dice.randrange(900, 4000))
    yield {"tn_id": number, "art": "wunschberuf", "bezeichnung": dice.choice(words.OCCUPATIONS)}
    yield {"tn_id": number, "art": "bildung", "bezeichnung": dice.choice(words.EDUCATIONS)}
    yield {
        "tn_id": number,
        "art": "erfahrung",
        "bezeichnung": dice.choice(words.EXPERIENCES),
        "von": _date(begun, provider),
        "bis": _date(begun + dt.timedelta(days=700), provider),
    }
    skill, level = dice.choice(words.SKILLS)
    yield {"tn_id": number, "art": "kenntnis", "bezeichnung": skill, "niveau": level}
    language, level = dice.choice(words.LANGUAGES)
    yield {"tn_id": number, "art": "sprache", "bezeichnung": language, "niveau": level}
    if dice.random() < 0.5:
        yield {"tn_id": number, "art": "fuehrerschein", "bezeichnung": dice.choice(words.LICENCES)}


def _value(value: str | int, provider: Provider, today: dt.date) -> str:
    if isinstance(value, int):
        return _date(today + dt.timedelta(days=value), provider)
    if value == "=unknown":
        return next(item.initials for item in provider.mediators if item.unknown)
    if value == "=inactive":
        return next(item.initials for item in provider.mediators if item.was_active)
    return value


def _social_insurance_number(born: dt.date, last_name: str, dice: random.Random) -> str:
    area = dice.choice(("02", "04", "11", "12", "13", "50", "53", "65"))
    letter = normalise(last_name)[:1].upper()
    bare = f"{area}{born:%d%m%y}{letter}{dice.randrange(100):02}"
    return bare + check_digit(f"{bare}0")


def _plain(text: str) -> str:
    return "".join(char for char in normalise(text) if char.isascii() and char.isalnum())


def _date(value: dt.date, provider: Provider) -> str:
    return f"{value:%d.%m.%Y}" if provider.german_dates else value.isoformat()


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Write an invented Qualli.life export, one folder a provider."
    )
    parser.add_argument("--out", type=Path, default=EXPORT)
    parser.add_argument("--today", type=dt.date.fromisoformat, default=EXPORT_DATE, help="JJJJ-MM-TT")
    asked = parser.parse_args()
    for provider in PROVIDERS:
        if provider is not SMALL_ONE:
            write_export(provider, asked.out / provider.slug, asked.today)


if __name__ == "__main__":
    main()

"""Who is who in the demo: three providers, their mediators and orders, and roles of participants.

The export (demo.people) gives each role its lines, demo.scenarios gives it its story. Participants are numbered in the
order of the roles, so that both find them without asking each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice

from demo.logins import J4U, JN, SMALL

Fields = Mapping[str, str | int]
"""Columns by name; a number stands for the date that many days after the export's."""


@dataclass(frozen=True)
class Mediator:
    number: str
    initials: str
    last_name: str
    first_name: str
    active: bool = True
    unknown: bool = False
    """Not created in the job network."""
    was_active: bool = False
    """Was still active in the export before."""


@dataclass(frozen=True)
class Order:
    number: str
    title: str
    open: bool = True
    """Any participant may be put into it; others are for one role."""
    responsible: bool = True
    had_responsible: bool = True
    """The export before named a person responsible."""


@dataclass(frozen=True)
class Role:
    """Participants with one story. Where nothing is said, a line is complete, and was the same before."""

    name: str
    count: int
    now: Fields = field(default_factory=dict)
    """What is different in the shipped export."""
    before: Fields = field(default_factory=dict)
    """What was different in the export before that."""
    gone: bool = False
    """In the export before alone."""


@dataclass(frozen=True)
class Provider:
    slug: str
    name: str
    network: str
    """jobnetzwerk or job4you."""
    state: str
    """Federal state, two letters."""
    area: str
    """First digits of its participants' postal codes; see demo.words."""
    first_number: int
    mediators: tuple[Mediator, ...]
    orders: tuple[Order, ...]
    roles: tuple[Role, ...]
    german_dates: bool = True
    """Dates as TT.MM.JJJJ and no byte order mark; else ISO, with one."""
    profiles: float = 1.0
    """Share of participants with a profile."""

    @property
    def confirms(self) -> bool:
        """Whether consent that is not recorded may be confirmed on release."""
        return self.network == "jobnetzwerk"

    def numbers(self, *names: str) -> list[str]:
        """The participants of these roles."""
        return [number for name in names for number in self._by_role()[name]]

    def role_of(self) -> dict[str, Role]:
        """The role of each participant, in the order of the numbers."""
        by_role = self._by_role()
        return {number: role for role in self.roles for number in by_role[role.name]}

    def _by_role(self) -> dict[str, list[str]]:
        numbers = (str(number) for number in range(self.first_number, self.first_number + 10_000))
        return {role.name: list(islice(numbers, role.count)) for role in self.roles}


DONE = (
    Role("online", 84),
    Role("online-later", 24),
    Role("left-order", 4, {"austritt": -20}, {"austritt": ""}),
    Role("revoked", 11),
    Role("mediator-unknown", 6, {"betreuer": "=unknown"}),
    Role("refused-record", 1),
    Role("rejected", 3),
    Role("archived-unexpectedly", 1),
    Role("archiving", 3),
    Role("withdrawn", 2, {"einverstaendnis_widerrufen_am": -12}, {"einverstaendnis_widerrufen_am": ""}),
    Role("expired", 1, {"einverstaendnis_bis": -15}, {"einverstaendnis_bis": ""}),
    Role("scheduled", 6),
    Role("name-missing", 2, {"vorname": ""}),
    Role("mediator-missing", 2, {"betreuer": "Frau Sommerfeld (Vertretung)"}),
    Role("mediator-inactive", 2, {"betreuer": "=inactive"}),
)
"""Stories that both large providers tell."""
NEVER = (
    Role("old-withdrawal", 5, {"einverstaendnis_widerrufen_am": -200}),
    Role("old-expiry", 5, {"einverstaendnis_bis": -120}),
    Role("sparse", 30),
)
"""Participants who were never released; `sparse` have gaps at random."""
WRONG_LINES = (
    Role("wrong-birth-date", 1, {"geburtsdatum": "31.02.1991"}),
    Role("wrong-insurance-number", 1, {"svnr": "00010190B012"}),
    Role("wrong-order", 1, {"auftrag_id": "A-9999"}),
    Role("wrong-consent-date", 1, {"einverstaendnis_am": "mündlich"}),
)
"""Lines that an import rejects, so that a report has something to say; these people never come to be."""
INTENDED_REJECTIONS = frozenset(
    {
        ("teilnehmer.csv", "geburtsdatum", "date-unreadable"),
        ("teilnehmer.csv", "svnr", "check-digit-wrong"),
        ("teilnehmer.csv", "auftrag_id", "order-unknown"),
        ("teilnehmer.csv", "einverstaendnis_am", "date-unreadable"),
        ("profil.csv", "tn_id", "participant-rejected"),
        ("profil.csv", "niveau", "choice-unknown"),
    }
)
"""File, column and code of each kind of line that is wrong on purpose."""

JOBNETZWERK = Provider(
    slug=JN,
    name="Lernwerk Spreetal gGmbH (Demo)",
    network="jobnetzwerk",
    state="BE",
    area="1",
    first_number=10_001,
    profiles=0.3,
    mediators=(
        Mediator("V-101", "KRS", "Krüger", "Sabine"),
        Mediator("V-102", "ÖZM", "Özdemir", "Mehmet"),
        Mediator("V-103", "LEJ", "Lehmann", "Jörg"),
        Mediator("V-104", "WEC", "Weiß-Albrecht", "Claudia"),
        Mediator("V-105", "NOP", "Nowak", "Piotr"),
        Mediator("V-106", "HEU", "Heßling", "Ute", unknown=True),
        Mediator("V-107", "SCB", "Schröder", "Bernd", active=False, was_active=True),
        Mediator("V-108", "FRK", "Franke", "Karin", active=False),
    ),
    orders=(
        Order("A-1001", "Aktivierung und Eingliederung „Neustart“"),
        Order("A-1002", "Bewerbungscoaching AVGS"),
        Order("A-1003", "Umschulung Fachkraft für Lagerlogistik"),
        Order("A-1004", "Qualifizierung Kaufmännische Grundlagen"),
        Order("A-1005", "Berufssprachkurs B2 Pflege"),
        Order("A-1006", "Teilqualifikation Metalltechnik TQ1"),
        Order("A-1007", "Betreuungskraft nach § 53b SGB XI"),
        Order("A-1008", "Wiedereinstieg für Erziehende"),
        Order("A-1009", "Digitale Grundkompetenzen"),
        Order("A-1010", "Einzelcoaching 50plus"),
        Order("A-1011", "Gärtnern im Quartier (AGH)", responsible=False, had_responsible=False),
    ),
    roles=(
        *DONE,
        Role("confirmed", 5, {"einverstaendnis_am": ""}),
        Role("revoked-today", 3),
        Role("mediator-changed", 2),
        Role("sent", 5),
        Role("overdue", 2),
        Role("unanswered", 2),
        Role("left", 2, gone=True),
        Role("ready", 35),
        Role("to-confirm", 25, {"einverstaendnis_am": ""}),
        *NEVER,
        *WRONG_LINES,
        Role("random", 24),
    ),
)
JOB4YOU = Provider(
    slug=J4U,
    name="Perspektive Rheinbogen e. V. (Demo)",
    network="job4you",
    state="NW",
    area="5",
    first_number=20_001,
    german_dates=False,
    mediators=(
        Mediator("V-201", "BRM", "Brück", "Martina"),
        Mediator("V-202", "THS", "Thönnißen", "Sven"),
        Mediator("V-203", "AYE", "Aydın", "Elif"),
        Mediator("V-204", "GRH", "Großmann", "Heike"),
        Mediator("V-205", "DUL", "Dürrenberg-Lüth", "Lars"),
        Mediator("V-206", "KOT", "Kowalczyk", "Tomasz", unknown=True),
        Mediator("V-207", "MEI", "Meißner", "Ingrid", active=False, was_active=True),
        Mediator("V-208", "VOR", "Vogt", "Rainer", active=False),
    ),
    orders=(
        Order("B-2001", "Aktivcenter Köln-Kalk"),
        Order("B-2002", "Bewerbungsmanagement und Vermittlung"),
        Order("B-2003", "Umschulung Kaufleute für Büromanagement"),
        Order("B-2004", "Qualifizierung Schutz und Sicherheit (§ 34a GewO)"),
        Order("B-2005", "Berufssprachkurs C1 Gesundheit"),
        Order("B-2006", "Teilqualifikation Elektrotechnik TQ2"),
        Order("B-2007", "Führerschein B und Zustelldienste"),
        Order("B-2008", "Neue Wege für Alleinerziehende"),
        Order("B-2009", "Online-Marketing kompakt"),
        Order("B-2010", "Ganzheitliches Coaching"),
        Order("B-2011", "Küchenhilfe mit Perspektive", open=False, responsible=False, had_responsible=False),
        Order("B-2012", "Lager und Logistik Niehl", open=False, responsible=False),
    ),
    roles=(
        *DONE,
        Role("order-lost", 9, {"auftrag_id": "B-2012"}),
        Role("order-open", 12, {"auftrag_id": "B-2011"}),
        Role("left", 1, gone=True),
        Role("consent-missing", 3, {"einverstaendnis_am": ""}),
        Role("email-missing", 2, {"email": ""}),
        Role("email-unreadable", 2, {"email": "keine"}),
        Role("caseworker-missing", 2, {"betreuer": ""}),
        Role("order-missing", 2, {"auftrag_id": ""}),
        Role("answer-missing", 2),
        Role("contradictory", 1),
        Role("ready", 30),
        *NEVER,
        *WRONG_LINES,
        Role("random", 37),
    ),
)
SMALL_ONE = Provider(
    slug=SMALL,
    name="Lernstube Uckertal (Demo)",
    network="jobnetzwerk",
    state="BB",
    area="1",
    first_number=30_001,
    profiles=0,
    mediators=(
        Mediator("V-301", "BER", "Berthold", "Rüdiger"),
        Mediator("V-302", "LIG", "Lindemann", "Gesa"),
    ),
    orders=(Order("C-3001", "Lernstube und Vermittlung"),),
    roles=(Role("online", 6), Role("late", 2), Role("ready", 4)),
)
"""Shows what would stand in the way of the large ones: a licence that ended, a transfer without an answer."""
PROVIDERS = (JOBNETZWERK, JOB4YOU, SMALL_ONE)

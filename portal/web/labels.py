"""The word, icon and colour of each enum member: the one place that has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import Flask
from flask_babel import lazy_gettext as _l

from portal.accounts.actor import SYSTEM
from portal.accounts.models import Role
from portal.audit.models import AuditEvent
from portal.bulk.models import BulkState
from portal.deliveries.brake import Hold
from portal.deliveries.states import Cause, DeliveryState, Mode, Novelty, Part, Problem
from portal.people.numbers import ShowReason
from portal.qualli.columns import Kind
from portal.qualli.models import ImportMode, ImportState
from portal.releases.models import EndCause, Event
from portal.releases.phase import Phase
from portal.releases.preflight import Finding
from portal.releases.status import Outcome, Reason, Status
from portal.tenants.models import ConnectionState
from portal.tenants.network import Network
from portal.web.audit_labels import (
    EVENTS,
    PERMISSIONS,
    SHOW_REASONS,
    SUBJECTS,
    page_words,
    second_person_words,
    show_reason_words,
)
from portal.web.finding_labels import FINDINGS, Mending
from portal.web.reason_help import REASON_FINDINGS, REASON_HELP

__all__ = ["LABELS", "PHASE_HELP", "STATUS_HELP", "Label", "Tone", "author", "label_of", "mending_of"]


class Tone(StrEnum):
    """Colours, by what they say; `static/app.css` gives them for light and dark."""

    SUCCESS = "success"
    INFO = "info"
    WARNING = "warning"
    DANGER = "danger"
    NEUTRAL = "neutral"


@dataclass(frozen=True)
class Label:
    text: Any
    icon: str = "dot"
    """A symbol of `static/icons.svg`."""
    tone: Tone = Tone.NEUTRAL


GOOD, INFO, WARN, BAD = Tone.SUCCESS, Tone.INFO, Tone.WARNING, Tone.DANGER

LABELS: dict[type[StrEnum], Mapping[Any, Label]] = {
    Status: {
        Status.OFFLINE: Label(_l("Offline"), "circle"),
        Status.ONLINE: Label(_l("Online"), "check-circle", GOOD),
        Status.ONLINE_ARCHIVED: Label(_l("Online archiviert"), "archive-out", WARN),
        Status.OFFLINE_ARCHIVED: Label(_l("Offline - archiviert"), "archive"),
    },
    Phase: {
        Phase.CLARIFICATION: Label(_l("in Klärung"), "question", BAD),
        Phase.OUTCOME_UNKNOWN: Label(_l("Ausgang unbekannt"), "question", WARN),
        Phase.HELD: Label(_l("angehalten"), "pause", WARN),
        Phase.TRANSFERRING: Label(_l("wird übertragen"), "sync", INFO),
        Phase.REJECTED: Label(_l("abgelehnt"), "cross-circle", BAD),
        Phase.MEDIATOR_UNKNOWN: Label(_l("dort archiviert: Vermittler/in unbekannt"), "archive", BAD),
        Phase.OVERDUE: Label(_l("überfällig"), "clock-alert", WARN),
        Phase.ARCHIVING: Label(_l("Archivierung offen"), "archive-out", INFO),
        Phase.SENT: Label(_l("gesendet, Antwort offen"), "send", INFO),
        Phase.BLOCKED: Label(_l("blockiert"), "block", BAD),
        Phase.SCHEDULED: Label(_l("vorgemerkt"), "clock", INFO),
        Phase.WITHDRAWAL_SCHEDULED: Label(_l("wird abgemeldet"), "archive-out", INFO),
        Phase.NOT_RELEASED: Label(_l("nicht freigegeben"), "lock"),
        Phase.CURRENT: Label(_l("aktuell"), "check", GOOD),
    },
    Event: {
        Event.RELEASED: Label(_l("Freigabe erteilt"), "check-circle", GOOD),
        Event.REVOKED: Label(_l("Freigabe aufgehoben"), "cross-circle", BAD),
        Event.MEDIATOR_CHOSEN: Label(_l("Vermittler/in gewählt"), "person"),
        Event.TRANSFER_REQUESTED: Label(_l("Übertragung angefordert"), "clock", INFO),
        Event.SENT: Label(_l("An das Jobportal gesendet"), "send", INFO),
        Event.SENT_WITHDRAWAL: Label(_l("Abmeldung an das Jobportal gesendet"), "archive-out", INFO),
        Event.ANSWERED_ACTIVE: Label(_l("Vom Jobportal bestätigt"), "check-circle", GOOD),
        Event.ANSWERED_ARCHIVED: Label(_l("Vom Jobportal archiviert"), "archive", WARN),
        Event.ANSWERED_REJECTED: Label(_l("Vom Jobportal abgelehnt"), "cross-circle", BAD),
        Event.ANSWER_OVERTAKEN: Label(_l("Antwort überholt"), "history"),
        Event.ANSWER_CONTRADICTORY: Label(_l("Widersprüchliche Antwort"), "question", WARN),
        Event.APPLICANT_ID_CHANGED: Label(_l("Neue Bewerber-ID"), "id", WARN),
        Event.APPLICANT_ID_TAKEN: Label(_l("Bewerber-ID gehört schon jemand anderem"), "question", BAD),
        Event.ANSWER_MISSING: Label(_l("Antwort fehlt"), "clock-alert", WARN),
        Event.CLARIFIED: Label(_l("Klärung beendet"), "check-circle", GOOD),
        Event.RECORD_REFUSED: Label(_l("Datensatz nicht angenommen"), "cross-circle", BAD),
        Event.NETWORK_CHANGED: Label(_l("Jobportal gewechselt"), "sync", WARN),
        Event.RETURNED: Label(_l("Wieder in Qualli.life"), "return"),
        Event.WITHDRAWAL_KEPT: Label(_l("Widerruf bleibt bestehen"), "cross-circle", WARN),
        Event.PERSON_CHANGED: Label(_l("Angaben zur Person geändert"), "sync"),
        Event.IDENTITY_DOUBTED: Label(_l("Andere Person unter derselben Nummer?"), "question", WARN),
        Event.IDENTITY_SETTLED: Label(_l("Geklärt, wem die Nummer gehört"), "check-circle", GOOD),
        Event.CONSENT_RENEWED: Label(_l("Neues Einverständnis nach dem Widerruf"), "check-circle", GOOD),
    },
    DeliveryState: {
        DeliveryState.PLANNED: Label(_l("geplant"), "clock", INFO),
        DeliveryState.BUILT: Label(_l("zusammengestellt"), "package", INFO),
        DeliveryState.HELD: Label(_l("angehalten"), "pause", WARN),
        DeliveryState.SENDING: Label(_l("wird gesendet"), "send", INFO),
        DeliveryState.COMMITTED: Label(_l("Eingang bestätigt"), "check", INFO),
        DeliveryState.ANSWERING: Label(_l("Antworten kommen"), "sync", INFO),
        DeliveryState.COMPLETE: Label(_l("abgeschlossen"), "check-circle", GOOD),
        DeliveryState.FAILED: Label(_l("gescheitert"), "cross-circle", BAD),
        DeliveryState.DISCARDED: Label(_l("verworfen"), "block"),
    },
    ImportState: {
        ImportState.WAITING: Label(_l("wartet auf die Verarbeitung"), "clock", INFO),
        ImportState.STAGING: Label(_l("wird gelesen und geprüft"), "sync", INFO),
        ImportState.HELD: Label(_l("angehalten"), "pause", WARN),
        ImportState.APPLYING: Label(_l("wird übernommen"), "sync", INFO),
        ImportState.DONE: Label(_l("fertig"), "check-circle", GOOD),
        ImportState.FAILED: Label(_l("gescheitert"), "cross-circle", BAD),
        ImportState.DISCARDED: Label(_l("verworfen"), "block"),
    },
    ImportMode: {ImportMode.FULL: Label(_l("vollständig")), ImportMode.DELTA: Label(_l("nur Änderungen"))},
    Kind: {
        Kind.MEDIATOR: Label(_l("Vermittler/innen")),
        Kind.ORDER: Label(_l("Aufträge/Maßnahmen")),
        Kind.PARTICIPANT: Label(_l("Teilnehmer/innen")),
        Kind.PROFILE: Label(_l("Profilzeilen")),
    },
    BulkState: {
        BulkState.SHOWN: Label(_l("noch nicht gestartet"), "clock"),
        BulkState.WAITING: Label(_l("wartet auf die Verarbeitung"), "clock", INFO),
        BulkState.RUNNING: Label(_l("läuft"), "sync", INFO),
        BulkState.DONE: Label(_l("fertig"), "check-circle", GOOD),
    },
    Mode: {Mode.FULL: Label(_l("vollständig")), Mode.DELTA: Label(_l("einzelne"))},
    Cause: {
        Cause.NIGHTLY: Label(_l("nächtlich")),
        Cause.NOW: Label(_l("Jetzt übertragen")),
        Cause.CONSENT: Label(_l("Einverständnis entfallen")),
        Cause.REBUILT: Label(_l("neu zusammengestellt")),
        Cause.NETWORK_CHANGED: Label(_l("Jobportal gewechselt")),
        Cause.FOUND: Label(_l("beim Jobportal gefunden")),
    },
    Part: {
        Part.NAMED: Label(_l("genannt")),
        Part.WITHDRAWN: Label(_l("abgemeldet")),
        Part.OMITTED: Label(_l("nicht mehr genannt")),
    },
    Novelty: {
        Novelty.NEW: Label(_l("neu"), "plus", INFO),
        Novelty.CHANGED: Label(_l("geändert"), "edit", INFO),
        Novelty.UNCHANGED: Label(_l("unverändert"), "equal"),
        Novelty.LEAVING: Label(_l("scheidet aus"), "archive-out", WARN),
    },
    Problem: {
        Problem.BRAKE: Label(_l("Es würden ungewöhnlich viele Personen archiviert.")),
        Problem.REFUSED_TOLD: Label(
            _l(
                "Das Jobportal nimmt den Datensatz einer Person nicht an, die es schon führt. "
                "Ohne sie zu senden, würde sie archiviert."
            )
        ),
        Problem.CRASHED: Label(_l("Der Schritt ist mehrmals abgebrochen.")),
        Problem.RECONCILE: Label(_l("Das Jobportal kennt Übertragungen, die hier nicht bekannt sind.")),
        Problem.NOT_LICENSED: Label(_l("Das Modul „Jobportal“ ist nicht lizenziert.")),
        Problem.NO_CREDENTIALS: Label(_l("Es fehlen die Zugangsdaten zum Jobportal.")),
        Problem.NOTHING_TO_SEND: Label(_l("Es gab nichts zu übertragen.")),
        Problem.UNAUTHORISED: Label(_l("Das Jobportal lehnt die Zugangsdaten ab.")),
        Problem.WRONG_NETWORK: Label(_l("Die Zugangsdaten gehören zum anderen Jobportal.")),
        Problem.OTHER_ACCOUNT: Label(
            _l("Die Zugangsdaten öffnen im Jobportal ein anderes Konto als das bisherige.")
        ),
        Problem.TAKEN_ACCOUNT: Label(
            _l("Die Zugangsdaten öffnen im Jobportal ein Konto, das schon ein anderer Mandant benutzt.")
        ),
        Problem.UNKNOWN_HOLDINGS: Label(
            _l(
                "Das Konto im Jobportal führt Personen, die nicht von hier gemeldet sind. "
                "Wen diese Übertragung nicht nennt, den archiviert das Jobportal."
            )
        ),
        Problem.NETWORK_LICENCE_EXPIRED: Label(_l("Die Lizenz beim Jobportal ist abgelaufen.")),
        Problem.REFUSED: Label(_l("Das Jobportal hat die Übertragung nicht angenommen.")),
        Problem.BASE_MISMATCH: Label(_l("Das Jobportal erwartet eine vollständige Übertragung.")),
        Problem.SEQUENCE_CONFLICT: Label(_l("Das Jobportal kennt diese Nummer schon mit anderem Inhalt.")),
        Problem.UNAVAILABLE: Label(_l("Das Jobportal ist nicht erreichbar; es wird weiter versucht.")),
        Problem.THROTTLED: Label(_l("Das Jobportal bittet um Geduld; es wird weiter versucht.")),
        Problem.GARBLED: Label(_l("Die Antwort des Jobportals war nicht lesbar.")),
        Problem.REPLACED: Label(_l("Durch eine neuere Übertragung ersetzt.")),
        Problem.NO_LONGER_ALLOWED: Label(_l("Eine genannte Person darf nicht mehr übertragen werden.")),
        Problem.REFUSED_RECORD: Label(_l("Das Jobportal hat den Datensatz einer Person nicht angenommen.")),
        Problem.BY_PERSON: Label(_l("Von Hand verworfen.")),
        Problem.FOREIGN_RECEIPT: Label(_l("Die Eingangsbestätigung gehört nicht zu dieser Übertragung.")),
        Problem.STALLED: Label(
            _l("Die Antworten kommen nicht weiter: Das Jobportal wiederholt sich und nennt nichts Neues.")
        ),
        Problem.FORGOTTEN: Label(
            _l("Das Jobportal hat den Eingang bestätigt und kennt diese Übertragung jetzt nicht mehr.")
        ),
    },
    Network: {Network.JOBNETZWERK: Label(_l("Jobnetzwerk")), Network.JOB4YOU: Label(_l("Job4You"))},
    Role: {
        Role.CASEWORKER: Label(_l("Sachbearbeitung")),
        Role.SUPERVISOR: Label(_l("Leitung")),
        Role.ADMINISTRATOR: Label(_l("Administration")),
        Role.SUPPORT: Label(_l("Betreuung des Betreibers")),
        Role.SUPPORT_READER: Label(_l("Betreuung, nur lesend")),
    },
    Reason: {
        Reason.WITHDRAWN: Label(_l("abgemeldet")),
        Reason.MEDIATOR_UNKNOWN: Label(_l("Vermittler/in im Jobportal unbekannt")),
        Reason.CONSENT_MISSING: Label(_l("Einverständniserklärung fehlt")),
        Reason.EMAIL_MISSING: Label(_l("E-Mail-Adresse fehlt")),
        Reason.CASEWORKER_MISSING: Label(_l("primäre/r Betreuer/in fehlt")),
        Reason.NAME_MISSING: Label(_l("Vor- oder Nachname fehlt")),
        Reason.ORDER_RESPONSIBLE_MISSING: Label(_l("Zuständigkeit im Auftrag fehlt")),
        Reason.INVALID_DATA: Label(_l("Daten vom Jobportal nicht anerkannt")),
    },
    Outcome: {
        Outcome.ACTIVE: Label(_l("bestätigt"), "check-circle", GOOD),
        Outcome.ARCHIVED: Label(_l("archiviert"), "archive", WARN),
        Outcome.REJECTED: Label(_l("abgelehnt"), "cross-circle", BAD),
    },
    EndCause: {
        EndCause.PERSON: Label(_l("von einer Person aufgehoben")),
        EndCause.CONSENT: Label(_l("Einverständnis widerrufen oder abgelaufen")),
        EndCause.LEFT: Label(_l("nicht mehr in Qualli.life")),
        EndCause.OTHER_PERSON: Label(_l("Nummer gehört vielleicht einer anderen Person")),
        EndCause.NETWORK_CHANGED: Label(_l("Jobportal gewechselt")),
        EndCause.RECONCILED: Label(_l("Abgleich: im Jobportal abgemeldet")),
    },
    Hold: {
        Hold.TOO_MANY: Label(_l("Mehr Personen als zugelassen scheiden ohne Erklärung aus.")),
        Hold.WHOLE_ORDER: Label(_l("Eine ganze Maßnahme verschwindet ohne Erklärung.")),
        Hold.EMPTY: Label(_l("Es bliebe niemand übrig.")),
        Hold.UNDER_HALF: Label(_l("Es bliebe weniger als die Hälfte übrig.")),
    },
    ConnectionState: {
        ConnectionState.OPEN: Label(_l("offen")),
        ConnectionState.CLOSING: Label(_l("wird geschlossen")),
        ConnectionState.CLOSED: Label(_l("geschlossen")),
    },
    ShowReason: {reason: Label(text) for reason, text in SHOW_REASONS.items()},
    AuditEvent: {event: Label(text) for event, text in EVENTS.items()},
    Finding: {code: Label(mending.text, "cross-circle", BAD) for code, mending in FINDINGS.items()},
}

STATUS_HELP: dict[Status, Any] = {
    Status.OFFLINE: _l(
        "Das Jobportal hat diese Person noch nie bestätigt. Soll sie dorthin, geben Sie sie frei; was dann noch fehlt, "
        "steht auf ihrer Seite."
    ),
    Status.ONLINE: _l(
        "Das Jobportal führt diese Person; Bewerber-ID und Vermittlung gelten dort. Zu tun ist nichts, bis sie "
        "ausscheidet: Dann heben Sie die Freigabe auf."
    ),
    Status.ONLINE_ARCHIVED: _l(
        "Das Jobportal weiß, dass diese Person ausscheidet, oder es kennt ihre/n Vermittler/in nicht. "
        "Es muss sie noch archivieren, oder jemand legt die/den Vermittler/in dort an."
    ),
    Status.OFFLINE_ARCHIVED: _l(
        "Das Jobportal hat diese Person archiviert. Soll sie wieder dorthin, geben Sie sie neu frei; ist sie noch "
        "freigegeben, steht der Grund auf ihrer Seite."
    ),
}
PHASE_HELP: dict[Phase, Any] = {
    Phase.CLARIFICATION: _l(
        "Eine Antwort des Jobportals fehlt oder passt nicht, oder die Nummer gehört vielleicht einer anderen Person. "
        "Was zu tun ist, steht unter „Was fehlt bis Online?“."
    ),
    Phase.OUTCOME_UNKNOWN: _l(
        "Gesendet, aber die Antwort ging unterwegs verloren. Es wird nachgefragt; zu tun ist nichts."
    ),
    Phase.HELD: _l(
        "Die Übertragung wartet, weil ungewöhnlich viele ausscheiden würden. "
        "Die Leitung lässt sie durch oder verwirft sie."
    ),
    Phase.TRANSFERRING: _l("Die Übertragung läuft gerade. Zu tun ist nichts."),
    Phase.REJECTED: _l(
        "Das Jobportal hat die Person nicht angenommen. Grund und Abhilfe stehen unter „Was fehlt bis Online?“; "
        "danach wird sie erneut gesendet."
    ),
    Phase.MEDIATOR_UNKNOWN: _l(
        "Das Jobportal hat die Person archiviert, weil es ihre Vermittlung nicht kennt. Wählen Sie eine, die es kennt, "
        "oder legen Sie sie dort mit der Vermittler-ID an; mit der nächsten vollständigen Übertragung wird die Person "
        "Online."
    ),
    Phase.OVERDUE: _l(
        "Seit zwei Arbeitstagen fehlt die Antwort des Jobportals. Zu tun ist noch nichts; "
        "nach dem dritten geht sie in Klärung."
    ),
    Phase.ARCHIVING: _l(
        "Das Jobportal wurde gebeten, die Person zu archivieren, und hat das noch nicht bestätigt. "
        "Zu tun ist nichts."
    ),
    Phase.SENT: _l("Gesendet; die Antwort braucht meist einen Arbeitstag. Zu tun ist nichts."),
    Phase.BLOCKED: _l(
        "Freigegeben, aber etwas fehlt. Was, und wo es behoben wird, steht unter „Was fehlt bis Online?“."
    ),
    Phase.SCHEDULED: _l("Geht mit der nächsten Übertragung mit, oder sofort mit „Jetzt übertragen“."),
    Phase.WITHDRAWAL_SCHEDULED: _l(
        "Diese Person ist nicht mehr freigegeben. Die nächste Übertragung meldet sie beim Jobportal ab, und dort wird "
        "sie archiviert. Sofort geht das mit „Jetzt übertragen“."
    ),
    Phase.NOT_RELEASED: _l(
        "Diese Person ist nicht freigegeben und wird nicht übertragen. Soll sie ans Jobportal, geben Sie sie frei."
    ),
    Phase.CURRENT: _l("Das Jobportal hat alles bestätigt. Zu tun ist nichts."),
}


_AUTHORS: dict[str, Any] = {
    **{network.value: label.text for network, label in LABELS[Network].items()},
    SYSTEM.initials: _l("System"),
    "support": LABELS[Role][Role.SUPPORT].text,
}


def label_of(member: StrEnum) -> Label:
    """The label of an enum member."""
    return LABELS[type(member)][member]


def mending_of(finding: Finding) -> Mending:
    """Where a finding is mended, and by whom."""
    return FINDINGS[finding]


def role_words(role: str | None) -> Any:
    """A role as the audit keeps it, in words; one that is no more as it stands."""
    return LABELS[Role][Role(role)].text if role in list(Role) else role or ""


def author(by: str) -> str:
    """Who did something, as shown: people by their initials, what is no person by its name."""
    return str(_AUTHORS.get(by, by))


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(
        label_of=label_of,
        author=author,
        mending_of=mending_of,
        STATUS_HELP=STATUS_HELP,
        PHASE_HELP=PHASE_HELP,
        REASON_HELP=REASON_HELP,
        REASON_FINDINGS=REASON_FINDINGS,
        PERMISSIONS=PERMISSIONS,
        SUBJECTS=SUBJECTS,
        page_words=page_words,
        second_person_words=second_person_words,
        show_reason_words=show_reason_words,
        role_words=role_words,
        Reason=Reason,
        Status=Status,
        Phase=Phase,
        Finding=Finding,
    )

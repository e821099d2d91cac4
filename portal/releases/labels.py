"""Words, icons and colours of statuses, phases, answers and events."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.domain.releases import EndCause, Event
from portal.domain.rules.phase import Phase
from portal.domain.rules.preflight import Finding
from portal.domain.rules.status import Outcome, Reason, Status
from portal.releases.finding_labels import FINDINGS
from portal.webkit.labels import BAD, GOOD, INFO, WARN, Label

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

"""The sentence for each refusal, in the reader's language: pages, command line and API say the same."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.api.labels import API_SENTENCES
from portal.domain.rules.preflight import Finding
from portal.domain.rules.retention import ErasureBlocker
from portal.imports.codes import FileFault
from portal.imports.texts import IMPORT_SENTENCES, import_text
from portal.privacy.labels import ERASURE_BLOCKERS, PRIVACY_SENTENCES
from portal.releases.finding_labels import FINDINGS
from portal.shell.command_messages import COMMAND_SENTENCES
from portal.webkit.messages import register, register_value

SENTENCES: dict[str, Any] = (
    {
        # what there is not
        "participant-unknown": _l("Diese Teilnehmerin oder diesen Teilnehmer gibt es hier nicht."),
        "number-off": _l("Dieser Mandant verwendet keine Sozialversicherungsnummern."),
        "number-missing": _l("Zu dieser Person liegt keine Sozialversicherungsnummer vor."),
        "mediator-unknown": _l("Diese Vermittlerin oder diesen Vermittler gibt es hier nicht."),
        "delivery-unknown": _l("Eine Datenübertragung mit dieser Nummer gibt es hier nicht."),
        "notice-unknown": _l("Diese Meldung gibt es hier nicht."),
        "tenant-unknown": _l("Einen Mandanten mit diesem Namen gibt es nicht."),
        "search-unknown": _l("Diese Suche gibt es nicht mehr. Bitte suchen Sie noch einmal."),
        "filters-unknown": _l(
            "Nicht alle Filter der Adresse sind bekannt und lesbar (%(names)s). Damit es nicht mehr Personen betrifft "
            "als gemeint, geschieht nichts."
        ),
        "view-name-missing": _l("Geben Sie der Ansicht einen Namen."),
        "view-empty": _l(
            "Diese Ansicht zeigt alle; filtern oder sortieren Sie erst. Ein Suchtext wird nicht gespeichert."
        ),
        "views-too-many": _l("Mehr als %(most)s Ansichten werden nicht gespeichert. Löschen Sie erst eine."),
        "view-unknown": _l("Diese Ansicht gibt es nicht mehr."),
        "search-social-insurance-number": _l("Nach Sozialversicherungsnummern wird hier nicht gesucht."),
        # settings of a tenant
        "limit-wrong": _l("Eine Zahl ist zu klein oder zu groß: erlaubt sind %(least)s bis %(most)s."),
        "setting-unreadable": _l("Eine Angabe ist nicht lesbar. Geändert wurde nichts."),
        # operations
        "connection-unknown": _l("Diese Verbindung gibt es nicht."),
        "connection-well": _l("Diese Verbindung hat gerade keinen Fehler; es gibt nichts zu wiederholen."),
        "retry-later": _l(
            "Das Jobportal hat selbst gesagt, wann es wieder gefragt werden will. So lange warten wir."
        ),
        # decisions for many
        "bulk-nobody": _l("Markieren Sie erst jemanden, oder wählen Sie alle."),
        "bulk-nothing": _l("Damit würde sich bei niemandem etwas ändern."),
        "bulk-too-many": _l(
            "Mehr als %(most)s Personen auf einmal gehen hier nicht. Grenzen Sie die Liste ein."
        ),
        "bulk-unknown": _l("Diese Sammelaktion gibt es nicht mehr."),
        "bulk-started": _l("Diese Sammelaktion ist schon gestartet."),
        "bulk-changed": _l("Seit der Anzeige hat sich etwas geändert. Prüfen Sie die Vorschau noch einmal."),
        "bulk-not-yours": _l("Nur wer die Sammelaktion begonnen hat, kann sie starten: %(by)s."),
        "bulk-crashed": _l(
            "Die Sammelaktion ist abgebrochen. Was als erledigt dasteht, ist erledigt; der Rest ist unverändert."
        ),
        # release, revocation, mediator
        "already-released": _l("Die Person ist schon freigegeben."),
        "not-released": _l("Die Person ist nicht freigegeben."),
        "not-in-clarification": _l("Hier ist nichts mehr zu klären."),
        "clarification-unsaid": _l("Bitte schreiben Sie in einem Satz, was Sie festgestellt haben."),
        "identity-doubted": _l(
            "Qualli.life nennt unter dieser Nummer eine andere Person. Erst muss entschieden sein, wem sie gehört."
        ),
        "identity-undecided": _l("Wählen Sie, ob es dieselbe oder eine andere Person ist."),
        "identity-not-doubted": _l("Es ist nicht mehr fraglich, wem diese Nummer gehört."),
        "identity-still-told": _l(
            "Das Jobportal hat die bisherige Person noch nicht archiviert. Übertragen Sie erst ihre Abmeldung, und "
            "warten Sie die Antwort ab."
        ),
        "consent-to-confirm": _l(
            "In Qualli.life ist keine Einverständniserklärung vermerkt, die schon gilt. Bestätigen Sie, dass sie "
            "vorliegt."
        ),
        "ends-at-once": _l("Diese Person kann nicht freigegeben werden: %(reason)s."),
        "mediator-inactive": _l("Diese Vermittlerin oder dieser Vermittler ist nicht mehr aktiv."),
        # transfers
        "delivery-running": _l(
            "Es läuft schon eine Übertragung, die Nummer %(number)s. Warten Sie, bis sie durch ist."
        ),
        "delivery-held": _l(
            "Die Übertragung %(number)s ist angehalten. Erst muss die Leitung sie durchlassen oder verwerfen."
        ),
        "nothing-to-transfer": _l(
            "Es gibt nichts zu übertragen: Niemand ist freigegeben und vollständig, und niemand ist abzumelden."
        ),
        "reconcile": _l(
            "Das Jobportal kennt Übertragungen, die hier nicht bekannt sind. Bis Leitung oder Betreuung das "
            "abgeglichen hat, wird nichts übertragen."
        ),
        "account-doubted": _l(
            "Die Zugangsdaten öffnen im Jobportal ein anderes Konto als das dieses Mandanten. Bis jemand darüber "
            "entschieden hat, wird nichts übertragen."
        ),
        "account-not-doubted": _l(
            "Es gibt nichts zu entscheiden: Die Zugangsdaten öffnen das Konto, das zu diesem Mandanten gehört, "
            "oder wurden noch nicht geprüft."
        ),
        "account-changed": _l(
            "Das Jobportal nennt inzwischen ein anderes Konto, als Sie gesehen haben. Prüfen Sie es noch einmal."
        ),
        "account-taken": _l(
            "Dieses Konto benutzt schon ein anderer Mandant. Hinterlegen Sie die richtigen Zugangsdaten; zulassen "
            "kann es nur die Betreuung."
        ),
        "nothing-to-reconcile": _l(
            "Es gibt nichts abzugleichen: Das Jobportal kennt keine Übertragung, die hier unbekannt ist."
        ),
        "reconcile-reading": _l(
            "Die Antworten des Jobportals werden noch gelesen. Der Abgleich lässt sich erst danach abschließen."
        ),
        "reconcile-changed": _l(
            "Der Abgleich zeigt inzwischen anderes, als Sie gesehen haben. Prüfen Sie ihn noch einmal."
        ),
        "not-in-trouble": _l(
            "Die Übertragung %(number)s hat keine Schwierigkeit mit ihren Antworten. Gewartet wird so lange wie nötig."
        ),
        "not-held": _l("Die Übertragung %(number)s ist nicht mehr angehalten."),
        "changed-since-shown": _l(
            "Die Übertragung %(number)s hat sich geändert, seit Sie sie gesehen haben. "
            "Prüfen Sie sie noch einmal."
        ),
        "network-still-left": _l(
            "Bei diesem Jobportal werden noch die Personen abgemeldet, die es bisher kennt. Wechseln Sie zurück, "
            "sobald das übertragen ist."
        ),
        "next-is-due": _l(
            "Die nächste Übertragung ist fällig und ersetzt die Nummer %(number)s. Ist auch sie angehalten, so prüfen "
            "Sie sie neu."
        ),
        "same-person": _l(
            "Wer die Übertragung angestoßen hat, darf sie nicht selbst durchlassen oder verwerfen."
        ),
        "link-seen": _l(
            "Darüber entscheidet eine zweite Person. Den Link, mit dem eines der beiden Konten sein Passwort bekam, "
            "hat aber das andere gesehen, oder ein Dritter beide. Setzen Sie Ihr Passwort über einen Link neu, der "
            "per Mail kommt, oder bitten Sie den Support."
        ),
    }
    | API_SENTENCES
    | COMMAND_SENTENCES
    | IMPORT_SENTENCES
    | PRIVACY_SENTENCES
    | {
        finding.value: FINDINGS[finding].text
        for finding in (
            Finding.LICENCE_MISSING,
            Finding.LICENCE_EXPIRED,
            Finding.NETWORK_NOT_CHOSEN,
            Finding.NETWORK_CREDENTIALS_MISSING,
        )
    }
)


def init_app() -> None:
    """Make the sentences known."""
    register(SENTENCES)
    register_value("finding", "reason", lambda code: FINDINGS[Finding(code)].text)
    register_value("blocker", "blocker", lambda code: ERASURE_BLOCKERS[ErasureBlocker(code)])
    register_value("fault", "reason", lambda code: import_text(FileFault(code)))

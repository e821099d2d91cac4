"""What is refused about deliveries, reconciliation and accounts at a network."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.core.refusal import NotFound, Refusal


class DeliveryUnknown(NotFound):
    sentence = _l("Eine Datenübertragung mit dieser Nummer gibt es hier nicht.")


class DeliveryRunning(Refusal):
    sentence = _l("Es läuft schon eine Übertragung, die Nummer %(number)s. Warten Sie, bis sie durch ist.")


class DeliveryHeld(Refusal):
    sentence = _l(
        "Die Übertragung %(number)s ist angehalten. Erst muss die Leitung sie durchlassen oder verwerfen."
    )


class NothingToTransfer(Refusal):
    sentence = _l(
        "Es gibt nichts zu übertragen: Niemand ist freigegeben und vollständig, und niemand ist abzumelden."
    )


class Reconcile(Refusal):
    sentence = _l(
        "Das Jobportal kennt Übertragungen, die hier nicht bekannt sind. Bis Leitung oder Betreuung das "
        "abgeglichen hat, wird nichts übertragen."
    )


class AccountDoubted(Refusal):
    sentence = _l(
        "Die Zugangsdaten öffnen im Jobportal ein anderes Konto als das dieses Mandanten. Bis jemand darüber "
        "entschieden hat, wird nichts übertragen."
    )


class AccountNotDoubted(Refusal):
    sentence = _l(
        "Es gibt nichts zu entscheiden: Die Zugangsdaten öffnen das Konto, das zu diesem Mandanten gehört, "
        "oder wurden noch nicht geprüft."
    )


class AccountChanged(Refusal):
    sentence = _l(
        "Das Jobportal nennt inzwischen ein anderes Konto, als Sie gesehen haben. Prüfen Sie es noch einmal."
    )


class NetworkAccountTaken(Refusal):
    sentence = _l(
        "Dieses Konto benutzt schon ein anderer Mandant. Hinterlegen Sie die richtigen Zugangsdaten; zulassen "
        "kann es nur die Betreuung."
    )


class NothingToReconcile(Refusal):
    sentence = _l(
        "Es gibt nichts abzugleichen: Das Jobportal kennt keine Übertragung, die hier unbekannt ist."
    )


class ReconcileReading(Refusal):
    sentence = _l(
        "Die Antworten des Jobportals werden noch gelesen. Der Abgleich lässt sich erst danach abschließen."
    )


class ReconcileChanged(Refusal):
    sentence = _l("Der Abgleich zeigt inzwischen anderes, als Sie gesehen haben. Prüfen Sie ihn noch einmal.")


class NotInTrouble(Refusal):
    sentence = _l(
        "Die Übertragung %(number)s hat keine Schwierigkeit mit ihren Antworten. Gewartet wird so lange wie nötig."
    )


class NotHeld(Refusal):
    sentence = _l("Die Übertragung %(number)s ist nicht mehr angehalten.")


class ChangedSinceShown(Refusal):
    sentence = _l(
        "Die Übertragung %(number)s hat sich geändert, seit Sie sie gesehen haben. "
        "Prüfen Sie sie noch einmal."
    )


class NetworkStillLeft(Refusal):
    sentence = _l(
        "Bei diesem Jobportal werden noch die Personen abgemeldet, die es bisher kennt. Wechseln Sie zurück, "
        "sobald das übertragen ist."
    )


class NextIsDue(Refusal):
    sentence = _l(
        "Die nächste Übertragung ist fällig und ersetzt die Nummer %(number)s. Ist auch sie angehalten, so prüfen "
        "Sie sie neu."
    )

"""Words, icons and colours of deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.domain.delivery_states import ChangeKind, DeliveryProblem, DeliveryState, Inclusion, Mode, Trigger
from portal.domain.rules.brake import Hold
from portal.webkit.labels import BAD, GOOD, INFO, WARN, Label

LABELS: dict[type[StrEnum], Mapping[Any, Label]] = {
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
    Mode: {Mode.FULL: Label(_l("vollständig")), Mode.DELTA: Label(_l("einzelne"))},
    Trigger: {
        Trigger.NIGHTLY: Label(_l("nächtlich")),
        Trigger.NOW: Label(_l("Jetzt übertragen")),
        Trigger.CONSENT: Label(_l("Einverständnis entfallen")),
        Trigger.REBUILT: Label(_l("neu zusammengestellt")),
        Trigger.NETWORK_CHANGED: Label(_l("Jobportal gewechselt")),
        Trigger.FOUND: Label(_l("beim Jobportal gefunden")),
    },
    Inclusion: {
        Inclusion.NAMED: Label(_l("genannt")),
        Inclusion.WITHDRAWN: Label(_l("abgemeldet")),
        Inclusion.OMITTED: Label(_l("nicht mehr genannt")),
    },
    ChangeKind: {
        ChangeKind.NEW: Label(_l("neu"), "plus", INFO),
        ChangeKind.CHANGED: Label(_l("geändert"), "edit", INFO),
        ChangeKind.UNCHANGED: Label(_l("unverändert"), "equal"),
        ChangeKind.LEAVING: Label(_l("scheidet aus"), "archive-out", WARN),
    },
    DeliveryProblem: {
        DeliveryProblem.BRAKE: Label(_l("Es würden ungewöhnlich viele Personen archiviert.")),
        DeliveryProblem.REFUSED_TOLD: Label(
            _l(
                "Das Jobportal nimmt den Datensatz einer Person nicht an, die es schon führt. "
                "Ohne sie zu senden, würde sie archiviert."
            )
        ),
        DeliveryProblem.CRASHED: Label(_l("Der Schritt ist mehrmals abgebrochen.")),
        DeliveryProblem.RECONCILE: Label(
            _l("Das Jobportal kennt Übertragungen, die hier nicht bekannt sind.")
        ),
        DeliveryProblem.NOT_LICENSED: Label(_l("Das Modul „Jobportal“ ist nicht lizenziert.")),
        DeliveryProblem.NO_CREDENTIALS: Label(_l("Es fehlen die Zugangsdaten zum Jobportal.")),
        DeliveryProblem.NOTHING_TO_SEND: Label(_l("Es gab nichts zu übertragen.")),
        DeliveryProblem.UNAUTHORISED: Label(_l("Das Jobportal lehnt die Zugangsdaten ab.")),
        DeliveryProblem.WRONG_NETWORK: Label(_l("Die Zugangsdaten gehören zum anderen Jobportal.")),
        DeliveryProblem.OTHER_ACCOUNT: Label(
            _l("Die Zugangsdaten öffnen im Jobportal ein anderes Konto als das bisherige.")
        ),
        DeliveryProblem.TAKEN_ACCOUNT: Label(
            _l("Die Zugangsdaten öffnen im Jobportal ein Konto, das schon ein anderer Mandant benutzt.")
        ),
        DeliveryProblem.UNKNOWN_HOLDINGS: Label(
            _l(
                "Das Konto im Jobportal führt Personen, die nicht von hier gemeldet sind. "
                "Wen diese Übertragung nicht nennt, den archiviert das Jobportal."
            )
        ),
        DeliveryProblem.NETWORK_LICENCE_EXPIRED: Label(_l("Die Lizenz beim Jobportal ist abgelaufen.")),
        DeliveryProblem.REFUSED: Label(_l("Das Jobportal hat die Übertragung nicht angenommen.")),
        DeliveryProblem.BASE_MISMATCH: Label(_l("Das Jobportal erwartet eine vollständige Übertragung.")),
        DeliveryProblem.SEQUENCE_CONFLICT: Label(
            _l("Das Jobportal kennt diese Nummer schon mit anderem Inhalt.")
        ),
        DeliveryProblem.UNAVAILABLE: Label(
            _l("Das Jobportal ist nicht erreichbar; es wird weiter versucht.")
        ),
        DeliveryProblem.THROTTLED: Label(_l("Das Jobportal bittet um Geduld; es wird weiter versucht.")),
        DeliveryProblem.GARBLED: Label(_l("Die Antwort des Jobportals war nicht lesbar.")),
        DeliveryProblem.REPLACED: Label(_l("Durch eine neuere Übertragung ersetzt.")),
        DeliveryProblem.NO_LONGER_ALLOWED: Label(
            _l("Eine genannte Person darf nicht mehr übertragen werden.")
        ),
        DeliveryProblem.REFUSED_RECORD: Label(
            _l("Das Jobportal hat den Datensatz einer Person nicht angenommen.")
        ),
        DeliveryProblem.BY_PERSON: Label(_l("Von Hand verworfen.")),
        DeliveryProblem.FOREIGN_RECEIPT: Label(
            _l("Die Eingangsbestätigung gehört nicht zu dieser Übertragung.")
        ),
        DeliveryProblem.STALLED: Label(
            _l("Die Antworten kommen nicht weiter: Das Jobportal wiederholt sich und nennt nichts Neues.")
        ),
        DeliveryProblem.FORGOTTEN: Label(
            _l("Das Jobportal hat den Eingang bestätigt und kennt diese Übertragung jetzt nicht mehr.")
        ),
    },
    Hold: {
        Hold.TOO_MANY: Label(_l("Mehr Personen als zugelassen scheiden ohne Erklärung aus.")),
        Hold.WHOLE_ORDER: Label(_l("Eine ganze Maßnahme verschwindet ohne Erklärung.")),
        Hold.EMPTY: Label(_l("Es bliebe niemand übrig.")),
        Hold.UNDER_HALF: Label(_l("Es bliebe weniger als die Hälfte übrig.")),
    },
}

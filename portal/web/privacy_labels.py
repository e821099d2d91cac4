"""What erasure and its hindrances say, in words."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.privacy.retention import Hindrance

HINDRANCES: dict[Hindrance, Any] = {
    Hindrance.RELEASED: _l("Freigegeben: Heben Sie erst die Freigabe auf."),
    Hindrance.IN_DELIVERY: _l("In einer Übertragung, die noch nicht durch ist: Warten Sie deren Ende ab."),
    Hindrance.TOLD: _l("Beim Jobportal gemeldet: Erst muss eine Übertragung sie abmelden."),
    Hindrance.ARCHIVING: _l("Beim Jobportal abgemeldet; dessen Bestätigung steht noch aus."),
    Hindrance.IN_BULK: _l("In einer Sammelaktion, die noch läuft: Warten Sie deren Ende ab."),
    Hindrance.IMPORTING: _l(
        "Gerade läuft ein Import, der die Person nennen kann: Warten Sie dessen Ende ab."
    ),
}
PRIVACY_SENTENCES: dict[str, Any] = {
    "erasure-hindered": _l("Diese Person kann noch nicht gelöscht werden. %(hindrance)s"),
    "erasure-changed": _l(
        "Seit der Anzeige hat sich etwas geändert; gelöscht wurde nichts. Prüfen Sie es noch einmal."
    ),
    "erasure-crashed": _l(
        "Abgebrochen, nachdem der Dienst mehrmals daran gescheitert ist; die nächste Nacht macht weiter."
    ),
}

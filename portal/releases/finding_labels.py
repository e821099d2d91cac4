"""What keeps a person offline, in words: the table of docs/domain.md#preflight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.domain.rules.preflight import Finding


@dataclass(frozen=True)
class Mending:
    text: Any
    path: str | None
    """The way in Qualli.life, whose words are always German. None where it is not mended there."""
    by: Any
    """Who can mend it, or what to do if it cannot be mended."""


_OFFICE = _l("wer in Qualli.life die Stammdaten pflegt")
_CASEWORKER = _l("die Betreuerin oder der Betreuer")
_HERE = _l("Sie, hier: Vermittler/in wählen")
_ADMINISTRATION = _l("die Administration Ihres Mandanten")
_OPERATOR = _l("der Betreiber; sprechen Sie mit Ihrer Administration")
_CONSENT = "TEILNEHMER→Teilnehmerprofil→Einverständniserklärung"

FINDINGS: dict[Finding, Mending] = {
    Finding.CONSENT_MISSING: Mending(_l("Die Einverständniserklärung fehlt"), _CONSENT, _CASEWORKER),
    Finding.CONSENT_WITHDRAWN: Mending(
        _l("Die Einverständniserklärung wurde widerrufen"), _CONSENT, _CASEWORKER
    ),
    Finding.CONSENT_EXPIRED: Mending(_l("Die Einverständniserklärung ist abgelaufen"), _CONSENT, _CASEWORKER),
    Finding.EMAIL_MISSING: Mending(
        _l("In der Adresse „Wohnort“ fehlt die E-Mail-Adresse"), "TEILNEHMER→Stammdaten→Adressen", _OFFICE
    ),
    Finding.EMAIL_UNREADABLE: Mending(
        _l("E-Mail-Adresse nicht lesbar: Unter „Wohnort“ muss genau eine stehen"),
        "TEILNEHMER→Stammdaten→Adressen",
        _OFFICE,
    ),
    Finding.CASEWORKER_MISSING: Mending(
        _l("Es gibt keine/n primäre/n Betreuer/in"), "TEILNEHMER→Teilnahmeverlauf→Zuständigkeiten", _OFFICE
    ),
    Finding.NAME_MISSING: Mending(_l("Vor- oder Nachname fehlt"), "TEILNEHMER→Stammdaten", _OFFICE),
    Finding.ORDER_MISSING: Mending(
        _l("Die Person ist in keinen Auftrag eingebucht"), "AUFTRAG (einbuchen)", _OFFICE
    ),
    Finding.ORDER_RESPONSIBLE_MISSING: Mending(
        _l("Im Auftrag fehlt die zuständige Person"), "AUFTRAG→Stammdaten→Zuständigkeiten", _OFFICE
    ),
    Finding.MEDIATOR_MISSING: Mending(_l("Es ist niemand als Vermittler/in gewählt"), None, _HERE),
    Finding.MEDIATOR_INACTIVE: Mending(
        _l("Die/der gewählte Vermittler/in ist nicht mehr aktiv"),
        None,
        _l("Sie, hier: eine/n andere/n wählen"),
    ),
    Finding.LEFT_QUALLI: Mending(
        _l("Die Person ist nicht mehr in Qualli.life"),
        None,
        _l("niemand; kommt sie zurück, geben Sie sie neu frei"),
    ),
    Finding.REFUSED_RECORD: Mending(
        _l("Das Jobportal hat den Datensatz nicht angenommen"),
        None,
        _l("was das Jobportal bemängelt, in Qualli.life; danach wird erneut gesendet"),
    ),
    Finding.LICENCE_MISSING: Mending(_l("Das Modul „Jobportal“ ist nicht lizenziert"), None, _OPERATOR),
    Finding.LICENCE_EXPIRED: Mending(
        _l("Die Lizenz für das Modul „Jobportal“ ist abgelaufen"), None, _OPERATOR
    ),
    Finding.NETWORK_NOT_CHOSEN: Mending(_l("Es ist noch kein Jobportal gewählt"), None, _ADMINISTRATION),
    Finding.NETWORK_CREDENTIALS_MISSING: Mending(
        _l("Die Zugangsdaten zum Jobportal fehlen"), None, _ADMINISTRATION
    ),
}


def mending_of(finding: Finding) -> Mending:
    """Return where a finding is mended, and by whom."""
    return FINDINGS[finding]

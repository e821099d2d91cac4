"""What the audit and the table of roles say, in words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.domain.audit import AuditEvent, Second, ShowReason
from portal.domain.permissions import Permission
from portal.webkit.labels import Label

EVENTS: dict[AuditEvent, Any] = {
    AuditEvent.SIGNED_IN: _l("Angemeldet"),
    AuditEvent.SIGN_IN_FAILED: _l("Anmeldung gescheitert"),
    AuditEvent.SIGNED_OUT: _l("Abgemeldet"),
    AuditEvent.SESSIONS_ENDED: _l("Eigene Sitzung beendet"),
    AuditEvent.PASSWORD_CHANGED: _l("Passwort gesetzt"),
    AuditEvent.LINK_MADE: _l("Einmal-Link erzeugt"),
    AuditEvent.SECOND_FACTOR_SET: _l("Zweiter Faktor eingerichtet"),
    AuditEvent.SECOND_FACTOR_REMOVED: _l("Zweiter Faktor ausgeschaltet"),
    AuditEvent.SECOND_FACTOR_RESET: _l("Zweiter Faktor zurückgesetzt"),
    AuditEvent.RECOVERY_CODES_MADE: _l("Wiederherstellungscodes erneuert"),
    AuditEvent.RECOVERY_CODE_USED: _l("Mit Wiederherstellungscode angemeldet"),
    AuditEvent.IDENTITY_LINKED: _l("Mit der Anmeldestelle verknüpft"),
    AuditEvent.ACCOUNT_CREATED: _l("Konto angelegt"),
    AuditEvent.ACCOUNT_CHANGED: _l("Konto geändert"),
    AuditEvent.ACCOUNT_DISABLED: _l("Konto gesperrt"),
    AuditEvent.ACCOUNT_ENABLED: _l("Konto entsperrt"),
    AuditEvent.TENANT_OPENED: _l("Mandant geöffnet"),
    AuditEvent.LOOKED: _l("Seite angesehen"),
    AuditEvent.NUMBER_SHOWN: _l("Sozialversicherungsnummer angezeigt"),
    AuditEvent.EXPORTED: _l("Liste heruntergeladen"),
    AuditEvent.RELEASED: _l("Freigabe erteilt"),
    AuditEvent.REVOKED: _l("Freigabe aufgehoben"),
    AuditEvent.MEDIATOR_CHOSEN: _l("Vermittler/in gewählt"),
    AuditEvent.CLARIFIED: _l("Klärung beendet"),
    AuditEvent.IDENTITY_SETTLED: _l("Entschieden, wem eine Nummer gehört"),
    AuditEvent.TRANSFER_ASKED: _l("„Jetzt übertragen“ verlangt"),
    AuditEvent.BULK_CHOSEN: _l("Sammelaktion vorbereitet"),
    AuditEvent.BULK_STARTED: _l("Sammelaktion gestartet"),
    AuditEvent.DELIVERY_APPROVED: _l("Angehaltene Übertragung durchgelassen"),
    AuditEvent.DELIVERY_DISCARDED: _l("Übertragung verworfen"),
    AuditEvent.WAITING_ENDED: _l("Warten auf Antworten beendet"),
    AuditEvent.IMPORT_UPLOADED: _l("Export hochgeladen"),
    AuditEvent.IMPORT_SENT: _l("Import über HTTP gesendet"),
    AuditEvent.API_TOKEN_MADE: _l("HTTP-Token erzeugt"),
    AuditEvent.API_TOKEN_REVOKED: _l("HTTP-Token widerrufen"),
    AuditEvent.IMPORT_APPROVED: _l("Angehaltenen Import durchgelassen"),
    AuditEvent.IMPORT_DISCARDED: _l("Import verworfen"),
    AuditEvent.SETTINGS_CHANGED: _l("Einstellungen geändert"),
    AuditEvent.TOKEN_SET: _l("Zugangsdaten hinterlegt"),
    AuditEvent.CONNECTION_TESTED: _l("Verbindung geprüft"),
    AuditEvent.NETWORK_CHOSEN: _l("Jobportal gewählt"),
    AuditEvent.DISCLOSED: _l("Auskunft über eine Person erstellt"),
    AuditEvent.ERASED: _l("Daten gelöscht"),
    AuditEvent.RETRIED: _l("Jobportal erneut gefragt"),
    AuditEvent.RECONCILED: _l("Mit dem Jobportal abgeglichen"),
    AuditEvent.ACCOUNT_ACCEPTED: _l("Konto im Jobportal angenommen"),
    AuditEvent.COMMANDED: _l("Befehl am Server"),
}
SUBJECTS: dict[str, Any] = {
    "account": _l("Konto"),
    "participant": _l("Teilnehmer/in"),
    "delivery": _l("Datenübertragung"),
    "import": _l("Import"),
    "bulk": _l("Sammelaktion"),
    "connection": _l("Verbindung"),
    "mediator": _l("Vermittler/in"),
    "api-token": _l("HTTP-Token"),
}
PAGES: dict[str, Any] = {
    "people.list_page": _l("Teilnehmer/innen"),
    "people.export_csv": _l("Teilnehmer/innen als CSV"),
    "people.export_xlsx": _l("Teilnehmer/innen als Excel"),
    "releases.show": _l("Teilnehmer/in"),
    "participant_deliveries.show_record": _l("Was gesendet würde"),
    "numbers.ask": _l("Sozialversicherungsnummer"),
    "releases.older_protocol": _l("Protokoll"),
    "deliveries.list_page": _l("Datenübertragungen"),
    "reconciling.show": _l("Abgleich mit dem Jobportal"),
    "network_accounts.show": _l("Konto im Jobportal"),
    "deliveries.show": _l("Datenübertragung"),
    "deliveries.preview": _l("Vorschau der nächsten Übertragung"),
    "mediators.list_page": _l("Vermittler/innen"),
    "imports.list_page": _l("Importe"),
    "imports.show": _l("Import"),
    "imports.rejected": _l("Abgewiesene Zeilen"),
    "imports.rejected_xlsx": _l("Abgewiesene Zeilen"),
    "bulk.list_page": _l("Sammelaktionen"),
    "bulk.show": _l("Sammelaktion"),
    "bulk.report": _l("Bericht der Sammelaktion"),
    "bulk.report_xlsx": _l("Bericht der Sammelaktion"),
    "tenants.settings": _l("Einstellungen"),
    "tokens.list_page": _l("HTTP-Tokens"),
    "managing.list_page": _l("Konten"),
    "managing.edit": _l("Konto"),
    "audit.list_page": _l("Audit"),
    "privacy.overview": _l("Datenschutz"),
    "privacy.processing_record": _l("Verarbeitungsverzeichnis"),
    "privacy.ask_erasure": _l("Vor der Zeit löschen"),
    "privacy.report_pdf": _l("Auskunft als PDF"),
    "privacy.report_json": _l("Auskunft als JSON"),
}
"""The pages that support opens and others download; the rest go by their endpoint."""
PERMISSIONS: dict[Permission, Any] = {
    Permission.SIGNED_IN: _l("Anmelden, eigenes Passwort, zweiten Faktor und eigene Sitzungen verwalten"),
    Permission.VIEW: _l("Personen, Übertragungen und Importe sehen und herunterladen"),
    Permission.RELEASE: _l("Freigeben, aufheben, Vermittler/in wählen, auch für viele"),
    Permission.TRANSFER_CHOSEN: _l("Einzelne sofort übertragen"),
    Permission.TRANSFER_ALL: _l("Alle sofort übertragen"),
    Permission.JUDGE_HELD: _l("Angehaltenes durchlassen oder verwerfen (nie das selbst Gestartete)"),
    Permission.IMPORT: _l("Exporte aus Qualli.life hochladen"),
    Permission.CONFIGURE: _l("Jobportal, Zugangsdaten, Grenzen und HTTP-Tokens einstellen"),
    Permission.MANAGE_ACCOUNTS: _l("Konten anlegen, ändern und sperren"),
    Permission.SHOW_NUMBER: _l("Eine Sozialversicherungsnummer in voller Länge sehen, mit Grund"),
    Permission.AUDIT: _l("Das Audit sehen"),
    Permission.DISCLOSE: _l("Auskunft über eine Person erstellen (Art. 15 DSGVO)"),
    Permission.PROTECT: _l("Löschfristen und Verarbeitungsverzeichnis sehen"),
    Permission.ERASE: _l("Eine Person vor der Zeit löschen"),
    Permission.CHOOSE_TENANT: _l("Jeden Mandanten öffnen (steht in dessen Audit)"),
    Permission.OPERATE: _l("Den Betrieb aller Mandanten sehen"),
    Permission.RETRY: _l("Jobportale erneut fragen lassen"),
}


SHOW_REASONS: dict[ShowReason, Any] = {
    ShowReason.COMPARE: _l("Abgleich mit Qualli.life"),
    ShowReason.NETWORK: _l("Rückfrage des Jobportals"),
    ShowReason.PERSON: _l("Auskunft an die Person selbst"),
    ShowReason.AUTHORITY: _l("Anfrage einer Behörde"),
}


def show_reason_words(value: str) -> Any:
    """Return why a number was shown, as the audit keeps it."""
    return SHOW_REASONS[ShowReason(value)] if value in list(ShowReason) else value


SECOND_PERSONS: dict[Second, Any] = {
    Second.OTHER: _l("zweite Person: ein anderes Konto"),
    Second.SUPPORT: _l("zweite Person: der Support"),
    Second.OPERATOR: _l("zweite Person: jemand am Server"),
}


def second_person_words(value: str) -> Any:
    """Who decided about what was held."""
    return SECOND_PERSONS[Second(value)] if value in list(Second) else value


def event_words(event: AuditEvent) -> Any:
    """Return the words for an event."""
    return EVENTS[event]


def page_words(endpoint: str) -> Any:
    """Return the words for a page that was seen."""
    return PAGES.get(endpoint, endpoint)


LABELS: dict[type[StrEnum], Mapping[Any, Label]] = {
    ShowReason: {reason: Label(text) for reason, text in SHOW_REASONS.items()},
    AuditEvent: {event: Label(text) for event, text in EVENTS.items()},
}

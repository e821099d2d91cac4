"""What was set, before and after, as the audit shows it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.networks.registry import Network
from portal.webkit.authors import role_words
from portal.webkit.federal_states import STATE_NAMES
from portal.webkit.labels import label_of
from portal.webkit.languages import LANGUAGES, day, moment
from portal.webkit.languages import gettext as _

CHANGE_LABELS: dict[str, Any] = {
    "tenant.name": _l("Name des Mandanten"),
    "tenant.network": _l("Jobportal"),
    "tenant.federal_state": _l("Bundesland"),
    "tenant.licence_from": _l("Lizenz von"),
    "tenant.licence_until": _l("Lizenz bis"),
    "tenant.time_zone": _l("Zeitzone"),
    "tenant.transfer_time": _l("Nächtliche Übertragung um"),
    "tenant.sends_social_insurance_number": _l("Sozialversicherungsnummern ans Jobportal senden"),
    "tenant.brake_minimum": _l("Bremse: so viele scheiden immer ohne Rückfrage aus"),
    "tenant.brake_percent": _l("Bremse: oder so viel Prozent der Gemeldeten"),
    "tenant.brake_days": _l("Bremse: gezählt über so viele Tage"),
    "tenant.brake_order_minimum": _l("Bremse: ganze Maßnahme ab so vielen Personen"),
    "tenant.protocol_months": _l("Personen löschen nach so vielen Monaten ohne Aktivität"),
    "tenant.payload_days": _l("Gesendete Inhalte löschen nach so vielen Tagen"),
    "connection.token": _l("Zugangsdaten"),
    "account.email": _l("E-Mail-Adresse"),
    "account.name": _l("Name"),
    "account.initials": _l("Kürzel"),
    "account.role": _l("Rolle"),
    "account.mediator_id": _l("Vermittler/in"),
    "account.disabled_at": _l("Sperre"),
    "account.gets_mails": _l("Mails"),
    "account.language": _l("Sprache der Mails"),
    "api-token.expires_at": _l("Gilt bis"),
    "api-token.revoked_at": _l("Widerruf"),
}


@dataclass(frozen=True)
class Change:
    """One thing that was set."""

    name: str
    label: str
    before: str
    after: str


def change_lines(data: Mapping[str, Any], mediators: Mapping[int, str]) -> list[Change]:
    """Say what an entry of the audit keeps of what was set; `mediators`: their numbers, by row."""
    changes: Mapping[str, list[Any]] = data.get("changes") or {}
    return [
        Change(name, str(CHANGE_LABELS.get(name, name)), *(_words(name, value, mediators) for value in pair))
        for name, pair in changes.items()
    ]


def _words(name: str, value: Any, mediators: Mapping[int, str]) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(_("ja") if value else _("nein"))
    if name in _READ:
        return str(_READ[name](value))
    if name == "account.mediator_id":
        return mediators.get(value, str(value))
    if name.endswith("_at") or name in _DATES:
        return _time(value)
    return {"set": _("hinterlegt"), "changed": _("neu gesetzt")}.get(value, str(value))


_DATES = frozenset({"tenant.licence_from", "tenant.licence_until"})
_READ: dict[str, Callable[[Any], Any]] = {
    "tenant.network": lambda value: label_of(Network(value)).text if value in list(Network) else value,
    "tenant.federal_state": lambda value: STATE_NAMES.get(value, value),
    "account.role": role_words,
    "account.language": lambda value: LANGUAGES.get(value, value),
}


def _time(value: str) -> str:
    """A date or time; what is only said to be there, in words."""
    words: dict[str, str] = {"set": _("ja"), "changed": _("geändert")}
    if value in words:
        return words[value]
    return moment(dt.datetime.fromisoformat(value)) if "T" in value else day(dt.date.fromisoformat(value))

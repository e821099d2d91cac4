"""What the fields of a record are called."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.webkit.languages import day

FIELD_LABELS: dict[str, Any] = {
    "participant_id": _l("Teilnehmernummer"),
    "salutation": _l("Anrede"),
    "first_name": _l("Vorname"),
    "last_name": _l("Nachname"),
    "birth_date": _l("Geburtsdatum"),
    "social_insurance_number": _l("Sozialversicherungsnummer"),
    "street": _l("Straße"),
    "postal_code": _l("Postleitzahl"),
    "city": _l("Ort"),
    "email": _l("E-Mail"),
    "phone": _l("Telefon"),
    "order_id": _l("Auftrag/Maßnahme"),
    "mediator_id": _l("Vermittler-ID"),
    "caseworker": _l("Primäre/r Betreuer/in"),
    "consent_on": _l("Einverständnis vom"),
    "profile.desired_occupations": _l("Gewünschte Berufe"),
    "profile.driving_licences": _l("Führerscheine"),
    "profile.education": _l("Ausbildung"),
    "profile.experience": _l("Berufserfahrung"),
    "profile.skills": _l("Kenntnisse"),
    "profile.languages": _l("Sprachen"),
}
_DATES = frozenset({"birth_date", "consent_on"})


def field_value(field: str, value: str) -> str:
    """A value of a record as the reader writes it."""
    return day(dt.date.fromisoformat(value)) if field in _DATES else value

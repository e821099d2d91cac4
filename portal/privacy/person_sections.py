"""What the report says about the person: master data and profile."""

from __future__ import annotations

import datetime as dt
from typing import Any

from portal.deliveries.record_labels import FIELD_LABELS
from portal.deliveries.records import LISTED_KINDS, NAMED_KINDS
from portal.privacy.report import MASTER
from portal.privacy.sections import Section, table
from portal.privacy.transmissions import Values
from portal.webkit.labels import label_of
from portal.webkit.languages import day, moment
from portal.webkit.languages import gettext as _


def master_section(values: Values) -> Section:
    """Return the master data."""
    person, number = values["person"], values["social_insurance_number"]
    labels = {
        **FIELD_LABELS,
        "number": FIELD_LABELS["participant_id"],
        "left_order_on": _("Maßnahme verlassen am"),
        "consent_until": _("Einverständnis bis"),
        "consent_withdrawn_on": _("Einverständnis widerrufen am"),
    }
    facts = [(str(labels[name]), value_text(person[name])) for name in MASTER]
    order = person["order"]
    facts.append((_("Auftrag/Maßnahme"), f"{order['title']} ({order['number']})" if order else ""))
    facts.append((str(FIELD_LABELS["social_insurance_number"]), _number(number)))
    facts.append((_("Zuletzt geändert"), value_text(person["last_changed_at"])))
    facts.append((_("Aus Qualli.life ausgeschieden"), value_text(person["left_qualli_at"])))
    return Section(
        _("Stammdaten"),
        (_("Übernommen aus Qualli.life; geändert werden sie nur dort."),),
        tuple((label, value or "–") for label, value in facts),
    )


def _number(number: Values) -> str:
    if not number["kept"]:
        return _("nicht aufbewahrt")
    parts = [str(number["shown"])]
    since = number["kept_since"]
    parts.append(
        _("verschlüsselt aufbewahrt seit %(at)s", at=moment(since))
        if since
        else _("verschlüsselt aufbewahrt")
    )
    if number["sent_since"]:
        parts.append(_("gesendet, zuerst nachgewiesen am %(at)s", at=moment(number["sent_since"])))
    elif number["sending_is_on"]:
        parts.append(_("das Senden ist eingeschaltet"))
    else:
        parts.append(_("wird nicht gesendet"))
    return "; ".join(parts)


def profile_section(values: Values) -> Section:
    """Return the profile."""
    rows = tuple(
        (
            _kind(str(entry.get("kind"))),
            *(str(entry.get(name) or "") for name in ("title", "level")),
            *(_day(entry.get(name)) for name in ("starts_on", "ends_on")),
        )
        for entry in values["profile"]
    )
    columns = ((_("Art"), 2), (_("Bezeichnung"), 4), (_("Niveau"), 2), (_("von"), 2), (_("bis"), 2))
    return table(_("Profil"), columns, rows, _("Keine Angaben."))


def _kind(kind: str) -> str:
    """What the network is told of it as."""
    field = (LISTED_KINDS | NAMED_KINDS).get(kind)
    return str(FIELD_LABELS[f"profile.{field}"]) if field else kind


def _day(written: str | None) -> str:
    return day(dt.date.fromisoformat(written)) if written else ""


def value_text(value: Any) -> str:
    """A value as the reader writes it."""
    if isinstance(value, dt.datetime):
        return moment(value)
    if isinstance(value, dt.date):
        return day(value)
    return "" if value is None else str(value)


def label_text(member: Any) -> str:
    return str(label_of(member).text)

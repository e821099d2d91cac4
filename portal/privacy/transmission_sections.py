"""What the report says about the networks: releases, transmissions and their contents."""

from __future__ import annotations

import datetime as dt

from portal.deliveries.comparison import compare
from portal.deliveries.record_labels import FIELD_LABELS, field_value
from portal.domain.delivery_states import Inclusion
from portal.domain.releases import EndCause
from portal.domain.rules.status import Outcome
from portal.privacy.person_sections import label_text, value_text
from portal.privacy.sections import Section, table
from portal.privacy.transmissions import Values
from portal.releases.answer_texts import reason_text
from portal.webkit.authors import author
from portal.webkit.languages import day, moment
from portal.webkit.languages import gettext as _


def network_section(values: Values) -> Section:
    """Return how the person stands at each network."""
    rows = tuple(
        (
            label_text(item["network"]),
            label_text(item["status"]),
            item["applicant_id"] or "–",
            _mediator(item["mediator"]),
            value_text(item["answer_awaited_since"]) or "–",
        )
        for item in values["networks"]
    )
    columns = (
        (_("Jobportal"), 2),
        (_("Status"), 2),
        (_("Bewerber-ID"), 2),
        (_("Vermittler/in"), 3),
        (_("Antwort erwartet seit"), 2),
    )
    return table(
        _("Stand bei den Jobportalen"), columns, rows, _("Es wurde nie freigegeben und nichts gesendet.")
    )


def _mediator(mediator: Values | None) -> str:
    return f"{mediator['name']} ({mediator['number']})" if mediator else "–"


def release_section(values: Values) -> Section:
    """Return the decisions that released the person, and what ended them."""
    rows = tuple(
        (
            label_text(item["network"]),
            f"{moment(item['released_at'])}, {author(item['released_by'])}",
            _("nach Angabe lag sie vor") if item["consent_confirmed"] else _("in Qualli.life vermerkt"),
            f"{moment(item['ended_at'])}, {author(item['ended_by'])}" if item["ended_at"] else "–",
            _cause(item["end_cause"]),
        )
        for item in values["releases"]
    )
    columns = (
        (_("Jobportal"), 2),
        (_("Freigabe"), 3),
        (_("Einwilligung"), 3),
        (_("Aufhebung"), 3),
        (_("Grund"), 2),
    )
    return table(_("Freigaben: wer entschieden hat"), columns, rows, _("Keine."))


def _cause(cause: EndCause | None) -> str:
    return label_text(cause) if cause else "–"


def transmission_section(values: Values) -> Section:
    """Return what committed deliveries told of the person."""
    rows = tuple(
        (
            str(item["delivery"]),
            label_text(item["network"]),
            value_text(item["committed_at"]),
            label_text(item["novelty"]),
            _consent(item),
            _decision(item),
            _answer(item),
        )
        for item in values["transmissions"]
    )
    columns = (
        (_("Nr."), 2),
        (_("Empfänger"), 4),
        (_("Eingang bestätigt"), 4),
        (_("Was"), 3),
        (_("Einwilligung"), 4),
        (_("Entscheidung"), 4),
        (_("Antwort"), 6),
    )
    return table(_("Übermittlungen"), columns, rows, _("Keine."))


def _consent(item: Values) -> str:
    if item["consent_on"]:
        return _("vom %(day)s", day=day(dt.date.fromisoformat(item["consent_on"])))
    if item["part"] is not Inclusion.NAMED:
        return "–"
    return _("nach Angabe lag sie vor") if item["consent_confirmed"] else _("in Qualli.life vermerkt")


def _decision(item: Values) -> str:
    if not item["decided_by"]:
        return "–"
    return f"{author(item['decided_by'])}, {moment(item['decided_at'])}"


def _answer(item: Values) -> str:
    known = {outcome.value: outcome for outcome in Outcome}
    outcome = known.get(item["outcome"] or "")
    if outcome is None:
        return item["outcome"] or _("noch keine")
    parts = (
        label_text(outcome),
        reason_text(item["reason"]),
        item["detail"] or "",
        value_text(item["answered_at"]),
    )
    return " – ".join(filter(None, parts))


def content_sections(values: Values) -> list[Section]:
    """Return what each transmission said, as long as it is kept; the same content once."""
    found = []
    for item in values["transmissions"]:
        if item["content"] is None:
            continue
        lines = compare(None, item["content"])
        found.append(
            Section(
                _(
                    "Inhalt der Übermittlung %(number)s an %(network)s",
                    number=item["delivery"],
                    network=label_text(item["network"]),
                ),
                facts=tuple(
                    (
                        str(FIELD_LABELS[line.field]),
                        "; ".join(field_value(line.field, text) for text in line.now),
                    )
                    for line in lines
                ),
            )
        )
    return found

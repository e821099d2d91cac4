"""The report about a person in words: sections with facts and tables, in the reader's language."""

from __future__ import annotations

from portal.audit.labels import event_words, page_words
from portal.domain.participants import Participant
from portal.domain.releases import Event, ProtocolEntry
from portal.privacy.labels import ERASURE_BLOCKERS
from portal.privacy.person_sections import label_text, master_section, profile_section
from portal.privacy.sections import Document, Section, table
from portal.privacy.transmission_sections import (
    content_sections,
    network_section,
    release_section,
    transmission_section,
)
from portal.privacy.transmissions import Values
from portal.releases.entry_texts import details
from portal.webkit.authors import author
from portal.webkit.languages import clock, day, moment
from portal.webkit.languages import gettext as _


def document(values: Values, person: Participant) -> Document:
    """Return the report in words."""
    number = values["person"]["number"]
    return Document(
        _("Auskunft nach Art. 15 DSGVO"),
        _(
            "Teilnehmer/in %(number)s · %(controller)s · Stand %(at)s",
            number=number,
            controller=values["controller"],
            at=moment(values["created_at"]),
        ),
        (
            _about(values),
            master_section(values),
            profile_section(values),
            network_section(values),
            release_section(values),
            transmission_section(values),
            *content_sections(values),
            _protocol(values, person),
            _accesses(values),
        ),
    )


def _about(values: Values) -> Section:
    recipients = {label_text(item["network"]) for item in values["networks"]}
    rights = _(
        "Berichtigung in Qualli.life, Löschung, Einschränkung, Widerruf der Einwilligung jederzeit, "
        "Datenübertragbarkeit (dieselbe Auskunft als JSON), Beschwerde bei der Aufsichtsbehörde."
    )
    purpose = _("Vermittlung in Arbeit: Übermittlung an ein Jobportal, das passende Stellen sucht.")
    basis = _("Einwilligung (Art. 6 Abs. 1 Buchst. a DSGVO), nachgewiesen wie unten angegeben.")
    return Section(
        _("Zweck, Empfänger, Dauer, Rechte"),
        facts=(
            (_("Verantwortlich"), values["controller"]),
            (_("Zweck"), purpose),
            (_("Rechtsgrundlage"), basis),
            (_("Herkunft"), _("Qualli.life, das führende System; Antworten vom Jobportal.")),
            (_("Empfänger"), ", ".join(sorted(recipients)) or _("bisher keine")),
            (_("Dauer"), _duration(values["retention"])),
            (_("Rechte"), rights),
            (_("Automatisierte Entscheidung"), _("Findet nicht statt: Freigegeben wird von Menschen.")),
        ),
    )


def _duration(kept: Values) -> str:
    duration = _(
        "Gelöscht wird %(months)s Monate nach der letzten Aktivität; gesendete Inhalte nach %(days)s Tagen.",
        months=kept["months_after_last_activity"],
        days=kept["contents_days"],
    )
    blocker = kept["erasure_hindered_by"]
    return f"{duration} {ERASURE_BLOCKERS[blocker]}" if blocker else duration


def _protocol(values: Values, person: Participant) -> Section:
    rows = tuple(
        (
            f"{day(item['at'])}, {clock(item['at'])}",
            label_text(item["event"]),
            author(item["by"]),
            str(item["delivery"] or ""),
            " ".join(details(_entry(item, person))),
        )
        for item in values["protocol"]
    )
    columns = (
        (_("Zeit"), 4),
        (_("Ereignis"), 4),
        (_("Von"), 3),
        (_("Übertragung"), 3),
        (_("Einzelheiten"), 7),
    )
    return table(_("Übermittlungsprotokoll"), columns, rows, _("Keine Einträge."))


def _entry(item: Values, person: Participant) -> ProtocolEntry:
    return ProtocolEntry(participant_id=person.id, event=Event(item["event"]), data=item["data"])


def _accesses(values: Values) -> Section:
    rows = tuple(
        (
            f"{day(item['at'])}, {clock(item['at'])}",
            item["by"],
            _("Betreuung des Betreibers") if (item["role"] or "").startswith("support") else _("Mandant"),
            " – ".join(filter(None, (str(event_words(item["event"])), str(page_words(item["page"] or ""))))),
        )
        for item in values["accesses"]
    )
    columns = (_("Zeit"), _("Wer"), _("Von wo"), _("Was"))
    return Section(
        _("Zugriffe laut Audit"),
        (_("Jede Entscheidung, jede Auskunft, und jede Seite, die die Betreuung des Betreibers ansah."),),
        columns=columns if rows else (),
        rows=rows,
        widths=(3, 2, 3, 5),
    )

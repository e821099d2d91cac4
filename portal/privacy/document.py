"""The report about a person in words: sections with facts and tables, in the reader's language."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_babel import gettext as _

from portal.audit.labels import event_words, page_words
from portal.deliveries.comparison import compare
from portal.deliveries.record_labels import FIELD_LABELS, field_value
from portal.deliveries.records import LISTED_KINDS, NAMED_KINDS
from portal.domain.delivery_states import Inclusion
from portal.domain.participants import Participant
from portal.domain.releases import EndCause, Event, ProtocolEntry
from portal.domain.rules.status import Outcome
from portal.privacy.labels import ERASURE_BLOCKERS
from portal.privacy.report import MASTER, Values
from portal.privacy.sections import Document, Section
from portal.releases.texts import details, reason_text
from portal.webkit.authors import author
from portal.webkit.labels import label_of
from portal.webkit.languages import clock, day, moment


def document(values: Values, person: Participant) -> Document:
    """Return the report in words."""
    number = values["person"]["number"]
    return Document(
        str(_("Auskunft nach Art. 15 DSGVO")),
        str(
            _(
                "Teilnehmer/in %(number)s · %(controller)s · Stand %(at)s",
                number=number,
                controller=values["controller"],
                at=moment(values["created_at"]),
            )
        ),
        (
            _about(values),
            _master(values),
            _profile(values),
            _networks(values),
            _releases(values),
            _transmissions(values),
            *_contents(values),
            _protocol(values, person),
            _accesses(values),
        ),
    )


def _about(values: Values) -> Section:
    kept = values["retention"]
    blocker = kept["erasure_hindered_by"]
    networks = {str(label_of(item["network"]).text) for item in values["networks"]}
    return Section(
        str(_("Zweck, Empfänger, Dauer, Rechte")),
        facts=(
            (str(_("Verantwortlich")), values["controller"]),
            (
                str(_("Zweck")),
                str(_("Vermittlung in Arbeit: Übermittlung an ein Jobportal, das passende Stellen sucht.")),
            ),
            (
                str(_("Rechtsgrundlage")),
                str(_("Einwilligung (Art. 6 Abs. 1 Buchst. a DSGVO), nachgewiesen wie unten angegeben.")),
            ),
            (str(_("Herkunft")), str(_("Qualli.life, das führende System; Antworten vom Jobportal."))),
            (str(_("Empfänger")), ", ".join(sorted(networks)) or str(_("bisher keine"))),
            (
                str(_("Dauer")),
                str(
                    _(
                        "Gelöscht wird %(months)s Monate nach der letzten Aktivität; gesendete Inhalte nach "
                        "%(days)s Tagen.",
                        months=kept["months_after_last_activity"],
                        days=kept["contents_days"],
                    )
                )
                + (f" {ERASURE_BLOCKERS[blocker]}" if blocker else ""),
            ),
            (
                str(_("Rechte")),
                str(
                    _(
                        "Berichtigung in Qualli.life, Löschung, Einschränkung, Widerruf der Einwilligung jederzeit, "
                        "Datenübertragbarkeit (dieselbe Auskunft als JSON), Beschwerde bei der Aufsichtsbehörde."
                    )
                ),
            ),
            (
                str(_("Automatisierte Entscheidung")),
                str(_("Findet nicht statt: Freigegeben wird von Menschen.")),
            ),
        ),
    )


def _master(values: Values) -> Section:
    person, number = values["person"], values["social_insurance_number"]
    labels = {
        **FIELD_LABELS,
        "number": FIELD_LABELS["participant_id"],
        "left_order_on": _("Maßnahme verlassen am"),
        "consent_until": _("Einverständnis bis"),
        "consent_withdrawn_on": _("Einverständnis widerrufen am"),
    }
    facts = [(str(labels[name]), said(person[name])) for name in MASTER]
    order = person["order"]
    facts.append((str(_("Auftrag/Maßnahme")), f"{order['title']} ({order['number']})" if order else ""))
    facts.append((str(FIELD_LABELS["social_insurance_number"]), _number(number)))
    facts.append((str(_("Zuletzt geändert")), said(person["last_changed_at"])))
    facts.append((str(_("Aus Qualli.life ausgeschieden")), said(person["left_qualli_at"])))
    return Section(
        str(_("Stammdaten")),
        (str(_("Übernommen aus Qualli.life; geändert werden sie nur dort.")),),
        tuple((label, value or "–") for label, value in facts),
    )


def _number(number: Values) -> str:
    if not number["kept"]:
        return str(_("nicht aufbewahrt"))
    parts = [str(number["shown"])]
    since = number["kept_since"]
    parts.append(
        str(_("verschlüsselt aufbewahrt seit %(at)s", at=moment(since)))
        if since
        else str(_("verschlüsselt aufbewahrt"))
    )
    if number["sent_since"]:
        parts.append(str(_("gesendet, zuerst nachgewiesen am %(at)s", at=moment(number["sent_since"]))))
    elif number["sending_is_on"]:
        parts.append(str(_("das Senden ist eingeschaltet")))
    else:
        parts.append(str(_("wird nicht gesendet")))
    return "; ".join(parts)


def _profile(values: Values) -> Section:
    rows = tuple(
        (
            _kind(str(entry.get("kind"))),
            *(str(entry.get(name) or "") for name in ("title", "level")),
            *(_day(entry.get(name)) for name in ("starts_on", "ends_on")),
        )
        for entry in values["profile"]
    )
    columns = (str(_("Art")), str(_("Bezeichnung")), str(_("Niveau")), str(_("von")), str(_("bis")))
    return Section(
        str(_("Profil")),
        () if rows else (str(_("Keine Angaben.")),),
        columns=columns,
        rows=rows,
        widths=(2, 4, 2, 2, 2),
    )


def _kind(kind: str) -> str:
    """What the network is told of it as."""
    field = (LISTED_KINDS | NAMED_KINDS).get(kind)
    return str(FIELD_LABELS[f"profile.{field}"]) if field else kind


def _day(written: str | None) -> str:
    return day(dt.date.fromisoformat(written)) if written else ""


def _networks(values: Values) -> Section:
    rows = tuple(
        (
            _label(item["network"]),
            _label(item["status"]),
            item["applicant_id"] or "–",
            _mediator(item["mediator"]),
            said(item["answer_awaited_since"]) or "–",
        )
        for item in values["networks"]
    )
    columns = (
        str(_("Jobportal")),
        str(_("Status")),
        str(_("Bewerber-ID")),
        str(_("Vermittler/in")),
        str(_("Antwort erwartet seit")),
    )
    return Section(
        str(_("Stand bei den Jobportalen")),
        () if rows else (str(_("Es wurde nie freigegeben und nichts gesendet.")),),
        columns=columns,
        rows=rows,
        widths=(2, 2, 2, 3, 2),
    )


def _mediator(mediator: Values | None) -> str:
    return f"{mediator['name']} ({mediator['number']})" if mediator else "–"


def _releases(values: Values) -> Section:
    rows = tuple(
        (
            _label(item["network"]),
            f"{moment(item['released_at'])}, {author(item['released_by'])}",
            _("nach Angabe lag sie vor") if item["consent_confirmed"] else _("in Qualli.life vermerkt"),
            f"{moment(item['ended_at'])}, {author(item['ended_by'])}" if item["ended_at"] else "–",
            _cause(item["end_cause"]),
        )
        for item in values["releases"]
    )
    columns = (
        str(_("Jobportal")),
        str(_("Freigabe")),
        str(_("Einwilligung")),
        str(_("Aufhebung")),
        str(_("Grund")),
    )
    return Section(
        str(_("Freigaben: wer entschieden hat")),
        () if rows else (str(_("Keine.")),),
        columns=columns,
        rows=rows,
        widths=(2, 3, 3, 3, 2),
    )


def _cause(cause: EndCause | None) -> str:
    return _label(cause) if cause else "–"


def _transmissions(values: Values) -> Section:
    rows = tuple(
        (
            str(item["delivery"]),
            _label(item["network"]),
            said(item["committed_at"]),
            _label(item["novelty"]),
            _consent(item),
            _decision(item),
            _answer(item),
        )
        for item in values["transmissions"]
    )
    columns = (
        str(_("Nr.")),
        str(_("Empfänger")),
        str(_("Eingang bestätigt")),
        str(_("Was")),
        str(_("Einwilligung")),
        str(_("Entscheidung")),
        str(_("Antwort")),
    )
    return Section(
        str(_("Übermittlungen")),
        () if rows else (str(_("Keine.")),),
        columns=columns,
        rows=rows,
        widths=(2, 4, 4, 3, 4, 4, 6),
    )


def _consent(item: Values) -> str:
    if item["consent_on"]:
        return str(_("vom %(day)s", day=day(dt.date.fromisoformat(item["consent_on"]))))
    if item["part"] is not Inclusion.NAMED:
        return "–"
    return str(_("nach Angabe lag sie vor") if item["consent_confirmed"] else _("in Qualli.life vermerkt"))


def _decision(item: Values) -> str:
    if not item["decided_by"]:
        return "–"
    return f"{author(item['decided_by'])}, {moment(item['decided_at'])}"


def _answer(item: Values) -> str:
    known = {outcome.value: outcome for outcome in Outcome}
    outcome = known.get(item["outcome"] or "")
    if outcome is None:
        return item["outcome"] or str(_("noch keine"))
    parts = (_label(outcome), reason_text(item["reason"]), item["detail"] or "", said(item["answered_at"]))
    return " – ".join(filter(None, parts))


def _contents(values: Values) -> list[Section]:
    """What each transmission said, as long as it is kept; the same content once."""
    found = []
    for item in values["transmissions"]:
        if item["content"] is None:
            continue
        lines = compare(None, item["content"])
        found.append(
            Section(
                str(
                    _(
                        "Inhalt der Übermittlung %(number)s an %(network)s",
                        number=item["delivery"],
                        network=_label(item["network"]),
                    )
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


def _protocol(values: Values, person: Participant) -> Section:
    rows = tuple(
        (
            f"{day(item['at'])}, {clock(item['at'])}",
            _label(item["event"]),
            author(item["by"]),
            str(item["delivery"] or ""),
            " ".join(details(_entry(item, person))),
        )
        for item in values["protocol"]
    )
    columns = (
        str(_("Zeit")),
        str(_("Ereignis")),
        str(_("Von")),
        str(_("Übertragung")),
        str(_("Einzelheiten")),
    )
    return Section(
        str(_("Übermittlungsprotokoll")),
        () if rows else (str(_("Keine Einträge.")),),
        columns=columns,
        rows=rows,
        widths=(4, 4, 3, 3, 7),
    )


def _entry(item: Values, person: Participant) -> ProtocolEntry:
    return ProtocolEntry(participant_id=person.id, event=Event(item["event"]), data=item["data"])


def _accesses(values: Values) -> Section:
    rows = tuple(
        (
            f"{day(item['at'])}, {clock(item['at'])}",
            item["by"],
            str(_("Betreuung des Betreibers"))
            if (item["role"] or "").startswith("support")
            else str(_("Mandant")),
            " – ".join(filter(None, (str(event_words(item["event"])), str(page_words(item["page"] or ""))))),
        )
        for item in values["accesses"]
    )
    columns = (str(_("Zeit")), str(_("Wer")), str(_("Von wo")), str(_("Was")))
    return Section(
        str(_("Zugriffe laut Audit")),
        (
            str(
                _("Jede Entscheidung, jede Auskunft, und jede Seite, die die Betreuung des Betreibers ansah.")
            ),
        ),
        columns=columns if rows else (),
        rows=rows,
        widths=(3, 2, 3, 5),
    )


def said(value: Any) -> str:
    """A value as the reader writes it."""
    if isinstance(value, dt.datetime):
        return moment(value)
    if isinstance(value, dt.date):
        return day(value)
    return "" if value is None else str(value)


def _label(member: Any) -> str:
    return str(label_of(member).text)

"""A participant for JSON and as lines."""

from __future__ import annotations

from typing import Any

from portal.cli.output import coded, named, show_value
from portal.cli.why import advice
from portal.domain.releases import ProtocolEntry
from portal.domain.rules.preflight import TENANT_WIDE, Finding
from portal.domain.rules.status import read_reason
from portal.releases.entry_texts import details
from portal.releases.finding_labels import mending_of
from portal.releases.queries import Explanation
from portal.webkit.authors import author
from portal.webkit.labels import label_of
from portal.webkit.languages import gettext as _


def status_values(slug: str, person: Explanation) -> dict[str, Any]:
    registration, opened, context = person.registration, person.release, person.context
    assert context is not None
    return {
        "tenant": slug,
        "participant": person.participant.number,
        **coded("status", person.status),
        **coded("phase", person.phase),
        "advice": advice(person),
        "since": person.since,
        "needs_action": person.needs_action,
        "released": bool(registration and registration.released),
        "released_at": opened.released_at if opened else None,
        "released_by": opened.released_by if opened else None,
        "consent_confirmed": bool(opened and opened.consent_confirmed),
        "release_ended_at": opened.ended_at if opened else None,
        "release_ended_by": opened.ended_by if opened else None,
        **coded("release_end_cause", opened.end_cause if opened else None),
        "applicant_id": registration.applicant_id if registration else None,
        "mediator": _mediator_values(person),
        "mediator_change_pending": person.mediator_change_pending,
        **coded("network", context.connection.network if context.connection else None),
        "waiting_since": person.waiting_since,
        "delivery": person.delivery.sequence if person.delivery else None,
        "findings": [named(finding) for finding in _findings(person)],
        "last_transfer_at": context.last_committed.committed_at if context.last_committed else None,
        "running_delivery": context.uncommitted.sequence if context.uncommitted else None,
        "next_transfer_at": context.next_transfer_at,
    }


def _mediator_values(person: Explanation) -> dict[str, Any] | None:
    chosen, known = person.mediator, person.mediator_registration
    if chosen is None:
        return None
    return {
        "mediator": chosen.number,
        "initials": chosen.initials,
        "active": chosen.active,
        "known_to_network": known.known if known else None,
    }


def status_lines(person: Explanation, values: dict[str, Any]) -> list[tuple[str, Any]]:
    chosen = values["mediator"]
    bar = _(
        "freigegeben von %(by)s am %(at)s",
        by=author(values["released_by"] or ""),
        at=show_value(values["released_at"]),
    )
    return [
        (_("Teilnehmer/in"), f"{person.participant.number} – {person.participant.name}"),
        (_("Status"), values["status_label"]),
        (_("Vorgang"), values["phase_label"]),
        (_("Was geschieht"), values["advice"]),
        (_("Freigabe"), bar if values["released"] else _("nicht freigegeben")),
        (_("Bewerber-ID"), values["applicant_id"]),
        (
            _("Vermittler/in"),
            f"{chosen['mediator']} ({chosen['initials']})" if chosen else _("keine/r gewählt"),
        ),
        (_("Antwort offen seit"), values["waiting_since"]),
        (_("Wartet seit"), values["since"] if values["since"] != values["waiting_since"] else None),
        (_("In Übertragung"), values["delivery"]),
        *((_("Es fehlt"), finding["label"]) for finding in values["findings"]),
        (_("Letzte Übertragung"), values["last_transfer_at"]),
        (_("Nächste Übertragung"), values["next_transfer_at"]),
    ]


def _findings(person: Explanation) -> list[Finding]:
    return [*person.tenant_findings, *person.findings]


def why_values(slug: str, person: Explanation) -> dict[str, Any]:
    registration = person.registration
    refused = registration.rejection_detail if registration else None
    return {
        "tenant": slug,
        "participant": person.participant.number,
        **coded("status", person.status),
        **coded("phase", person.phase),
        "findings": [_finding_values(finding, person) for finding in _findings(person)],
        "rejection": (
            {**coded("reason", person.rejection), "detail": refused} if person.rejection is not None else None
        ),
        "archived": (
            {
                **coded("reason", read_reason(registration.archive_reason)),
                "detail": registration.archive_detail,
            }
            if registration and registration.archived
            else None
        ),
        "clarification": registration.clarification if registration else None,
    }


def _finding_values(finding: Finding, person: Explanation) -> dict[str, Any]:
    mending = mending_of(finding)
    refused = finding is Finding.REFUSED_RECORD and person.registration
    return {
        "code": finding.value,
        "label": str(label_of(finding).text),
        "concerns": "tenant" if finding in TENANT_WIDE else "participant",
        "path": mending.path,
        "mended_by": str(mending.by),
        "detail": person.registration.refused_detail if refused and person.registration else None,
    }


def entry_values(entry: ProtocolEntry, numbers: dict[int, int]) -> dict[str, Any]:
    return {
        "entry": entry.id,
        "at": entry.at,
        **coded("event", entry.event),
        "by": entry.by,
        "delivery": numbers.get(entry.delivery_id) if entry.delivery_id else None,
        "details": details(entry),
        "data": entry.data,
    }

"""`jobbruecke release|revoke|mediator|status|protocol|why`: one participant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from sqlalchemy import select

from portal.accounts.errors import MediatorUnknown
from portal.cli.context import record_audit, resolve_actor, use_tenant, with_app
from portal.cli.options import by_option, json_option, participant_option, tenant_option
from portal.cli.output import coded, named, print_json, print_lines, show_value
from portal.cli.why import advice, why_lines
from portal.core.database import commit, db, reading, utcnow
from portal.domain.audit import AuditEvent
from portal.domain.participants import Mediator
from portal.domain.permissions import Permission
from portal.domain.releases import ProtocolEntry
from portal.domain.rules.preflight import TENANT_WIDE, Finding
from portal.domain.rules.status import read_reason
from portal.releases import service
from portal.releases.entry_texts import details
from portal.releases.finding_labels import mending_of
from portal.releases.queries import Explanation, delivery_numbers, explain
from portal.releases.queries import protocol as read_protocol
from portal.releases.registrations import get_participant_by_number
from portal.releases.texts import mediator_chosen_text, revoked_text
from portal.tenants.context import load_tenant_context
from portal.webkit.authors import author
from portal.webkit.labels import label_of
from portal.webkit.languages import gettext as _


@click.command()
@tenant_option
@participant_option
@by_option()
@click.option(
    "--confirm-consent", is_flag=True, help="Confirm that consent is at hand where none is recorded."
)
@json_option
@with_app
def release(slug: str, number: str, by: str, confirm_consent: bool, as_json: bool) -> None:
    """Release a participant to the tenant's job network."""
    use_tenant(slug)
    actor = resolve_actor(by, Permission.RELEASE)
    person = get_participant_by_number(number)
    service.release(person.id, actor, utcnow(), consent_confirmed=confirm_consent)
    record_audit(AuditEvent.RELEASED, actor, subject="participant", subject_id=person.id)
    commit()
    sentence = _("Freigegeben. Der Status ändert sich, sobald das Jobportal bestätigt.")
    _done(slug, number, as_json, lambda _person: sentence)


@click.command()
@tenant_option
@participant_option
@by_option()
@json_option
@with_app
def revoke(slug: str, number: str, by: str, as_json: bool) -> None:
    """Revoke a participant's release; the next transfer withdraws the person."""
    use_tenant(slug)
    actor = resolve_actor(by, Permission.RELEASE)
    person = get_participant_by_number(number)
    service.revoke(person.id, actor, utcnow())
    record_audit(AuditEvent.REVOKED, actor, subject="participant", subject_id=person.id)
    commit()
    _done(slug, number, as_json, revoked_text)


@click.command()
@tenant_option
@participant_option
@click.option(
    "--mediator", "mediator_number", metavar="VERMITTLER_ID", required=True, help="Number in Qualli.life."
)
@by_option()
@json_option
@with_app
def mediator(slug: str, number: str, mediator_number: str, by: str, as_json: bool) -> None:
    """Choose a participant's mediator; the network is told with the next transfer."""
    use_tenant(slug)
    actor = resolve_actor(by, Permission.RELEASE)
    person = get_participant_by_number(number)
    chosen = db.session.scalar(select(Mediator).where(Mediator.number == mediator_number))
    if chosen is None:
        raise MediatorUnknown
    service.choose_mediator(person.id, chosen.id, actor, utcnow())
    record_audit(AuditEvent.MEDIATOR_CHOSEN, actor, subject="participant", subject_id=person.id)
    commit()
    _done(slug, number, as_json, mediator_chosen_text)


@click.command()
@tenant_option
@participant_option
@json_option
@with_app
def status(slug: str, number: str, as_json: bool) -> None:
    """Show a participant's status, and what is going on."""
    with reading():
        person = _explained(slug, number)
        values = _status_values(slug, person)
        if as_json:
            print_json(values)
            return
        print_lines(_status_lines(person, values))


@click.command()
@tenant_option
@participant_option
@json_option
@with_app
def why(slug: str, number: str, as_json: bool) -> None:
    """Show what keeps a participant offline, and where it is mended."""
    with reading():
        person = _explained(slug, number)
        values = _why_values(slug, person)
        if as_json:
            print_json(values)
            return
        for line in why_lines(person, values):
            click.echo(line)


@click.command()
@tenant_option
@participant_option
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Newest lines shown."
)
@json_option
@with_app
def protocol(slug: str, number: str, limit: int, as_json: bool) -> None:
    """Show a participant's protocol, newest first."""
    with reading():
        use_tenant(slug)
        person = get_participant_by_number(number)
        entries = read_protocol(person.id, limit=limit)
        numbers = delivery_numbers(entries)
        values = [_entry_values(entry, numbers) for entry in entries]
        if as_json:
            print_json({"tenant": slug, "participant": number, "entries": values})
            return
        for entry in values:
            head = f"{show_value(entry['at'])}  {entry['event_label']}  ({author(entry['by'])})"
            click.echo("\n    ".join([head, *entry["details"]]))


def _done(slug: str, number: str, as_json: bool, sentence: Callable[[Explanation], str]) -> None:
    """Say that it is done, and what follows; as JSON, how the participant stands now."""
    person = _explained(slug, number)
    if as_json:
        print_json(_status_values(slug, person))
    else:
        click.echo(sentence(person))


def _explained(slug: str, number: str) -> Explanation:
    tenant = use_tenant(slug)
    person = get_participant_by_number(number)
    return explain(load_tenant_context(tenant.id, utcnow()), person.id)


def _status_values(slug: str, person: Explanation) -> dict[str, Any]:
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


def _status_lines(person: Explanation, values: dict[str, Any]) -> list[tuple[str, Any]]:
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


def _why_values(slug: str, person: Explanation) -> dict[str, Any]:
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


def _entry_values(entry: ProtocolEntry, numbers: dict[int, int]) -> dict[str, Any]:
    return {
        "entry": entry.id,
        "at": entry.at,
        **coded("event", entry.event),
        "by": entry.by,
        "delivery": numbers.get(entry.delivery_id) if entry.delivery_id else None,
        "details": details(entry),
        "data": entry.data,
    }

"""`jobbruecke release|revoke|mediator|status|protocol|why`: one participant."""

from __future__ import annotations

from collections.abc import Callable

import click
from sqlalchemy import select

from portal.accounts.errors import MediatorUnknown
from portal.cli.context import record_audit, resolve_actor, use_tenant, with_app
from portal.cli.options import by_option, json_option, participant_option, tenant_option
from portal.cli.output import print_json, print_lines, show_value
from portal.cli.release_values import entry_values, status_lines, status_values, why_values
from portal.cli.why import why_lines
from portal.core.database import commit, db, reading, utcnow
from portal.domain.audit import AuditEvent
from portal.domain.participants import Mediator
from portal.domain.permissions import Permission
from portal.releases import service
from portal.releases.queries import Explanation, delivery_numbers, explain
from portal.releases.queries import protocol as read_protocol
from portal.releases.registrations import get_participant_by_number
from portal.releases.texts import mediator_chosen_text, revoked_text
from portal.tenants.context import load_tenant_context
from portal.webkit.authors import author
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
        values = status_values(slug, person)
        if as_json:
            print_json(values)
            return
        print_lines(status_lines(person, values))


@click.command()
@tenant_option
@participant_option
@json_option
@with_app
def why(slug: str, number: str, as_json: bool) -> None:
    """Show what keeps a participant offline, and where it is mended."""
    with reading():
        person = _explained(slug, number)
        values = why_values(slug, person)
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
        values = [entry_values(entry, numbers) for entry in entries]
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
        print_json(status_values(slug, person))
    else:
        click.echo(sentence(person))


def _explained(slug: str, number: str) -> Explanation:
    tenant = use_tenant(slug)
    person = get_participant_by_number(number)
    return explain(load_tenant_context(tenant.id, utcnow()), person.id)

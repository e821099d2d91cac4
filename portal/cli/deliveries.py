"""`jobbruecke deliver`, `delivery show|pass|discard|stop-waiting`, `deliveries`."""

from __future__ import annotations

from typing import Any

import click

from portal.cli.context import OPERATOR, record_audit, resolve_actor, use_tenant, with_app
from portal.cli.delivery_values import delivery_values, lines, shown_values
from portal.cli.options import Number, by_option, json_option, tenant_option
from portal.cli.output import print_json, print_lines, show_value
from portal.cli.waiting import wait_for
from portal.core.database import commit, reading, utcnow
from portal.deliveries import approval, queries, transfer_requests, waiting
from portal.deliveries.errors import ChangedSinceShown
from portal.domain.actors import SYSTEM
from portal.domain.audit import AuditEvent
from portal.domain.deliveries import Delivery
from portal.domain.permissions import Permission
from portal.releases.registrations import get_participant_by_number
from portal.webkit.labels import label_of
from portal.webkit.languages import gettext as _


@click.command()
@tenant_option
@click.option(
    "--participant",
    "numbers",
    metavar="TN_ID",
    multiple=True,
    help="Only this one; may be repeated. Else everybody.",
)
@click.option(
    "--wait", is_flag=True, help="Wait until the answers are in; exit code 1 where they will not come."
)
@by_option(required=False)
@json_option
@with_app
def deliver(slug: str, numbers: tuple[str, ...], wait: bool, by: str | None, as_json: bool) -> None:
    """Transfer released participants now instead of at night."""
    tenant = use_tenant(slug)
    actor = resolve_actor(by, Permission.TRANSFER_CHOSEN if numbers else Permission.TRANSFER_ALL, SYSTEM)
    chosen = [get_participant_by_number(number).id for number in numbers] or None
    delivery = transfer_requests.request_transfer(tenant.id, actor, utcnow(), chosen)
    record_audit(AuditEvent.TRANSFER_ASKED, actor, subject="delivery", subject_id=delivery.sequence)
    commit()
    if not wait:
        _say(delivery, as_json, _("Die Übertragung %(number)s ist angestoßen.", number=delivery.sequence))
        return
    ended, refusal = wait_for(delivery.id)
    _say(ended, as_json, _outcome(ended))
    if refusal:
        raise refusal


@click.command()
@tenant_option
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Newest ones shown."
)
@json_option
@with_app
def deliveries(slug: str, limit: int, as_json: bool) -> None:
    """List a tenant's deliveries, newest first."""
    with reading():
        use_tenant(slug)
        found = queries.list_deliveries(limit=limit)
        if as_json:
            print_json({"tenant": slug, "deliveries": [delivery_values(delivery) for delivery in found]})
            return
        for delivery in found:
            said_of = f"{label_of(delivery.mode).text}, {label_of(delivery.cause).text}"
            at, state = show_value(delivery.created_at), label_of(delivery.state).text
            click.echo(f"{delivery.sequence:>6}  {at}  {state} ({said_of})")


@click.group()
def delivery() -> None:
    """One delivery: show it; let a held one pass, or discard it; wait no longer for its answers."""


_number = click.argument("number", type=Number())
_connection = click.option(
    "--connection",
    "connection_id",
    type=Number(),
    metavar="ID",
    help="Of a network used before; see `deliveries --json`.",
)


@delivery.command()
@tenant_option
@_number
@_connection
@json_option
@with_app
def show(slug: str, number: int, connection_id: int | None, as_json: bool) -> None:
    """Show a delivery: how far it is, who would leave by a held one, each attempt."""
    with reading():
        use_tenant(slug)
        found = queries.get_delivery(number, connection_id)
        values = shown_values(found)
        if as_json:
            print_json(values)
        else:
            print_lines(lines(found, values))


@delivery.command("pass")
@tenant_option
@_number
@_connection
@by_option(required=False)
@click.option(
    "--shown", metavar="DIGEST", help="Only if it still is what `delivery show` showed with this digest."
)
@json_option
@with_app
def pass_(
    slug: str, number: int, connection_id: int | None, by: str | None, shown: str | None, as_json: bool
) -> None:
    """Approve a held delivery, exactly as it was shown. Not for the person who started it."""
    use_tenant(slug)
    actor = resolve_actor(by, Permission.JUDGE_HELD, OPERATOR)
    found = queries.get_delivery(number, connection_id)
    digest = _digest(found, shown)
    record_audit(AuditEvent.DELIVERY_APPROVED, actor, subject="delivery", subject_id=found.sequence)
    passed = approval.approve(found.id, digest, actor, utcnow())
    commit()
    _say(passed, as_json, _("Die Übertragung %(number)s wird gesendet.", number=number))


@delivery.command()
@tenant_option
@_number
@_connection
@by_option(required=False)
@json_option
@with_app
def discard(slug: str, number: int, connection_id: int | None, by: str | None, as_json: bool) -> None:
    """Discard a held delivery: nothing of it is sent. Not for the person who started it."""
    use_tenant(slug)
    actor = resolve_actor(by, Permission.JUDGE_HELD, OPERATOR)
    found = queries.get_delivery(number, connection_id)
    record_audit(AuditEvent.DELIVERY_DISCARDED, actor, subject="delivery", subject_id=found.sequence)
    discarded = approval.discard(found.id, actor, utcnow())
    commit()
    _say(discarded, as_json, _("Die Übertragung %(number)s ist verworfen.", number=number))


@delivery.command("stop-waiting")
@tenant_option
@_number
@_connection
@by_option(required=False)
@json_option
@with_app
def stop_waiting(slug: str, number: int, connection_id: int | None, by: str | None, as_json: bool) -> None:
    """Wait no longer for the answers to a delivery that is in trouble with them."""
    use_tenant(slug)
    actor = resolve_actor(by, Permission.JUDGE_HELD, OPERATOR)
    found = waiting.stop_waiting(queries.get_delivery(number, connection_id).id, utcnow())
    record_audit(AuditEvent.WAITING_ENDED, actor, subject="delivery", subject_id=found.sequence)
    commit()
    _say(
        found, as_json, _("Auf Antworten zur Übertragung %(number)s wird nicht mehr gewartet.", number=number)
    )


def _digest(found: Delivery, shown: str | None) -> str:
    """What letting go is bound to: what was shown before, else what the delivery is now."""
    current = found.shown_digest or ""
    if shown is None:
        return current
    if len(shown) < 8 or not current.startswith(shown):
        raise ChangedSinceShown(number=found.sequence)
    return current


def _say(found: Delivery, as_json: bool, sentence: str) -> None:
    if as_json:
        print_json(delivery_values(found))
    elif sentence:
        click.echo(sentence)


def _outcome(ended: Delivery) -> str:
    """What became of a delivery that was waited for; nothing where a refusal says it."""
    if ended.completed_at is None:
        return ""
    counted: dict[str, Any] = {
        "active": 0,
        "archived": 0,
        "rejected": 0,
        "missing": 0,
        **(ended.answered or {}),
    }
    return _(
        "Die Übertragung %(number)s ist abgeschlossen: %(active)s bestätigt, %(archived)s archiviert, "
        "%(rejected)s abgelehnt, %(missing)s ohne Antwort.",
        number=ended.sequence,
        **{key: counted[key] for key in ("active", "archived", "rejected", "missing")},
    )

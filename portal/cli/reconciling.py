"""`jobbruecke reconcile`: what differs after a loss on our side, and the decision that it is settled."""

from __future__ import annotations

from typing import Any

import click

from portal.cli.context import OPERATOR, record_audit, resolve_actor, use_tenant, with_app
from portal.cli.delivery_values import delivery_values
from portal.cli.options import by_option, json_option, tenant_option
from portal.cli.output import print_json
from portal.core.database import commit, reading, utcnow
from portal.deliveries import reconciling as service
from portal.deliveries.errors import NothingToReconcile
from portal.deliveries.reconciling import Differences, Differing
from portal.domain.audit import AuditEvent
from portal.domain.permissions import Permission
from portal.domain.tenants import Connection
from portal.tenants.queries import find_connection
from portal.webkit.labels import label_of
from portal.webkit.languages import gettext as _


@click.group()
def reconcile() -> None:
    """After a restored backup: what the network knows and we do not, and going on from there."""


@reconcile.command()
@tenant_option
@json_option
@with_app
def show(slug: str, as_json: bool) -> None:
    """Show the deliveries that only the network knew, and whom they concern, by name."""
    with reading():
        found = service.find_differences(find_connection(use_tenant(slug).id))
        if as_json:
            print_json(_values(found))
        else:
            click.echo("\n".join(_lines(found)))


@reconcile.command()
@tenant_option
@by_option(required=False)
@with_app
def read(slug: str, by: str | None) -> None:
    """Have the worker ask the network for its deliveries and their answers once more."""
    connection = _connection(slug)
    actor = resolve_actor(by, Permission.JUDGE_HELD, OPERATOR)
    service.read_again(connection, utcnow())
    record_audit(AuditEvent.RECONCILED, actor, subject="connection", subject_id=connection.id)
    commit()
    click.echo(_("Die Übertragungen und Antworten des Jobportals werden noch einmal gelesen."))


@reconcile.command()
@tenant_option
@click.option(
    "--shown",
    metavar="DIGEST",
    required=True,
    help="Digest that `reconcile show` showed; nothing else is settled.",
)
@click.option("--unread", is_flag=True, help="Though answers are still read: end it with what is known.")
@by_option(required=False)
@with_app
def settle(slug: str, shown: str, unread: bool, by: str | None) -> None:
    """Say that what was shown has been looked at: transfers go on, the next one is full."""
    connection = _connection(slug)
    actor = resolve_actor(by, Permission.JUDGE_HELD, OPERATOR)
    service.settle(connection, shown, actor, utcnow(), unread=unread)
    record_audit(AuditEvent.RECONCILED, actor, subject="connection", subject_id=connection.id)
    commit()
    click.echo(_("Der Abgleich ist abgeschlossen. Es wird wieder übertragen, als Nächstes vollständig."))


def _connection(slug: str) -> Connection:
    connection = find_connection(use_tenant(slug).id)
    if connection is None:
        raise NothingToReconcile
    return connection


def _values(found: Differences | None) -> dict[str, Any]:
    if found is None:
        return {"reconcile_since": None}
    return {
        "reconcile_since": found.since,
        "reading": found.reading,
        "shown_digest": found.digest,
        "deliveries": [delivery_values(row) for row in found.found],
        "ended": [_person(it) for it in found.ended],
        "unreleased": [_person(it) for it in found.unreleased],
        "strangers": found.strangers,
    }


def _person(it: Differing) -> dict[str, Any]:
    return {
        "participant": it.participant.number,
        "name": it.participant.name,
        "status": it.registration.status.value,
        "status_label": str(label_of(it.registration.status).text),
    }


def _lines(found: Differences | None) -> list[str]:
    if found is None:
        return [
            _("Es gibt nichts abzugleichen: Das Jobportal kennt keine Übertragung, die hier unbekannt ist.")
        ]
    lines = [_("Übertragungen, die nur das Jobportal kannte") + ":"]
    lines += [
        f"  {row.sequence}: {label_of(row.mode).text}, {label_of(row.state).text}" for row in found.found
    ]
    for title, rows in (
        (_("Hier freigegeben, im Jobportal abgemeldet"), found.ended),
        (_("Im Jobportal geführt, hier nicht freigegeben"), found.unreleased),
    ):
        lines.append(f"{title}:")
        lines += [f"  {it.participant.number} {it.participant.name}" for it in rows] or ["  –"]
    if found.strangers:
        lines.append(_("Im Jobportal bekannt, hier unbekannt") + ": " + ", ".join(found.strangers))
    if found.reading:
        lines.append(
            _(
                "Die Antworten werden noch gelesen. Mit „--unread“ lässt sich abschließen mit dem, was bekannt ist."
            )
        )
    lines.append(_("Prüfsumme: %(digest)s", digest=found.digest))
    return lines

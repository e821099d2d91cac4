"""`jobbruecke network-account`: which account at the network the token opens, and the decision that it is ours."""

from __future__ import annotations

from typing import Any

import click

from portal.cli.context import OPERATOR, record_audit, resolve_actor, use_tenant, with_app
from portal.cli.options import by_option, json_option, tenant_option
from portal.cli.output import print_json, print_lines, show_value
from portal.core.database import commit, reading, utcnow
from portal.deliveries import network_accounts as service
from portal.domain.audit import AuditEvent
from portal.domain.delivery_states import DeliveryProblem
from portal.domain.permissions import Permission
from portal.domain.tenants import Connection
from portal.releases.errors import NetworkNotChosen
from portal.tenants.queries import find_connection
from portal.webkit.labels import label_of
from portal.webkit.languages import gettext as _


@click.group()
def network_account() -> None:
    """The account at the network that a tenant's token opens."""


@network_account.command()
@tenant_option
@json_option
@with_app
def show(slug: str, as_json: bool) -> None:
    """Show which account the connection is bound to, and one that waits for a decision."""
    with reading():
        connection = _connection(slug)
        question = service.find_question(connection)
        if as_json:
            print_json(_values(connection, question))
        else:
            print_lines(_lines(connection, question))


@network_account.command()
@tenant_option
@click.option(
    "--shown",
    metavar="DIGEST",
    required=True,
    help="Digest that `network-account show` showed; nothing else is accepted.",
)
@by_option(required=False)
@with_app
def accept(slug: str, shown: str, by: str | None) -> None:
    """Say that the account found belongs to the tenant: the next transfer is full."""
    connection = _connection(slug)
    question = service.find_question(connection)
    taken = question is not None and question.problem is DeliveryProblem.TAKEN_ACCOUNT
    actor = resolve_actor(by, Permission.RETRY if taken else Permission.JUDGE_HELD, OPERATOR)
    service.accept(connection, shown, utcnow(), may_share=True)
    record_audit(AuditEvent.ACCOUNT_ACCEPTED, actor, subject="connection", subject_id=connection.id)
    commit()
    click.echo(_("Das Konto gehört jetzt zu diesem Mandanten. Als Nächstes wird vollständig übertragen."))


def _connection(slug: str) -> Connection:
    connection = find_connection(use_tenant(slug).id)
    if connection is None:
        raise NetworkNotChosen
    return connection


def _values(connection: Connection, question: service.Question | None) -> dict[str, Any]:
    return {
        "provider_id": connection.provider_id,
        "provider_name": connection.network_name,
        "provider_bound_at": connection.provider_bound_at,
        "account_doubt": connection.account_doubt,
        "doubted_since": connection.doubted_since,
        "found_provider_id": connection.found_provider_id,
        "found_provider_name": connection.found_provider_name,
        "shown_digest": question.digest if question else None,
    }


def _lines(connection: Connection, question: service.Question | None) -> list[tuple[str, Any]]:
    lines: list[tuple[str, Any]] = [
        (_("Jobportal"), label_of(connection.network).text),
        (_("Konto dieses Mandanten"), _account(connection.network_name, connection.provider_id)),
    ]
    if question is None:
        return lines
    found = _account(connection.found_provider_name, connection.found_provider_id)
    return [
        *lines,
        (_("Konto der jetzigen Zugangsdaten"), found),
        (_("Angehalten"), label_of(question.problem).text),
        (_("Seit"), show_value(question.since)),
        (_("Dem bisherigen Konto gemeldet"), question.announced),
        (_("Prüfsumme"), question.digest),
    ]


def _account(name: str | None, provider_id: str | None) -> str | None:
    return f"{name} ({provider_id})" if provider_id else None

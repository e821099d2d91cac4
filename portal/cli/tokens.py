"""`jobbruecke token`: tokens by which Qualli.life comes through the HTTP door."""

from __future__ import annotations

import click

from portal.cli.context import record_audit, resolve_actor, use_tenant, with_app
from portal.cli.options import Number, by_option, json_option, tenant_option
from portal.cli.output import print_json, show_value
from portal.core.database import commit, reading, utcnow
from portal.domain.audit import AuditEvent
from portal.domain.permissions import Permission
from portal.domain.tokens import ApiToken
from portal.tokens.queries import list_tokens
from portal.tokens.service import LONGEST_DAYS, VALID_DAYS, get_token, make_token, revoke_token
from portal.webkit.languages import gettext as _


@click.group()
def token() -> None:
    """Tokens by which Qualli.life sends over HTTP."""


@token.command()
@tenant_option
@click.option("--name", required=True, help="What it is for.")
@click.option(
    "--days",
    type=click.IntRange(1, LONGEST_DAYS),
    default=VALID_DAYS,
    show_default=True,
    help="How long it is good.",
)
@by_option(required=False)
@with_app
def create(slug: str, name: str, days: int, by: str | None) -> None:
    """Make a token and print it, this once: only its hash is kept."""
    tenant_id = use_tenant(slug).id
    actor = resolve_actor(by, Permission.CONFIGURE)
    made, text = make_token(tenant_id, name, actor.initials, utcnow(), days)
    record_audit(AuditEvent.API_TOKEN_MADE, actor, subject="api-token", subject_id=made.id)
    commit()
    click.echo(text)


@token.command("list")
@tenant_option
@json_option
@with_app
def list_(slug: str, as_json: bool) -> None:
    """Name, beginning, state and last use of each token; never the token itself."""
    with reading():
        use_tenant(slug)
        found = list_tokens()
        commit()
    if as_json:
        print_json({"tokens": [_values(row) for row in found]})
        return
    if not found:
        click.echo(_("Es gibt keinen Token."))
    for row in found:
        used = show_value(row.last_used_at) or _("nie")
        click.echo(
            _(
                "%(number)s  %(hint)s…  %(name)s: %(state)s, gilt bis %(until)s, zuletzt benutzt: %(used)s",
                number=row.id,
                hint=row.hint,
                name=row.name,
                state=_state(row)[1],
                until=show_value(row.expires_at),
                used=used,
            )
        )


@token.command()
@tenant_option
@click.argument("number", type=Number())
@by_option(required=False)
@with_app
def revoke(slug: str, number: int, by: str | None) -> None:
    """Revoke the token with this number (see `token list`): from now on it opens nothing."""
    use_tenant(slug)
    actor = resolve_actor(by, Permission.CONFIGURE)
    revoke_token(get_token(number), actor.initials, utcnow())
    record_audit(AuditEvent.API_TOKEN_REVOKED, actor, subject="api-token", subject_id=number)
    commit()
    click.echo(_("Der Token ist widerrufen; wer ihn benutzt, wird ab sofort abgewiesen."))


def _state(row: ApiToken) -> tuple[str, str]:
    if row.revoked_at is not None:
        return "revoked", _("widerrufen")
    return ("expired", _("abgelaufen")) if row.expires_at <= utcnow() else ("valid", _("gültig"))


def _values(row: ApiToken) -> dict[str, object]:
    code, label = _state(row)
    return {
        "token": row.id,
        "name": row.name,
        "hint": row.hint,
        "state": code,
        "state_label": label,
        "created_at": row.created_at,
        "created_by": row.created_by,
        "expires_at": row.expires_at,
        "revoked_at": row.revoked_at,
        "last_used_at": row.last_used_at,
    }

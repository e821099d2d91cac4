"""`jobbruecke states`: the stored states of participants, compared with the rules or recomputed."""

from __future__ import annotations

import click
from sqlalchemy import select

from portal.cli.context import use_tenant, with_app
from portal.cli.refused import Refused
from portal.core.database import EVERY_TENANT, commit, db, reading, scope_to, utcnow
from portal.domain.tenants import Tenant
from portal.releases.drift import find_drift
from portal.releases.states import refresh_tenant
from portal.webkit.languages import gettext as _

_tenant_option = click.option(
    "--tenant", "slug", metavar="SLUG", help="Short name of the tenant; all without it."
)


@click.group()
def states() -> None:
    """Compare what lists show of participants with the rules, or decide it anew."""


@states.command("check")
@_tenant_option
@with_app
def check(slug: str | None) -> None:
    """Name the participants whose stored state is not what the rules say; then the exit code is 1."""
    drifted = 0
    for tenant_id, name in _tenants(slug):
        with reading():
            for drift in find_drift(tenant_id, utcnow()):
                drifted += 1
                click.echo(f"{name}  {drift.number}  {', '.join(drift.columns)}")
            commit()
    if drifted:
        raise Refused(
            _(
                "%(number)s gespeicherte Stände weichen ab. „jobbruecke states refresh“ berechnet sie neu.",
                number=drifted,
            )
        )
    click.echo(_("Alle gespeicherten Stände stimmen."))


@states.command("refresh")
@_tenant_option
@with_app
def refresh(slug: str | None) -> None:
    """Decide the state of every participant anew; wanted after an upgrade that changes the rules."""
    for tenant_id, name in _tenants(slug):
        mended = refresh_tenant(tenant_id, utcnow())
        commit()
        click.echo(_("%(tenant)s: %(number)s berichtigt.", tenant=name, number=mended))


def _tenants(slug: str | None) -> list[tuple[int, str]]:
    if slug is not None:
        return [(use_tenant(slug).id, slug)]
    scope_to(EVERY_TENANT)
    with reading():
        rows = db.session.execute(select(Tenant.id, Tenant.slug).order_by(Tenant.slug)).all()
        commit()
    return [(row.id, row.slug) for row in rows]

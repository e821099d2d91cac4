"""`jobbruecke identity`: whose an identifier is that an import gave to another person."""

from __future__ import annotations

import click

from portal.cli.context import record_audit, resolve_actor, use_tenant, with_app
from portal.cli.options import by_option, participant_option, tenant_option
from portal.core.database import commit, utcnow
from portal.domain.audit import AuditEvent
from portal.domain.permissions import Permission
from portal.releases.identities import settle_identity
from portal.releases.registrations import get_participant_by_number
from portal.webkit.languages import gettext as _


@click.command()
@tenant_option
@participant_option
@click.option(
    "--person",
    "person",
    type=click.Choice(["same", "other"]),
    required=True,
    help="The same one, whose data were corrected; or another one, whom the next import adds.",
)
@by_option()
@with_app
def identity(slug: str, number: str, person: str, by: str) -> None:
    """Decide whether a number that an import gave to another person still is the participant's."""
    use_tenant(slug)
    actor = resolve_actor(by, Permission.RELEASE)
    found = get_participant_by_number(number)
    settled = settle_identity(found.id, actor, utcnow(), is_same=person == "same")
    record_audit(AuditEvent.IDENTITY_SETTLED, actor, subject="participant", subject_id=settled.id)
    commit()
    if person == "same":
        click.echo(_("Dieselbe Person: Der nächste Import berichtigt die Angaben."))
    else:
        click.echo(
            _(
                "Andere Person: Der nächste Import legt sie neu an. Die bisherige steht unter %(number)s.",
                number=settled.number,
            )
        )

"""`jobbruecke imports show|pass|discard`: the report of an import, and deciding about a held one."""

from __future__ import annotations

import click

from portal.cli.context import OPERATOR, application, record_audit, resolve_actor, use_tenant, with_app
from portal.cli.import_report import print_report, report_values
from portal.cli.imports import carry_out
from portal.cli.options import by_option, json_option, tenant_option
from portal.cli.output import print_json
from portal.core.database import commit, reading, utcnow
from portal.domain.actors import Actor
from portal.domain.audit import AuditEvent
from portal.domain.imports import ImportRun
from portal.domain.permissions import Permission
from portal.imports.reports import report
from portal.imports.service import approve, get_import
from portal.imports.service import discard as discard_import
from portal.webkit.languages import gettext as _


@click.group()
def imports() -> None:
    """One import: show its report; let a held one pass, or discard it."""


_number = click.argument("number", type=click.IntRange(1, 2**31 - 1))


@imports.command()
@tenant_option
@_number
@json_option
@with_app
def show(slug: str, number: int, as_json: bool) -> None:
    """Show what became of an import, and whom a held one would take something from."""
    with reading():
        _say(get_import(use_tenant(slug).id, number), as_json)
        commit()


@imports.command("pass")
@tenant_option
@_number
@by_option(required=False)
@json_option
def pass_(slug: str, number: int, by: str | None, as_json: bool) -> None:
    """Let a held import pass as it was shown, and take it over. Not for the person who started it."""
    with application() as app:
        run, actor = _find(slug, number, by)
        record_audit(AuditEvent.IMPORT_APPROVED, actor, subject="import", subject_id=run.id)
        approve(run, actor)
        commit()
        run = carry_out(app, run.id)
        with reading():
            _say(run, as_json)
            commit()


@imports.command()
@tenant_option
@_number
@by_option(required=False)
@json_option
@with_app
def discard(slug: str, number: int, by: str | None, as_json: bool) -> None:
    """Discard a held import: the people stay as they are. Not for the person who started it."""
    run, actor = _find(slug, number, by)
    record_audit(AuditEvent.IMPORT_DISCARDED, actor, subject="import", subject_id=run.id)
    discard_import(run, actor, utcnow())
    commit()
    if as_json:
        _say(run, as_json)
    else:
        click.echo(
            _("Der Import %(number)s ist verworfen; die Personen bleiben, wie sie waren.", number=number)
        )


def _find(slug: str, number: int, by: str | None) -> tuple[ImportRun, Actor]:
    tenant = use_tenant(slug)
    actor = resolve_actor(by, Permission.JUDGE_HELD, OPERATOR)
    return get_import(tenant.id, number), actor


def _say(run: ImportRun, as_json: bool) -> None:
    found = report(run)
    if as_json:
        print_json(report_values(found, run))
    else:
        print_report(found, run)

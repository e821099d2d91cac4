"""`jobbruecke person` and `jobbruecke privacy`: reports, erasure, what retention does, the record of processing."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from portal.cli.context import record_audit, resolve_actor, use_tenant, with_app
from portal.cli.options import by_option, json_option, participant_option, tenant_option
from portal.cli.output import print_json, print_lines
from portal.cli.refused import Refused
from portal.core.database import commit, db, utcnow
from portal.core.settings import current_settings
from portal.domain.audit import AuditEvent
from portal.domain.participants import Participant
from portal.domain.permissions import Permission
from portal.domain.tenants import Tenant
from portal.privacy.document import document
from portal.privacy.labels import ERASURE_BLOCKERS
from portal.privacy.markdown import as_markdown
from portal.privacy.pdf import write_pdf
from portal.privacy.processing import processing_record
from portal.privacy.queries import BlockedErasure, count_due_soon, list_blocked
from portal.privacy.report import collect
from portal.privacy.service import erase_on_request, preview_erasure
from portal.releases.registrations import get_participant_by_number
from portal.releases.withdrawals import Overview, overview
from portal.tenants.queries import find_connection
from portal.webkit.durations import span
from portal.webkit.json_values import plain
from portal.webkit.languages import gettext as _

_MOST = 1000


@click.group()
def person() -> None:
    """One person's data: a report about it, and its erasure."""


@person.command()
@tenant_option
@participant_option
@by_option(required=False)
@click.option("--pdf", type=click.Path(dir_okay=False, path_type=Path), help="Write a PDF to this file.")
@click.option("--json-file", type=click.Path(dir_okay=False, path_type=Path), help="Write JSON to this file.")
@with_app
def report(slug: str, number: str, by: str | None, pdf: Path | None, json_file: Path | None) -> None:
    """Everything that is known about a person (Art. 15 and 20 GDPR): JSON on standard output, or files."""
    use_tenant(slug)
    actor = resolve_actor(by, Permission.DISCLOSE)
    participant_id = get_participant_by_number(number).id
    values = collect(participant_id, utcnow())
    content = json.dumps(values, ensure_ascii=False, indent=2, default=plain)
    found = db.session.get_one(Participant, participant_id)
    printed = write_pdf(document(values, found), current_settings().locale) if pdf else b""
    record_audit(AuditEvent.DISCLOSED, actor, subject="participant", subject_id=participant_id)
    commit()  # nothing is handed out before it is noted
    for path, written in ((pdf, printed), (json_file, content.encode())):
        if path is not None:
            _write(path, written)
    if pdf is None and json_file is None:
        click.echo(content)


def _write(path: Path, content: bytes) -> None:
    try:
        path.touch(mode=0o600)
        path.write_bytes(content)
    except OSError as error:
        raise Refused(_("Die Datei lässt sich nicht schreiben: %(why)s.", why=error.strerror or "")) from None
    click.echo(_("Geschrieben nach %(file)s.", file=path))


@person.command()
@tenant_option
@participant_option
@by_option()
@click.option("--yes", is_flag=True, help="Erase without asking.")
@with_app
def erase(slug: str, number: str, by: str, yes: bool) -> None:
    """Erase a person before their time, with everything about them; asks first."""
    use_tenant(slug)
    actor = resolve_actor(by, Permission.ERASE)
    participant_id = get_participant_by_number(number).id
    preview = preview_erasure(participant_id)
    if preview.blocker is None and not yes:
        click.echo(
            _(
                "Es gehen: %(entries)s Protokolleinträge, %(deliveries)s Zeilen in Übertragungen, "
                "%(parts)s eingefrorene Teile, alle Angaben zur Person. Es bleiben: Zählungen und das Audit.",
                entries=preview.entries,
                deliveries=preview.deliveries,
                parts=preview.parts,
            )
        )
        click.confirm(_("Endgültig löschen?"), abort=True)
    erased = erase_on_request(participant_id, preview.digest, utcnow())
    record_audit(AuditEvent.ERASED, actor, subject="participant", subject_id=participant_id)
    commit()
    click.echo(_("Gelöscht, mit %(entries)s Protokolleinträgen.", entries=erased.entries))


@click.group()
def privacy() -> None:
    """Data protection of a tenant: retention, and the record of processing."""


@privacy.command()
@tenant_option
@json_option
@with_app
def status(slug: str, as_json: bool) -> None:
    """What retention does: periods, who is erased soon, who cannot be erased yet and why."""
    tenant, now = use_tenant(slug), utcnow()
    blocked = list_blocked(tenant, now, None, _MOST)
    due_soon, took = count_due_soon(tenant, now), overview(now)
    if as_json:
        print_json(_status_values(tenant, blocked, due_soon, took))
        return
    print_lines(
        [
            (_("Monate nach der letzten Aktivität"), tenant.protocol_months),
            (_("Tage für gesendete Inhalte"), tenant.payload_days),
            (_("Nächste Löschung"), tenant.next_erasure_at),
            (_("In 30 Tagen gelöscht"), str(due_soon)),
            (_("Widerrufe bis zum Jobportal, Median"), _span(took.median)),
            (_("Widerrufe bis zum Jobportal, längstens"), _span(took.longest)),
        ]
    )
    for item in blocked:
        click.echo(f"{item.participant.number}: {ERASURE_BLOCKERS[item.blocker]}")


def _status_values(
    tenant: Tenant, blocked: Sequence[BlockedErasure], due_soon: int, took: Overview
) -> dict[str, Any]:
    return {
        "tenant": tenant.slug,
        "months_after_last_activity": tenant.protocol_months,
        "contents_days": tenant.payload_days,
        "next_erasure_at": tenant.next_erasure_at,
        "erased_within_30_days": due_soon,
        "withdrawals": {
            "number": took.number,
            "median_seconds": took.median,
            "longest_seconds": took.longest,
        },
        "hindered": [
            {"participant": item.participant.number, "reason": item.blocker.value} for item in blocked
        ],
    }


def _span(seconds: int | None) -> str | None:
    return None if seconds is None else span(seconds)


@privacy.command()
@tenant_option
@json_option
@with_app
def record(slug: str, as_json: bool) -> None:
    """The record of processing activities (Art. 30 GDPR), as Markdown or JSON."""
    tenant = use_tenant(slug)
    found = processing_record(tenant, find_connection(tenant.id))
    if as_json:
        print_json(dataclasses.asdict(found))
    else:
        click.echo(as_markdown(found))

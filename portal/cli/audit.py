"""`jobbruecke audit`: who did what, and whether what was written still stands as it was written."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import click
from flask_babel import lazy_gettext as _l

from portal.audit.change_lines import change_lines
from portal.audit.checkpoints import (
    CheckpointError,
    checkpoints_file,
    export_checkpoints,
    newest_checkpoints,
    read_checkpoints,
)
from portal.audit.labels import SUBJECTS
from portal.audit.queries import AuditFilters, list_entries, mediator_numbers, participant_numbers
from portal.audit.verifying import ChainError, ChainErrorKind, verify
from portal.cli.context import use_tenant, with_app
from portal.cli.errors import AuditHeadWrong
from portal.cli.options import json_option, tenant_option
from portal.cli.output import coded, print_json, show_value
from portal.cli.refused import Refused
from portal.core.database import EVERY_TENANT, commit, reading, scope_to, utcnow
from portal.core.settings import current_settings
from portal.domain.audit import AuditEntry, AuditEvent
from portal.webkit.authors import author
from portal.webkit.languages import gettext as _

_CHAIN_ERRORS = {
    ChainErrorKind.SEAL_MISSING: _l("Das Siegel %(number)s der Kette %(chain)s fehlt."),
    ChainErrorKind.SEAL_CHANGED: _l("Das Siegel %(number)s der Kette %(chain)s wurde verändert."),
    ChainErrorKind.ENTRY_MISSING: _l(
        "Der Eintrag %(entry)s in %(table)s fehlt (Kette %(chain)s, Siegel %(number)s)."
    ),
    ChainErrorKind.ENTRY_CHANGED: _l(
        "Der Eintrag %(entry)s in %(table)s wurde verändert (Kette %(chain)s, Siegel %(number)s)."
    ),
    ChainErrorKind.ENTRY_ADDED: _l(
        "Der Eintrag %(entry)s in %(table)s kam von außen dazu (Kette %(chain)s)."
    ),
    ChainErrorKind.CUT_OFF: _l(
        "Die Kette %(chain)s ist nicht mehr die, die ausgeführt wurde: Siegel %(number)s passt nicht."
    ),
}


@click.group()
def audit() -> None:
    """The audit and the protocols: what they say, and whether anything in them was changed."""


@audit.command("verify")
@json_option
@with_app
def verify_(as_json: bool) -> None:
    """Read every seal and entry again, and name the first that does not fit; then the exit code is 1."""
    scope_to(EVERY_TENANT)
    try:
        with reading():
            result = verify(read_checkpoints(current_settings()))
            commit()
    except CheckpointError as error:
        raise AuditHeadWrong(line=error.line) from None
    finding = result.finding
    if as_json:
        counts = {name: getattr(result, name) for name in ("seals", "entries", "erased", "unsealed")}
        print_json({"ok": finding is None, **counts, "finding": _values(finding) if finding else None})
    if finding is not None:
        raise Refused(_sentence(finding))
    if not as_json:
        click.echo(
            _(
                "Alles passt. Einträge: %(entries)s, Siegel: %(seals)s, nach Ablauf gelöscht: %(erased)s.",
                entries=result.entries,
                seals=result.seals,
                erased=result.erased,
            )
        )


@audit.command("list")
@tenant_option
@click.option(
    "--event", type=click.Choice([event.value for event in AuditEvent]), help="Only entries of this kind."
)
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Newest entries shown."
)
@click.option("--before", type=click.IntRange(1), metavar="ENTRY", help="Only entries older than this one.")
@json_option
@with_app
def list_(slug: str, event: str | None, limit: int, before: int | None, as_json: bool) -> None:
    """List who did what in a tenant, newest first; of what was set, before and after."""
    with reading():
        use_tenant(slug)
        page = list_entries(AuditFilters(event=AuditEvent(event) if event else None), before, limit)
        people, mediators = participant_numbers(page), mediator_numbers(page.rows)
        values = [_entry_values(entry, people, mediators) for entry in page.rows]
    if as_json:
        print_json({"tenant": slug, "entries": values, "next": page.next})
        return
    for entry in values:
        click.echo("\n    ".join(_entry_lines(entry)))


def _entry_values(
    entry: AuditEntry, people: Mapping[int, str], mediators: Mapping[int, str]
) -> dict[str, Any]:
    subject: object = entry.subject_id
    if entry.subject == "participant" and entry.subject_id is not None:
        subject = people.get(entry.subject_id)
    return {
        "entry": entry.id,
        "at": entry.at,
        **coded("event", entry.event),
        "by": entry.by,
        "role": entry.role,
        "address": entry.address,
        "subject": entry.subject,
        "number": subject,
        "command": entry.data.get("command"),
        "changes": [dataclasses.asdict(it) for it in change_lines(entry.data, mediators)],
        "data": entry.data,
    }


def _entry_lines(entry: dict[str, Any]) -> list[str]:
    words = SUBJECTS.get(entry["subject"] or "", entry["subject"])
    about = f" – {words} {entry['number'] or ''}".rstrip() if words else ""
    command = f" [{entry['command']}]" if entry["command"] else ""
    at, by = show_value(entry["at"]), author(entry["by"])
    head = f"{entry['entry']:>6}  {at}  {by}  {entry['event_label']}{about}{command}"
    return [head, *(f"{it['label']}: {it['before']} → {it['after']}" for it in entry["changes"])]


@audit.command("export")
@with_app
def export() -> None:
    """Append the signed checkpoints of all chains to the file; cron does so every hour."""
    with reading():
        checkpoints = newest_checkpoints(utcnow())
        commit()
    export_checkpoints(current_settings(), checkpoints)
    click.echo(_("Ausgeführt nach %(file)s.", file=checkpoints_file(current_settings())))


def _values(finding: ChainError) -> dict[str, object]:
    return {
        "code": finding.misfit.value,
        "message": _sentence(finding),
        "chain": finding.chain,
        "seal": finding.number,
        "table": finding.table,
        "entry": finding.entry_id,
    }


def _sentence(finding: ChainError) -> str:
    values = {
        "chain": finding.chain,
        "number": finding.number,
        "table": finding.table,
        "entry": finding.entry_id,
    }
    return str(_CHAIN_ERRORS[finding.misfit]) % values

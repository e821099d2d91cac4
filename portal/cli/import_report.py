"""The report of an import for people."""

from __future__ import annotations

from typing import Any

import click

from portal.domain.imports import ImportRun
from portal.imports.report_texts import leaving_title, notice_text, reason_for, said
from portal.imports.reports import Report, leaving, taken_away
from portal.webkit.languages import gettext as _

_LEAVING = 10_000


def report_values(found: Report, run: ImportRun) -> dict[str, Any]:
    """Return the report for JSON: codes, and what they mean; by name, from whom a held import would take something."""
    values = found.as_json()
    for rejected in values["rejected"]:
        rejected["message"] = said(rejected["code"])
    values["notices"] = [{**notice, "message": notice_text(notice)} for notice in found.notices]
    values["leaving"] = [
        {"kind": kind.value, "number": item.number, "name": item.name}
        for kind in taken_away(run)
        for item in leaving(run, kind, _LEAVING)
    ]
    values["message"] = None if found.problem is None else reason_for(found)
    return values


def print_report(found: Report, run: ImportRun) -> None:
    """Counts, notices, every rejected line, and from whom a held import would take something."""
    click.echo(_head(found))
    if found.identical:
        click.echo(_("%(number)s Zeilen wiederholen eine andere und zählen nicht.", number=found.identical))
    for notice in found.notices:
        click.echo(f"- {notice_text(notice)}")
    for rejected in found.rejected:
        place = f"{rejected.file}:{rejected.line}" if rejected.line else rejected.file
        column = f" [{rejected.column}]" if rejected.column else ""
        click.echo(f"{place}{column}: {said(rejected.code)}")
    if found.more:
        click.echo(_("… und weitere."))
    for kind in taken_away(run):
        click.echo(f"{leaving_title(kind)}:")
        for item in leaving(run, kind, _LEAVING):
            click.echo(f"  {item.number}  {item.name}")


def _head(found: Report) -> str:
    counted = {
        "number": found.import_id,
        "read": found.read,
        "applied": found.applied,
        "unchanged": found.unchanged,
        "rejected": found.rejected_lines,
        "left": found.left,
    }
    if found.dry_run:
        return _(
            "Probelauf %(number)s: %(read)s Zeilen gelesen, %(applied)s würden übernommen, %(unchanged)s unverändert, "
            "%(rejected)s abgewiesen, %(left)s Personen würden ausscheiden.",
            **counted,
        )
    return _(
        "Import %(number)s: %(read)s Zeilen gelesen, %(applied)s übernommen, %(unchanged)s unverändert, "
        "%(rejected)s abgewiesen, %(left)s Personen ausgeschieden.",
        **counted,
    )

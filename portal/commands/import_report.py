"""The report of an import for people."""

from __future__ import annotations

from typing import Any

import click

from portal.commands.words import _
from portal.qualli.service import Report


def print_report(found: Report) -> None:
    """Counts, notices, and every rejected line."""
    click.echo(_head(found))
    for notice in found.notices:
        click.echo(f"- {said_notice(notice)}")
    for rejected in found.rejected:
        place = f"{rejected.file}:{rejected.line}" if rejected.line else rejected.file
        column = f" [{rejected.column}]" if rejected.column else ""
        click.echo(f"{place}{column}: {said_fault(rejected.code)}")
    if found.more:
        click.echo(_("… und weitere."))


def reason_for(found: Report) -> str:
    """Why the import was not taken over, in one sentence."""
    return said_problem(found.problem, found.problem_values)


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


def said_notice(notice: dict[str, Any]) -> str:
    return str(notice)


def said_fault(code: str) -> str:
    return code


def said_problem(code: str | None, values: dict[str, Any]) -> str:
    return f"{code} {values}"

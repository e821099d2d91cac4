"""The report of an import for people."""

from __future__ import annotations

from typing import Any

import click

from portal.commands.words import _
from portal.qualli.models import ImportState
from portal.qualli.service import Report
from portal.refusal import Refusal
from portal.web.import_labels import IMPORT_SENTENCES, IMPORT_TEXTS
from portal.web.messages import message


def report_values(found: Report) -> dict[str, Any]:
    """The report for JSON: codes, and what they mean."""
    values = found.as_json()
    for rejected in values["rejected"]:
        rejected["message"] = _text(rejected["code"])
    values["notices"] = [{**notice, "message": _said_notice(notice)} for notice in found.notices]
    values["message"] = None if found.problem is None else reason_for(found)
    return values


def print_report(found: Report) -> None:
    """Counts, notices, and every rejected line."""
    click.echo(_head(found))
    for notice in found.notices:
        click.echo(f"- {_said_notice(notice)}")
    for rejected in found.rejected:
        place = f"{rejected.file}:{rejected.line}" if rejected.line else rejected.file
        column = f" [{rejected.column}]" if rejected.column else ""
        click.echo(f"{place}{column}: {_text(rejected.code)}")
    if found.more:
        click.echo(_("… und weitere."))


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


def _said_notice(notice: dict[str, Any]) -> str:
    """A notice in words, with the files or columns it is about."""
    text = _text(str(notice.get("code")))
    places = [str(notice["file"])] if notice.get("file") else []
    places += [str(name) for name in [*notice.get("columns", ()), *notice.get("files", ())]]
    return f"{text}: {', '.join(places)}" if places else text


def reason_for(found: Report) -> str:
    """Why an import was not taken over, in one sentence, with the place where that is known."""
    if found.problem is None:
        return _("Der Import %(number)s ist nicht abgeschlossen.", number=found.import_id)
    values = {name: value for name, value in found.problem_values.items() if value}
    if found.problem in IMPORT_SENTENCES:
        return message(Refusal(found.problem, **values))
    file, line, column = (values.get(name) for name in ("file", "line", "column"))
    place = ":".join(str(part) for part in (file, line) if part) + (f" [{column}]" if column else "")
    reason = f"{place}: {_text(found.problem)}" if place else _text(found.problem)
    if found.state is ImportState.HELD:
        return _("Der Import %(number)s ist angehalten. %(reason)s.", number=found.import_id, reason=reason)
    return _("Der Import %(number)s ist gescheitert. %(reason)s.", number=found.import_id, reason=reason)


def _text(code: str) -> str:
    known: dict[str, Any] = {member.value: text for member, text in IMPORT_TEXTS.items()}
    return str(known.get(code, code))

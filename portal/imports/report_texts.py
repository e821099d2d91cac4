"""What an import says in words, to people on pages and at the command line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from portal.core.refusal import REFUSALS, Refusal
from portal.domain.import_kinds import Kind
from portal.domain.imports import ImportState
from portal.imports.codes import ImportProblem, Notice
from portal.imports.export_times import read_moment
from portal.imports.reports import Report
from portal.imports.texts import ABSENT_TEXTS, DELIMITERS, IMPORT_TEXTS, LEAVING_TITLES
from portal.webkit.labels import label_of
from portal.webkit.languages import day, moment
from portal.webkit.messages import message


def _(text: str, **values: object) -> str:
    return str(gettext(text, **values))


def notice_text(notice: dict[str, Any]) -> str:
    """A notice in words, with the files or columns it is about."""
    if notice.get("code") == Notice.ABSENT.value:
        return str(ABSENT_TEXTS[Kind(str(notice["kind"]))] % notice)
    text = problem_text(str(notice.get("code")), notice)
    if notice.get("problem"):
        return f"{text}: {problem_text(str(notice['problem']), notice)}"
    places = [str(notice["file"])] if notice.get("file") else []
    places += [str(name) for name in [*notice.get("columns", ()), *notice.get("files", ())]]
    return f"{text}: {', '.join(places)}" if places else text


def leaving_title(kind: Kind) -> str:
    """What becomes of those of a kind whom a held import does not name."""
    return str(LEAVING_TITLES[kind])


def reason_for(found: Report) -> str:
    """Return why an import was not taken over, in one sentence, with the place where that is known."""
    if found.problem is None:
        return _("Der Import %(number)s ist nicht abgeschlossen.", number=found.import_id)
    values = {name: value for name, value in found.problem_values.items() if value}
    if found.problem in REFUSALS:
        return message(Refusal(found.problem, **values))
    file, line, column = (values.get(name) for name in ("file", "line", "column"))
    place = ":".join(str(part) for part in (file, line) if part) + (f" [{column}]" if column else "")
    problem = problem_text(found.problem, found.problem_values)
    reason = f"{place}: {problem}" if place else problem
    if found.state is ImportState.HELD:
        return _("Der Import %(number)s ist angehalten. %(reason)s.", number=found.import_id, reason=reason)
    failed = _("Der Import %(number)s ist gescheitert. %(reason)s.", number=found.import_id, reason=reason)
    return " ".join([failed, *_details(found.problem_values)])


def _details(values: dict[str, Any]) -> list[str]:
    """What was expected of a header, and what was found in its place."""
    details = []
    if values.get("expected"):
        details.append(_("Erwartet wird dort: %(names)s.", names=", ".join(values["expected"])))
    if values.get("found"):
        details.append(_("Gefunden wurde: %(names)s.", names=", ".join(values["found"])))
    elif "found" in values:
        details.append(_("Gefunden wurde keine dieser Spalten."))
    if values.get("header_line"):
        details.append(_("Die Kopfzeile steht in Zeile %(line)s.", line=values["header_line"]))
    if values.get("separator") in DELIMITERS:
        details.append(_("Dort steht stattdessen: %(separator)s.", separator=DELIMITERS[values["separator"]]))
    return details


def problem_text(code: str, values: Mapping[str, Any]) -> str:
    """Return the words for a code, with the numbers that belong to it."""
    text = said(code)
    if code == ImportProblem.STALE.value:
        times = {name: _moment(str(values[name])) for name in ("exported", "newest")}
        values = {**values, **times, "kind": label_of(Kind(str(values["kind"]))).text}
    return text % values if "%(" in text else text


def _moment(kept: str) -> str:
    """When something was exported: a time, or where that is all that is known the day."""
    found = read_moment(kept)
    return moment(found) if isinstance(found, dt.datetime) else day(found) if found else kept


def said(code: str) -> str:
    """Return the words for a code; the code itself where there are none."""
    known: dict[str, Any] = {member.value: text for member, text in IMPORT_TEXTS.items()}
    return str(known.get(code, code))

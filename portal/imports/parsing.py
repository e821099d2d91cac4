"""One line of the export, from names and values to what is stored or why it is rejected. Pure.

Both doors use it: a CSV file gives text alone, HTTP gives JSON values. A column that is not there says nothing:
what is stored stays. A column that is there and empty empties it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.domain.import_kinds import Kind
from portal.imports.codes import Fault
from portal.imports.columns import LANGUAGE_LEVELS, Column, Table, Type
from portal.imports.export_times import Moment, read_moment
from portal.imports.values import BadValue, read_value


@dataclass(frozen=True)
class Rejection:
    """Why a line is rejected; no column where it is the line as a whole."""

    column: str | None
    fault: Fault


@dataclass
class Parsed:
    """A line as it was understood."""

    number: str | None
    """Its identifier; None where that is missing or unreadable."""
    values: dict[str, Any] = field(default_factory=dict, repr=False)
    """By field, ready for JSON: dates in ISO form. Never the social insurance number."""
    secret: str | None = field(default=None, repr=False)
    """The social insurance number, without spaces; `values` says whether the column was there."""
    rejections: list[Rejection] = field(default_factory=list)
    exported_at: Moment | None = None
    """When the export was made, where the line says so."""
    export_time_unreadable: bool = False

    @property
    def good(self) -> bool:
        return not self.rejections


def parse(table: Table, line: Mapping[str, object], today: dt.date) -> Parsed:
    """What `line` says, by the names of `table`; every column that is wrong is named, not the first alone."""
    parsed = Parsed(number=None)
    for column in table.columns:
        if column.name not in line and not column.required:
            continue
        if column.type is Type.MOMENT:
            _keep_export_time(parsed, line[column.name])
            continue
        try:
            value = read_value(column, line.get(column.name), today)
        except BadValue as bad:
            parsed.rejections.append(Rejection(column.name, bad.fault))
            continue
        _keep(parsed, column, value)
    if table.kind is Kind.PROFILE:
        _check_level(parsed)
    return parsed


def _keep(parsed: Parsed, column: Column, value: Any) -> None:
    if column.type is Type.NUMBER:
        parsed.number = value
    elif column.type is Type.SOCIAL_INSURANCE_NUMBER:
        parsed.secret = value
        parsed.values[column.field] = value is not None
    else:
        parsed.values[column.field] = value


def _keep_export_time(parsed: Parsed, value: object) -> None:
    """The time of an export is checked as far as it can be; a line is not rejected for it."""
    if value in (None, ""):
        return
    parsed.exported_at = read_moment(value) if isinstance(value, str) else None
    parsed.export_time_unreadable = parsed.exported_at is None


def _check_level(parsed: Parsed) -> None:
    level = parsed.values.get("level")
    if parsed.values.get("kind") != "language" or not level:
        return
    if level.upper() in LANGUAGE_LEVELS:
        parsed.values["level"] = level.upper()
    else:
        parsed.rejections.append(Rejection("niveau", Fault.CHOICE_UNKNOWN))

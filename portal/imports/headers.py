"""The header of a CSV file: which line it is, and which columns it names; what is none is refused for what it is."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from portal.core.masking import without_numbers
from portal.imports.codes import FileFault, FileRefused
from portal.imports.columns import TABLES, Table, same_name

COLUMN_LIMIT = 200
DELIMITER = ";"
_OTHER_DELIMITERS = {",": "comma", "\t": "tab", "|": "bar"}
_SEPARATOR_LINE = re.compile(r'\s*"?sep=(.?)"?;*\s*', re.IGNORECASE)
_LOOKED_AT = 20
"""So many lines are looked at for a header that is not the first."""
_SHOWN = 20
"""So many names of columns are shown."""
_EVERY_COLUMN = {same_name(column.name) for table in TABLES.values() for column in table.columns}


class Lines(Protocol):
    """Gives physical lines, and knows where it is."""

    record_at: int
    line: str
    """The newest."""

    def begin_record(self) -> None: ...
    def __iter__(self) -> Iterator[str]: ...
    def __next__(self) -> str: ...


@dataclass(frozen=True)
class Header:
    names: list[str]
    """Of each column; what no column of the table is called stays as it is."""
    unknown: list[str]
    """Names that no column has, to be shown."""
    records: int
    """So many records of the file stand before the first line with data, the header being one."""
    cells: list[str] = field(default_factory=list)
    """As they stand in the file."""

    @property
    def first(self) -> str:
        return self.cells[0]


def read_header(file: str, table: Table, lines: Lines) -> Header:
    """Read on up to the header's end. FileRefused, with the line and the true reason, where there is none."""
    reader = csv.reader(lines, delimiter=DELIMITER, strict=True)
    for records in range(1, _LOOKED_AT + 1):
        cells = _next_record(file, reader, lines)
        if _is_separator_line(file, cells, lines.record_at, records) or not any(map(str.strip, cells)):
            continue
        names = _names(file, table, cells, lines.record_at)
        missing = [name for name in table.required if name not in names]
        if missing:
            _refuse(file, table, cells, missing[0], lines, reader)
        known = {column.name for column in table.columns}
        unknown = [_shown(name) for name in names if name and name not in known]
        return Header(names, unknown, records, cells)
    raise FileRefused(file, FileFault.HEADER_UNREADABLE, 1)


def _next_record(file: str, reader: Iterator[list[str]], lines: Lines) -> list[str]:
    lines.begin_record()
    try:
        return next(reader)
    except (csv.Error, StopIteration):
        for other, word in _OTHER_DELIMITERS.items():
            if _EVERY_COLUMN & {same_name(name) for name in lines.line.split(other)[1:]}:
                raise FileRefused(file, FileFault.DELIMITER_WRONG, lines.record_at, separator=word) from None
        raise FileRefused(file, FileFault.HEADER_UNREADABLE, lines.record_at) from None


def _is_separator_line(file: str, cells: Sequence[str], at: int, records: int) -> bool:
    """Return whether this is the line by which spreadsheets are told the separator; FileRefused for another one."""
    found = _SEPARATOR_LINE.fullmatch(DELIMITER.join(cells)) if records == 1 else None
    if found and found.group(1) not in ("", DELIMITER):
        separator = _OTHER_DELIMITERS.get(found.group(1), "")
        raise FileRefused(file, FileFault.DELIMITER_WRONG, at, separator=separator)
    return found is not None


def _names(file: str, table: Table, cells: Sequence[str], at: int) -> list[str]:
    """The column that each cell names, written exactly so first, else in another way; else the cell itself."""
    if len(cells) > COLUMN_LIMIT:
        raise FileRefused(file, FileFault.TOO_MANY_COLUMNS, at)
    names = [cell.strip().casefold() for cell in cells]
    for column in table.columns:
        alike = [place for place, name in enumerate(names) if name == column.name]
        alike = alike or [
            place for place, name in enumerate(names) if same_name(name) == same_name(column.name)
        ]
        if len(alike) > 1:
            raise FileRefused(file, FileFault.COLUMN_TWICE, at, column.name)
        for place in alike:
            names[place] = column.name
    return names


def _refuse(
    file: str, table: Table, cells: Sequence[str], missing: str, lines: Lines, reader: Iterator[list[str]]
) -> None:
    """Raise FileRefused for what a line is that does not name every column that it must."""
    at = lines.record_at
    if len(cells) == 1:
        _refuse_one_cell(file, cells[0], missing, at)
    expected = list(table.required)
    if {same_name(cell) for cell in cells} & _EVERY_COLUMN:
        found = [_shown(cell) for cell in cells if cell.strip()][:_SHOWN]
        raise FileRefused(file, FileFault.COLUMN_MISSING, at, missing, expected=expected, found=found)
    header_at = _find_header(table, lines, reader)
    if header_at:
        raise FileRefused(file, FileFault.HEADER_NOT_FIRST, at, expected=expected, header_line=header_at)
    raise FileRefused(file, FileFault.HEADER_MISSING, at, expected=expected, found=[])


def _refuse_one_cell(file: str, cell: str, missing: str, at: int) -> None:
    for other, word in _OTHER_DELIMITERS.items():
        names = [same_name(name) for name in cell.split(other)]
        if len(names) > 1 and same_name(missing) in names:
            raise FileRefused(file, FileFault.DELIMITER_WRONG, at, separator=word)
    if same_name(missing) in [same_name(name) for name in cell.split(DELIMITER)]:
        raise FileRefused(file, FileFault.LINES_QUOTED, at)


def _find_header(table: Table, lines: Lines, reader: Iterator[list[str]]) -> int | None:
    """Find the header further down; its line, None where there is none."""
    wanted = {same_name(name) for name in table.required}
    for _ in range(_LOOKED_AT):
        lines.begin_record()
        try:
            cells = next(reader)
        except (csv.Error, StopIteration):
            return None
        if wanted <= {same_name(cell) for cell in cells}:
            return lines.record_at
    return None


def _shown(name: str) -> str:
    return without_numbers(name.strip())[:100]

"""Reading a workbook as a spreadsheet does: the kind of each cell, and what the sheet says about itself."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from dataclasses import dataclass
from xml.etree import ElementTree as ET

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_FIRST_DAY = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - a workbook knows no zones
_ESCAPED = re.compile("_x([0-9A-F]{4})_")
Value = str | float | dt.datetime


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook."""

    rows: list[dict[str, Value]]
    """By the letter of the column. What has a date's form is a date, in no zone."""
    forms: set[str]
    """The forms that dates are shown in."""
    xml: str


def read_sheet(content: bytes, number: int = 1) -> Sheet:
    """A sheet of a workbook as it is sent."""
    book = zipfile.ZipFile(io.BytesIO(content))
    styles = ET.fromstring(book.read("xl/styles.xml"))  # noqa: S314 - we have just written it
    forms = {item.get("numFmtId"): item.get("formatCode") or "" for item in styles.iter(f"{_MAIN}numFmt")}
    formats = [forms.get(item.get("numFmtId"), "") for item in styles.find(f"{_MAIN}cellXfs") or ()]
    written = book.read(f"xl/worksheets/sheet{number}.xml")
    rows = [
        {
            (cell.get("r") or "").rstrip("0123456789"): _value(cell, formats[int(cell.get("s", "0"))])
            for cell in row
        }
        for row in ET.fromstring(written).iter(f"{_MAIN}row")  # noqa: S314
    ]
    return Sheet(rows, set(forms.values()), written.decode())


def _value(cell: ET.Element, form: str) -> Value:
    assert cell.find(f"{_MAIN}f") is None, "a formula"
    if cell.get("t") == "inlineStr":
        text = "".join(item.text or "" for item in cell.iter(f"{_MAIN}t"))
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    number = float(cell.findtext(f"{_MAIN}v") or "nan")
    return _FIRST_DAY + dt.timedelta(days=number) if "yy" in form else number

"""Tables handed out as files, by the ending of their name."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Callable
from typing import IO

from flask import Response, request
from werkzeug.wsgi import wrap_file

from portal.webkit.tables import Table, write_csv

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LARGE = 1024**2
"""Bytes of a file that lies on the disk while it is sent."""


def download(table: Table, name: str) -> Response:
    """The table as the file `name`, a workbook or CSV by its ending; it is whole before its first byte is sent."""
    workbook = name.endswith(".xlsx")
    with contextlib.ExitStack() as stack:
        target = stack.enter_context(tempfile.TemporaryFile())
        write = _workbook_writer() if workbook else write_csv
        write(table, target)
        large = target.seek(0, io.SEEK_END) > _LARGE
        target.seek(0)
        body = wrap_file(request.environ, target) if large else target.read()
        if large:
            stack.pop_all()  # the response closes it when it has been sent
    return Response(
        body,
        content_type=XLSX if workbook else CSV,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _workbook_writer() -> Callable[[Table, IO[bytes]], None]:
    from portal.webkit.workbooks import write_xlsx  # noqa: PLC0415 - for a download now and then

    return write_xlsx

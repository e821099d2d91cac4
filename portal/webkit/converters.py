"""What stands in addresses."""

from __future__ import annotations

from werkzeug.routing import IntegerConverter

from portal.webkit.parameters import ROW_DIGITS


class RowConverter(IntegerConverter):
    """The number of a row; no more digits than a database takes, and ours alone: another one is simply not found."""

    regex = f"[0-9]{{1,{ROW_DIGITS}}}"

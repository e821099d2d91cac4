"""What stands in addresses."""

from __future__ import annotations

from werkzeug.routing import IntegerConverter


class RowConverter(IntegerConverter):
    """The number of a row; no more digits than a database takes, so that a longer one is simply not found."""

    regex = r"\d{1,18}"

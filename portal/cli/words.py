"""Text in the command line's language, typed."""

from __future__ import annotations

from flask_babel import gettext


def _(text: str, **values: object) -> str:
    """`text` in the language of settings, with `values` filled in; found by the catalogue's extraction by its name."""
    return str(gettext(text, **values))

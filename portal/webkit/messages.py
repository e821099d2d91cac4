"""The sentence of a refusal, in the reader's language: pages, command line and API say the same."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.core.refusal import Refusal

_UNKNOWN = _l("Das geht nicht (%(code)s).")


def message(refusal: Refusal) -> str:
    """Return what to tell the person who asked. Wants an application context for the language."""
    if refusal.sentence is None:
        return str(_UNKNOWN % {"code": refusal.code})
    text = str(refusal.sentence)
    try:
        return text % refusal.shown() if "%(" in text else _as_sentence(text)
    except KeyError:  # raised without a value that the sentence wants: better a gap than no answer
        return text.split("%(", 1)[0].rstrip(" ,:") + "."


def _as_sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."

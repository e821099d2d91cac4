"""The sentence for each refusal, in the reader's language: pages, command line and API say the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.core.refusal import Refusal

_SENTENCES: dict[str, Any] = {}
_VALUES: dict[str, tuple[str, Callable[[str], Any]]] = {}
_UNKNOWN = _l("Das geht nicht (%(code)s).")


def register(sentences: Mapping[str, Any]) -> None:
    """Make the sentences for codes of refusals known."""
    _SENTENCES.update(sentences)


def register_value(name: str, shown_as: str, words: Callable[[str], Any]) -> None:
    """Say what a sentence shows, as `shown_as`, where a refusal has a value `name` that is a code."""
    _VALUES[name] = (shown_as, words)


def message(refusal: Refusal) -> str:
    """Return what to tell the person who asked. Wants an application context for the language."""
    sentence = _SENTENCES.get(refusal.code)
    if sentence is None:
        return str(_UNKNOWN % {"code": refusal.code})
    values = dict(refusal.values)
    for name, (shown_as, words) in _VALUES.items():
        if name in values:
            values[shown_as] = words(str(values[name]))
    text = str(sentence)
    try:
        return text % values if "%(" in text else _as_sentence(text)
    except KeyError:  # raised without a value that the sentence wants: better a gap than no answer
        return text.split("%(", 1)[0].rstrip(" ,:") + "."


def _as_sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."

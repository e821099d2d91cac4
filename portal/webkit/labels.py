"""Words, icon and colour of enum members; each feature registers those of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Tone(StrEnum):
    """Colours, by what they say; `static/app.css` gives them for light and dark."""

    SUCCESS = "success"
    INFO = "info"
    WARNING = "warning"
    DANGER = "danger"
    NEUTRAL = "neutral"


GOOD, INFO, WARN, BAD = Tone.SUCCESS, Tone.INFO, Tone.WARNING, Tone.DANGER


@dataclass(frozen=True)
class Label:
    """What is shown for a member."""

    text: Any
    icon: str = "dot"
    """A symbol of `static/icons.svg`."""
    tone: Tone = Tone.NEUTRAL


LABELS: dict[type[StrEnum], Mapping[Any, Label]] = {}
"""By enum; filled by `register` when the application is made."""


def register(labels: Mapping[type[StrEnum], Mapping[Any, Label]]) -> None:
    """Make the labels of a feature known."""
    LABELS.update(labels)


def label_of(member: StrEnum) -> Label:
    """Return the label of an enum member."""
    return LABELS[type(member)][member]

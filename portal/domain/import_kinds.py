"""TODO."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a line is about; in this order they are read and taken over."""

    MEDIATOR = "mediator"
    ORDER = "order"
    PARTICIPANT = "participant"
    PROFILE = "profile"

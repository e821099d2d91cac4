"""What a notice is put into words with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.webkit.languages import moment

Data = Mapping[str, Any]


@dataclass(frozen=True)
class Words:
    """A notice in the reader's language."""

    title: str
    text: str
    advice: str
    path: str
    """Where one sees it: a page of ours."""


def moment_of(value: str) -> str:
    """Return the date and time of an ISO text in the reader's language."""
    return moment(dt.datetime.fromisoformat(value))

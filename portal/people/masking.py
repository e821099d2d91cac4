"""What stands in place of a social insurance number (design §3.10). Pure."""

from __future__ import annotations

import re

MASK = "••••••••••••"
_NUMBER = re.compile(r"(?<![0-9A-Za-z])\d(?:[ ./-]?\d){7}[ ./-]?[A-Za-z](?:[ ./-]?\d){3}(?![0-9A-Za-z])")


def without_numbers(text: str) -> str:
    """A text of somebody else's with whatever looks like a social insurance number masked, however it is spaced."""
    return _NUMBER.sub(MASK, text)

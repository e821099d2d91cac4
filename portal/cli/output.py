"""What commands print: JSON that scripts can rely on, and lines for people."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import click

from portal.webkit.json_values import plain
from portal.webkit.labels import label_of
from portal.webkit.languages import moment


def print_json(value: object) -> None:
    """Print `value` as JSON: times in ISO 8601, UTC; dates in ISO 8601."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=plain))


def coded(name: str, member: StrEnum | None) -> dict[str, str | None]:
    """A member by code, and by label in the command line's language."""
    text = None if member is None else str(label_of(member).text)
    return {name: None if member is None else member.value, f"{name}_label": text}


def named(member: StrEnum) -> dict[str, str]:
    """A member standing alone, by code and label."""
    return {"code": member.value, "label": str(label_of(member).text)}


def print_lines(pairs: Iterable[tuple[str, Any]]) -> None:
    """Print labels and values below one another; what is empty is left out."""
    shown = [(str(label), show_value(value)) for label, value in pairs]
    shown = [(label, value) for label, value in shown if value]
    width = max((len(label) for label, _ in shown), default=0)
    for label, value in shown:
        click.echo(f"{label + ':':<{width + 1}}  {value}")


def show_value(value: Any) -> str:
    """A value as a person reads it, times in the tenant's zone."""
    if value is None:
        return ""
    return moment(value) if isinstance(value, dt.datetime) else str(value)


class Progress:
    """One line on a terminal that says how far a long work is; nothing without a terminal."""

    _WIDTH = 30

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()
        self._shown = ""

    def show(self, text: str, done: int = 0, total: int | None = None) -> None:
        """Say what is being done, with a bar where it is known of how much."""
        if not self._watched:
            return
        if total:
            full = min(self._WIDTH, self._WIDTH * done // total)
            text = f"[{'#' * full}{'-' * (self._WIDTH - full)}] {done}/{total} {text}"
        if text != self._shown:
            click.echo(f"\r{text:<{len(self._shown)}}", nl=False, err=True)
            self._shown = text

    def end(self) -> None:
        """Take the line away; what follows is the result."""
        if self._shown:
            click.echo(f"\r{' ' * len(self._shown)}\r", nl=False, err=True)
            self._shown = ""

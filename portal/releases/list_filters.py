"""What a list is narrowed to, one by one, each with the address of the list without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from portal.participants.choices import Choice, Offered
from portal.releases.list_address import LENGTH, ListAddress, filter_label
from portal.webkit.labels import label_of

MOST = 20
"""Things of an address that are named."""


@dataclass(frozen=True)
class Narrowing:
    text: str
    without: str
    """Address of the list with everything else."""


def narrowings(where: ListAddress, text: str, offered: Offered, **kept: Any) -> list[Narrowing]:
    """Everything `where` is narrowed to; `text` is what is searched for, `kept` stays in the addresses."""
    found = [
        Narrowing(text, where.url(**kept, **change))
        for text, change in (
            *_one_by_one("status", where.statuses),
            *_one_by_one("phase", where.phases),
            *_one_by_one("finding", where.findings),
        )
    ]
    chosen: tuple[tuple[Any, str, Any], ...] = (
        (where.action, "action", _("braucht Aktion")),
        (where.mine, "mine", _("meine")),
        (where.left, "left", _("ausgetreten, noch freigegeben")),
        (where.order_id, "order", _text(offered.orders, where.order_id) or _("Auftrag/Maßnahme")),
        (
            where.mediator_id,
            "mediator",
            _text(offered.mediators, where.mediator_id) or _("Vermittler/in"),
        ),
        (where.caseworker, "caseworker", _text(offered.caseworkers, where.caseworker) or _("Betreuer/in")),
        (text, "q", _("Suche: %(text)s", text=text)),
    )
    for given, name, words in chosen:
        if given:
            change = {"q": None, "number": None} if name == "q" else {name: None}
            found.append(Narrowing(str(words), where.url(**kept, **change)))
    return found


def ignored_words(where: ListAddress) -> list[str]:
    """What stands in the address and could not be applied, in words."""
    return [f"{filter_label(name)} „{value[:LENGTH]}“" for name, value in where.ignored[:MOST]]


def _one_by_one(name: str, members: Sequence[Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (str(label_of(item).text), {name: [other.value for other in members if other != item]})
        for item in members
    ]


def _text(choices: Sequence[Choice], key: object) -> str:
    """The text of a choice; empty where it is not offered."""
    return next((choice.text for choice in choices if choice.key == str(key)), "")

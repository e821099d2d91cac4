"""What the list of participants is narrowed to, read from its address, and the address of a narrowed list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeVar

from flask import url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from portal.domain.rules.normalise import joined_words, search_words
from portal.domain.rules.phase import Phase
from portal.domain.rules.preflight import TENANT_WIDE, Finding
from portal.domain.rules.status import Status
from portal.participants.choices import find_caseworker
from portal.participants.search import get_search, is_number
from portal.releases.errors import FiltersUnknown
from portal.releases.filters import Filters, Sorting
from portal.webkit.parameters import whole_number

LENGTH = 40
"""Letters of an unknown part of an address that are repeated."""
_KEY = re.compile(r"[0-9a-f]{12}")
_FLAGS = {"1": True, "0": False}
_SORTINGS = {item.value: item for item in Sorting}
Member = TypeVar("Member", bound=StrEnum)
Read = TypeVar("Read")


@dataclass(frozen=True)
class ListAddress:
    """The filters as they stand in the address. What cannot be read is left out, and named in `ignored`."""

    statuses: tuple[Status, ...] = ()
    phases: tuple[Phase, ...] = ()
    findings: tuple[Finding, ...] = ()
    order_id: int | None = None
    mediator_id: int | None = None
    left: bool = False
    action: bool = False
    caseworker: str | None = None
    """Key of a caseworker (see portal.participants.choices)."""
    mine: bool = False
    """Those whose caseworker is the current user."""
    sorting: Sorting = Sorting.NAME
    search: str | None = None
    """Key of a text search."""
    number: str | None = None
    """A number searched for directly."""
    ignored: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    """Names and values of the address that narrow nothing: unknown, unreadable, or more than one of a kind."""

    @property
    def narrowed(self) -> bool:
        return self != ListAddress(sorting=self.sorting)

    def parts(self, **change: Any) -> dict[str, Any]:
        """Return the parts of the address, with `change`; what is empty is left out."""
        return {name: value for name, value in (self._parts() | change).items() if value}

    def names(self) -> Iterable[str]:
        """Every name that may stand in the address."""
        return self._parts().keys()

    def _parts(self) -> dict[str, Any]:
        return {
            "status": [item.value for item in self.statuses],
            "phase": [item.value for item in self.phases],
            "finding": [item.value for item in self.findings],
            "order": self.order_id,
            "mediator": self.mediator_id,
            "left": int(self.left),
            "action": int(self.action),
            "caseworker": self.caseworker,
            "mine": int(self.mine),
            "sort": "" if self.sorting is Sorting.NAME else self.sorting.value,
            "q": self.search,
            "number": self.number,
        }

    def url(self, **change: Any) -> str:
        """Return the list's address with these filters and `change`."""
        return url_for("people.list_page", **self.parts(**change))

    def filters(self, text: str) -> Filters:
        """What to ask the database for; `text` is what is searched for."""
        text = text.strip()
        return Filters(
            statuses=frozenset(self.statuses),
            phases=frozenset(self.phases),
            findings=frozenset(self.findings),
            order_id=self.order_id,
            mediator_id=self.mediator_id,
            words=tuple(search_words(text)),
            joined=tuple(joined_words(text)),
            number=text if is_number(text) else None,
            left_but_released=self.left,
            needs_action=self.action,
            caseworker=find_caseworker(self.caseworker) or "" if self.caseworker else None,
            mine=current_user.initials if self.mine else None,
            sorting=self.sorting,
        )

    def text(self) -> str:
        """What is searched for. Raises NotFound where the key is gone."""
        return get_search(self.search) if self.search else self.number or ""


class _Reading:
    """Reads one address name by name, and remembers what could not be applied."""

    def __init__(self, values: MultiDict[str, str]) -> None:
        self._values = values
        self.ignored: list[tuple[str, str]] = []

    def many(self, name: str, kind: Iterable[Member]) -> tuple[Member, ...]:
        """Read all members of `kind` that are named."""
        known = {member.value: member for member in kind}
        found: dict[Member, None] = {}
        for value in filter(None, self._values.getlist(name)):
            if value in known:
                found[known[value]] = None
            else:
                self.ignored.append((name, value))
        return tuple(found)

    def one(self, name: str, read: Callable[[str], Read | None]) -> Read | None:
        """Read the one value that can hold; a second one that differs is not applied."""
        given = list(dict.fromkeys(filter(None, self._values.getlist(name))))
        found = read(given[0]) if given else None
        self.ignored += [(name, value) for value in given[(found is not None) :]]
        return found


def read_address(values: MultiDict[str, str]) -> ListAddress:
    """Return the filters in an address, or in the hidden fields of the search form."""
    reading = _Reading(values)
    search = reading.one("q", str)
    number = reading.one("number", lambda text: None if search else _number(text))
    return ListAddress(
        statuses=reading.many("status", Status),
        phases=reading.many("phase", Phase),
        findings=reading.many("finding", (item for item in Finding if item not in TENANT_WIDE)),
        order_id=reading.one("order", _row),
        mediator_id=reading.one("mediator", _row),
        left=bool(reading.one("left", _FLAGS.get)),
        action=bool(reading.one("action", _FLAGS.get)),
        caseworker=reading.one("caseworker", lambda text: text if _KEY.fullmatch(text) else None),
        mine=bool(reading.one("mine", _FLAGS.get)),
        sorting=reading.one("sort", _SORTINGS.get) or Sorting.NAME,
        search=search,
        number=number,
        ignored=tuple(reading.ignored),
    )


def read_whole_address(values: MultiDict[str, str], also: Iterable[str] = ()) -> ListAddress:
    """The same of an address in which nothing else may stand than filters and `also`: other names are ignored, too."""
    where = read_address(values)
    known = {*ListAddress().names(), *also}
    others = tuple((name, value) for name, value in values.items(multi=True) if name not in known)
    return replace(where, ignored=where.ignored + others)


def read_strictly(values: MultiDict[str, str]) -> ListAddress:
    """The filters of what is about to be done to everybody whom they leave. Raises Refusal `filters-unknown`.

    Leaving out a filter would concern more people than were meant.
    """
    where = read_address(values)
    if where.ignored:
        names = sorted({filter_label(name) for name, _value in where.ignored})
        raise FiltersUnknown(names=", ".join(names))
    return where


def filter_label(name: str) -> str:
    """What the part of an address that is called `name` narrows a list to; the name itself where it is unknown."""
    labels: dict[str, str] = {
        "status": _("Status"),
        "phase": _("Vorgang"),
        "finding": _("Was fehlt"),
        "order": _("Auftrag/Maßnahme"),
        "mediator": _("Vermittler/in"),
        "left": _("ausgetreten, noch freigegeben"),
        "action": _("braucht Aktion"),
        "caseworker": _("Betreuer/in"),
        "mine": _("meine"),
        "sort": _("Sortieren nach"),
        "q": _("Suche"),
        "number": _("Nummer"),
    }
    return labels.get(name, name[:LENGTH])


def _row(text: str) -> int | None:
    return whole_number(text) or None


def _number(text: str) -> str | None:
    text = text.strip()
    return text if is_number(text) else None

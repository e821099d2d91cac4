"""What the list of participants is narrowed to, read from its address, and the address of a narrowed list."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from flask import url_for
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from portal.people.choices import find_caseworker
from portal.people.folding import joined_words, search_words
from portal.people.search import get_search, is_number
from portal.releases.phase import Phase
from portal.releases.preflight import TENANT_WIDE, Finding
from portal.releases.queries import Filters, Sorting
from portal.releases.status import Status
from portal.web.typed import read_row

_KEY = re.compile(r"[0-9a-f]{12}")
Member = TypeVar("Member", bound=StrEnum)


@dataclass(frozen=True)
class ListAddress:
    """The filters as they stand in the address. What cannot be read is left out."""

    statuses: tuple[Status, ...] = ()
    phases: tuple[Phase, ...] = ()
    findings: tuple[Finding, ...] = ()
    order_id: int | None = None
    mediator_id: int | None = None
    left: bool = False
    action: bool = False
    caseworker: str | None = None
    """Key of a caseworker (see portal.people.choices)."""
    mine: bool = False
    """Those whose caseworker is whoever looks."""
    sorting: Sorting = Sorting.NAME
    search: str | None = None
    """Key of a text search."""
    number: str | None = None
    """A number searched for directly."""

    @property
    def narrowed(self) -> bool:
        return self != ListAddress(sorting=self.sorting)

    def parts(self, **change: Any) -> dict[str, Any]:
        """The parts of the address, with `change`; what is empty is left out."""
        parts: dict[str, Any] = {
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
        } | change
        return {name: value for name, value in parts.items() if value}

    def url(self, **change: Any) -> str:
        """The list's address with these filters and `change`."""
        return url_for("people.list_page", **self.parts(**change))

    def filters(self, text: str) -> Filters:
        """What to ask the database for; `text` is what is searched for."""
        text = text.strip()
        chosen = find_caseworker(self.caseworker) or "" if self.caseworker else None
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
            caseworker=current_user.initials if self.mine else chosen,
            sorting=self.sorting,
        )

    def text(self) -> str:
        """What is searched for. Raises NotFound where the key is gone."""
        return get_search(self.search) if self.search else self.number or ""


def read_address(values: MultiDict[str, str]) -> ListAddress:
    """The filters in an address, or in the hidden fields of the search form."""
    number = values.get("number", "").strip()
    return ListAddress(
        statuses=_members(values, "status", Status),
        phases=_members(values, "phase", Phase),
        findings=tuple(item for item in _members(values, "finding", Finding) if item not in TENANT_WIDE),
        order_id=read_row(values, "order"),
        mediator_id=read_row(values, "mediator"),
        left=values.get("left") == "1",
        action=values.get("action") == "1",
        caseworker=key if _KEY.fullmatch(key := values.get("caseworker", "")) else None,
        mine=values.get("mine") == "1",
        sorting=next(iter(_members(values, "sort", Sorting)), Sorting.NAME),
        search=values.get("q") or None,
        number=number if is_number(number) else None,
    )


def _members(values: MultiDict[str, str], name: str, kind: type[Member]) -> tuple[Member, ...]:
    known = {member.value: member for member in kind}
    return tuple(dict.fromkeys(known[value] for value in values.getlist(name) if value in known))

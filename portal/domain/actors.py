"""Who does something: what services need to know of the person behind a request or command."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """A person by initials; the rows are None where a command was given on the server."""

    initials: str
    account_id: int | None = None
    mediator_id: int | None = None
    """The mediator of the tenant that this person is, if any."""
    by_provider: bool = False
    """Whether an identity provider has said who it is."""


SYSTEM = Actor("system")
QUALLI = Actor("Qualli.life")

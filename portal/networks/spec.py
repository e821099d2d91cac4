"""What distinguishes one job network from another."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto


class ConsentProof(StrEnum):
    """How a network wants the consent of a participant to be known."""

    RECORDED = auto()
    """A date of consent must be in Qualli.life."""
    CONFIRMED = auto()
    """The person who releases may confirm that consent is at hand."""


class Requirement(StrEnum):
    """What a network wants to be there, besides name and mediator, before it takes a participant."""

    EMAIL = auto()
    CASEWORKER = auto()
    ORDER = auto()
    """With a responsible person."""


@dataclass(frozen=True)
class NetworkSpec:
    """One job network; docs/how-to-add-a-network.md tells what belongs to it."""

    key: str
    """As the wire contract names it; part of its settings' names and of its words in the database."""
    label: str
    """Its proper name."""
    consent: ConsentProof
    requires: frozenset[Requirement]
    sends_profile: bool
    """Whether it is sent the participant's profile besides master data."""

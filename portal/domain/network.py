"""The job networks. Pure, so that rules can name them."""

from enum import StrEnum
from typing import assert_never


class Network(StrEnum):
    """The job networks; the values are the wire contract's."""

    JOBNETZWERK = "jobnetzwerk"
    JOB4YOU = "job4you"

    @property
    def checks_people(self) -> bool:
        """Whether it carries only people whose consent, contact and order are complete, and is told their profiles."""
        match self:
            case Network.JOB4YOU:
                return True
            case Network.JOBNETZWERK:
                return False
            case _:
                assert_never(self)

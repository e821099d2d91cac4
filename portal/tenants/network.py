"""The job networks. Pure, so that rules can name them."""

from enum import StrEnum


class Network(StrEnum):
    """The job networks; the values are the wire contract's."""

    JOBNETZWERK = "jobnetzwerk"
    JOB4YOU = "job4you"

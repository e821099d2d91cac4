"""All job networks. A network without a specification keeps the program from starting."""

from __future__ import annotations

from enum import StrEnum

from portal.networks import job4you, jobnetzwerk
from portal.networks.spec import NetworkSpec


class Network(StrEnum):
    """The job networks; the values are the wire contract's."""

    JOBNETZWERK = "jobnetzwerk"
    JOB4YOU = "job4you"

    @property
    def spec(self) -> NetworkSpec:
        """What distinguishes it from the others."""
        return _SPECS[self]


_SPECS: dict[Network, NetworkSpec] = {
    Network(module.SPEC.key): module.SPEC for module in (jobnetzwerk, job4you)
}
for _network in Network:
    if _network not in _SPECS:
        raise LookupError(f"the network {_network} has no specification")

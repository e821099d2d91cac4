"""Tenants: created by the product's own services; how many of everything each gets. Commits once."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from itertools import accumulate, pairwise

from benchmarks.data import names
from benchmarks.data.sizes import tenant_sizes
from portal.core.database import EVERY_TENANT, commit, db, scope_to
from portal.deliveries.network_change import choose_network
from portal.domain.actors import SYSTEM
from portal.domain.rules.workdays import STATES
from portal.domain.tenants import Connection, Tenant
from portal.networks.registry import Network
from portal.tenants.service import create_tenant, set_federal_state, set_licence, set_token

NIGHTS = 60
"""Nightly deliveries of each tenant; the newest was last night's, and has this number."""
PEOPLE_PER_ORDER = 25
"""Participants of one order."""


@dataclass(frozen=True)
class Wanted:
    """What is asked for."""

    people: int
    tenants: int
    seed: int = 1
    largest: int | None = None
    """Participants of the largest tenant; a tenth of all without it."""
    entries: tuple[int, int] = (5, 50)
    """Entries in the protocol of a participant who was released: fewest and most; the mean is a quarter between."""
    today: dt.date = dt.date.min


@dataclass(frozen=True)
class House:
    """A tenant, and the numbers of rows that are its own."""

    wanted: Wanted
    rank: int
    """0 is the largest."""
    size: int
    tenant_id: int
    connection_id: int
    """0: no network is chosen."""
    network: str
    licensed: bool
    """Whether it has a licence, or had one."""
    people_before: int
    """Participants of the larger tenants: their rows come first."""

    @property
    def dice(self) -> random.Random:
        """Dice of its own, so that it does not matter which tenant is written first."""
        return random.Random(f"{self.wanted.seed}-{self.rank}")

    @property
    def orders(self) -> int:
        """About one for 25 people."""
        return max(1, self.size // PEOPLE_PER_ORDER)

    @property
    def caseworkers(self) -> int:
        """Up to 300."""
        return min(300, max(2, self.size // 60))

    @property
    def mediators(self) -> int:
        """Up to 150; the first caseworkers are mediators, too."""
        return min(150, self.caseworkers, max(2, self.size // 600))

    @property
    def first_person(self) -> int:
        return self.people_before + 1

    @property
    def first_order(self) -> int:
        """A tenant never has more orders than people."""
        return self.people_before + 1

    @property
    def first_mediator(self) -> int:
        return self.rank * 200 + 1

    @property
    def first_delivery(self) -> int:
        return self.rank * NIGHTS + 1

    @property
    def first_entry(self) -> int:
        """Rows of the protocol that may be needed are kept for it, so that tenants can be written side by side."""
        return self.people_before * self.wanted.entries[1] + 1


def found(wanted: Wanted, now: dt.datetime) -> list[House]:
    """Create the tenants, largest first: most with licence and network, some without, some paused."""
    scope_to(EVERY_TENANT)
    sizes = tenant_sizes(wanted.people, wanted.tenants, wanted.largest)
    before = list(accumulate(sizes, initial=0))
    made = [
        _found(wanted, rank, start, end - start, now) for rank, (start, end) in enumerate(pairwise(before))
    ]
    commit()
    return made


def _found(wanted: Wanted, rank: int, before: int, size: int, now: dt.datetime) -> House:
    dice = random.Random(f"{wanted.seed}-tenant-{rank}")
    name = f"{dice.choice(names.PROVIDERS)} {dice.choice(names.PLACES)} {rank + 1}"
    tenant = create_tenant(f"bench-{rank + 1:03}", name, now)
    set_federal_state(tenant, STATES[rank % len(STATES)])
    licensed = rank % 23 != 11
    ended = wanted.today - dt.timedelta(days=20) if rank % 23 == 17 else None
    if licensed:
        set_licence(tenant, wanted.today - dt.timedelta(days=900), ended)
    network = Network.JOB4YOU if rank % 5 in (0, 2, 4) else Network.JOBNETZWERK
    connection = None if rank % 29 == 13 else _connect(tenant, network, rank, now)
    return House(
        wanted=wanted,
        rank=rank,
        size=size,
        tenant_id=tenant.id,
        connection_id=connection.id if connection else 0,
        network=network.value,
        licensed=licensed,
        people_before=before,
    )


def _connect(tenant: Tenant, network: Network, rank: int, now: dt.datetime) -> Connection:
    connection = choose_network(tenant, network, SYSTEM, now)
    set_token(connection, f"token-of-{tenant.slug}")
    connection.last_sequence = connection.attempted_sequence = NIGHTS
    connection.committed_sequence = connection.network_sequence = NIGHTS
    connection.provider_id, connection.network_name = f"provider-{rank + 1}", tenant.name
    connection.provider_bound_at = connection.checked_at = now
    connection.holdings_known = True
    if rank % 19 == 7:
        connection.failures, connection.problem = 4, "unavailable"
        connection.paused_until = now + dt.timedelta(minutes=30)
    if rank % 31 == 19:
        connection.failures, connection.problem = 9, "unauthorised"
        connection.paused_until, connection.quarantined_at = now + dt.timedelta(hours=1), now
    db.session.flush()
    return connection

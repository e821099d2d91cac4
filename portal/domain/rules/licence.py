"""When a licence that will end is said to whom. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

STAGES = (30, 14, 3)
"""Days before the last day from which on the warning is more urgent."""


class Licence(StrEnum):
    """Whose licence."""

    OWN = "own"
    """The tenant's for the module "Jobportal"."""
    NETWORK = "network"
    """The tenant's at the network, as the network says."""


class Licensed(Protocol):
    """What has a licence of ours: a tenant."""

    @property
    def licence_from(self) -> dt.date | None: ...
    @property
    def licence_until(self) -> dt.date | None: ...


class LicensedThere(Protocol):
    """What has a licence at the network: a connection."""

    @property
    def network_licensed_until(self) -> dt.date | None: ...


@dataclass(frozen=True)
class LicenceWarning:
    """A licence that ends soon."""

    licence: Licence
    ends_on: dt.date
    """Its last day."""
    days: int
    """Days left; 0 on the last one, below 0 once it has ended."""
    stage: int
    """The smallest of STAGES that has been reached; 0 once it has ended."""


def licence_warning(tenant: Licensed, today: dt.date) -> LicenceWarning | None:
    """Return the tenant's licence, where it ends within 30 days; None else, and where there is none or it has ended.

    What is missing or has ended is a finding of `preflight` instead.
    """
    if tenant.licence_from is None or tenant.licence_from > today:
        return None
    found = licence_ending(Licence.OWN, tenant.licence_until, today)
    return None if found is None or found.days < 0 else found


def network_licence_warning(connection: LicensedThere, today: dt.date) -> LicenceWarning | None:
    """Return the licence at the network, where it ends within 30 days or has ended; only the network can prolong it."""
    return licence_ending(Licence.NETWORK, connection.network_licensed_until, today)


def licence_ending(licence: Licence, ends_on: dt.date | None, today: dt.date) -> LicenceWarning | None:
    """The warning about a licence whose last day is `ends_on`; None while that is far off, and without an end."""
    if ends_on is None:
        return None
    days = (ends_on - today).days
    if days > STAGES[0]:
        return None
    stage = 0 if days < 0 else min(stage for stage in STAGES if days <= stage)
    return LicenceWarning(licence, ends_on, days, stage)

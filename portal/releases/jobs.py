"""What is done every so often about stored states."""

from __future__ import annotations

from portal.core.jobs import Periodic
from portal.releases.counts import add_up, tenants_to_add_up
from portal.releases.drift import check_some

PERIODIC = (Periodic(check_some), Periodic(add_up, rows=tenants_to_add_up))

"""What is done every so often about stored states."""

from __future__ import annotations

from portal.core.jobs import Periodic
from portal.releases.drift import check_some

PERIODIC = (Periodic(check_some),)

"""Runs that are done in batches, each a transaction: who may work on one, and how long.

A run has `state`, `lease_until`, `fence` and `crashes`: decisions for many people, erasures of a night.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import structlog

from portal.core.database import rollback, utcnow
from portal.core.db_errors import TRANSIENT_ERRORS, put_off_claim
from portal.core.leases import Lease, LeaseLost, defer, take
from portal.core.leases import renew as renew_lease
from portal.core.settings import current_settings
from portal.domain.bulk import BulkRun, BulkState
from portal.domain.erasures import ErasureRun, ErasureState

CRASHES = 3
"""After so many claims in a row that ended without a word a run ends as it is."""

Run = TypeVar("Run", BulkRun, ErasureRun)
_STATES: dict[type, type[BulkState | ErasureState]] = {BulkRun: BulkState, ErasureRun: ErasureState}

log = structlog.get_logger()


def acquire(model: type[Run], run_id: int) -> Lease[Run] | None:
    """Take the lease of a run that waits or was abandoned; None where it has ended, or another process has it."""
    states, seconds = _STATES[model], current_settings().lease_seconds
    going = model.state.in_((states.WAITING, states.RUNNING))
    return take(model, run_id, utcnow(), seconds, going, state=states.RUNNING)


def renew(held: Lease[Run]) -> Run:
    """Renew the lease of a run that has not ended; as `portal.core.leases.renew`."""
    return renew_lease(held, utcnow(), held.model.state == _STATES[held.model].RUNNING)


def run_batches(held: Lease[Run], piece: Callable[[Lease[Run]], bool]) -> None:
    """Do one piece after the other while it says that there are more. A hindered database puts the rest off."""
    try:
        while piece(held):
            pass
    except LeaseLost:
        rollback()
        log.info("claim_lost", run=held.row_id, kind=held.model.__tablename__)
    except TRANSIENT_ERRORS as error:
        put_off_claim(partial(defer, held), error)

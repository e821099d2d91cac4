"""Every job and periodic task, as the features register them; queue, cron and allow-list follow from it."""

from __future__ import annotations

import portal.accounts.jobs
import portal.audit.jobs
import portal.bulk.jobs
import portal.deliveries.jobs
import portal.deliveries.planning
import portal.imports.jobs
import portal.notices.jobs
import portal.privacy.jobs
import portal.releases.jobs
from portal.core.jobs import Job, Periodic
from portal.core.queue import function_of

JOBS: tuple[Job, ...] = (
    *portal.deliveries.jobs.JOBS,
    *portal.imports.jobs.JOBS,
    *portal.bulk.jobs.JOBS,
    *portal.privacy.jobs.JOBS,
    *portal.notices.jobs.JOBS,
)
PERIODIC: tuple[Periodic, ...] = (
    *portal.deliveries.planning.PERIODIC,
    *portal.privacy.jobs.PERIODIC,
    *portal.releases.jobs.PERIODIC,
    *portal.bulk.jobs.PERIODIC,
    *portal.imports.jobs.PERIODIC,
    *portal.accounts.jobs.PERIODIC,
    *portal.audit.jobs.PERIODIC,
    *portal.notices.jobs.PERIODIC,
)
"""In this order: what is planned first is looked at by notices last."""

BY_FUNCTION = {function_of(job.model): job for job in JOBS}
"""All that a worker runs, whatever is pushed into Redis."""

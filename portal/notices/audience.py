"""Who is told of what, and how long it has to last before: tables, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from portal.domain.accounts import Role
from portal.domain.notice_kinds import NoticeKind

CASEWORKER, SUPERVISOR, ADMINISTRATOR, SUPPORT = (
    frozenset({role}) for role in (Role.CASEWORKER, Role.SUPERVISOR, Role.ADMINISTRATOR, Role.SUPPORT)
)
AUDIENCE: Mapping[NoticeKind, tuple[frozenset[Role], ...]] = {
    NoticeKind.ANSWERS_LATE: (CASEWORKER, SUPERVISOR, SUPERVISOR | ADMINISTRATOR, SUPERVISOR | SUPPORT),
    NoticeKind.ANSWERS_STUCK: (SUPERVISOR | SUPPORT,),
    NoticeKind.CLARIFICATION: (SUPERVISOR,),
    NoticeKind.MEDIATOR_UNKNOWN: (SUPERVISOR,),
    NoticeKind.DELIVERY_HELD: (SUPERVISOR | ADMINISTRATOR,),
    NoticeKind.MANY_HELD: (SUPPORT,),
    NoticeKind.DELIVERY_MISSING: (ADMINISTRATOR | SUPPORT,),
    NoticeKind.OUTCOME_UNKNOWN: (SUPPORT,),
    NoticeKind.CRASHED: (SUPPORT,),
    NoticeKind.RECONCILE: (SUPERVISOR | ADMINISTRATOR | SUPPORT,),
    NoticeKind.ACCOUNT_DOUBTED: (SUPERVISOR | ADMINISTRATOR | SUPPORT,),
    NoticeKind.QUARANTINE: (SUPPORT,),
    NoticeKind.TOKEN_REFUSED: (ADMINISTRATOR | SUPPORT,),
    NoticeKind.LICENCE_ENDING: (
        ADMINISTRATOR,
        ADMINISTRATOR,
        ADMINISTRATOR | SUPPORT,
        ADMINISTRATOR | SUPPORT,
    ),
    NoticeKind.NETWORK_LICENCE_ENDING: (
        *(ADMINISTRATOR, ADMINISTRATOR, ADMINISTRATOR | SUPPORT, ADMINISTRATOR | SUPPORT),
    ),
    NoticeKind.API_TOKEN_ENDING: (ADMINISTRATOR, ADMINISTRATOR, ADMINISTRATOR | SUPPORT),
    NoticeKind.IMPORT_SILENT: (ADMINISTRATOR,),
    NoticeKind.IMPORT_HELD: (SUPERVISOR | ADMINISTRATOR,),
    NoticeKind.WORKER_SILENT: (SUPPORT,),
    NoticeKind.CRON_SILENT: (SUPPORT,),
    NoticeKind.MAIL_SILENT: (SUPPORT,),
}
"""Who is told of a notice, level by level; its page shows it to all of them up to the level it has."""

PATIENCE: Mapping[NoticeKind, dt.timedelta] = {
    NoticeKind.WORKER_SILENT: dt.timedelta(minutes=3),
    NoticeKind.CRON_SILENT: dt.timedelta(minutes=3),
    NoticeKind.MANY_HELD: dt.timedelta(minutes=15),
}
"""How long it has to last before people are told: an update takes a moment, and a night's list is told whole."""


FORGOTTEN_AFTER = dt.timedelta(days=90)
"""How long a notice is kept that was well again."""


def told(kind: NoticeKind, above: int, level: int) -> frozenset[Role]:
    """The roles that are told when a notice of which people know at `above` has become as bad as `level`."""
    return frozenset().union(*AUDIENCE[kind][above:level])

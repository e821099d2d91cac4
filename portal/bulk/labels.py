"""Words, icons and colours of actions for many."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.domain.bulk import BulkState
from portal.webkit.labels import GOOD, INFO, Label

LABELS: dict[type[StrEnum], Mapping[Any, Label]] = {
    BulkState: {
        BulkState.SHOWN: Label(_l("noch nicht gestartet"), "clock"),
        BulkState.WAITING: Label(_l("wartet auf die Verarbeitung"), "clock", INFO),
        BulkState.RUNNING: Label(_l("läuft"), "sync", INFO),
        BulkState.DONE: Label(_l("fertig"), "check-circle", GOOD),
    },
}

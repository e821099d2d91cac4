"""Words for roles."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.domain.accounts import Role
from portal.webkit.labels import Label

LABELS: dict[type[StrEnum], Mapping[Any, Label]] = {
    Role: {
        Role.CASEWORKER: Label(_l("Sachbearbeitung")),
        Role.SUPERVISOR: Label(_l("Leitung")),
        Role.ADMINISTRATOR: Label(_l("Administration")),
        Role.SUPPORT: Label(_l("Betreuung des Betreibers")),
        Role.SUPPORT_READER: Label(_l("Betreuung, nur lesend")),
    },
}

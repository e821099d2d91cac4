"""Words, icons and colours of imports."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.domain.import_kinds import Kind
from portal.domain.imports import ImportMode, ImportState
from portal.webkit.labels import BAD, GOOD, INFO, WARN, Label

LABELS: dict[type[StrEnum], Mapping[Any, Label]] = {
    ImportState: {
        ImportState.WAITING: Label(_l("wartet auf die Verarbeitung"), "clock", INFO),
        ImportState.STAGING: Label(_l("wird gelesen und geprüft"), "sync", INFO),
        ImportState.HELD: Label(_l("angehalten"), "pause", WARN),
        ImportState.APPLYING: Label(_l("wird übernommen"), "sync", INFO),
        ImportState.DONE: Label(_l("fertig"), "check-circle", GOOD),
        ImportState.FAILED: Label(_l("gescheitert"), "cross-circle", BAD),
        ImportState.DISCARDED: Label(_l("verworfen"), "block"),
    },
    ImportMode: {ImportMode.FULL: Label(_l("vollständig")), ImportMode.DELTA: Label(_l("nur Änderungen"))},
    Kind: {
        Kind.MEDIATOR: Label(_l("Vermittler/innen")),
        Kind.ORDER: Label(_l("Aufträge/Maßnahmen")),
        Kind.PARTICIPANT: Label(_l("Teilnehmer/innen")),
        Kind.PROFILE: Label(_l("Profilzeilen")),
    },
}

"""What erasure and its blockers say, in words."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.domain.rules.retention import ErasureBlocker

ERASURE_BLOCKERS: dict[ErasureBlocker, Any] = {
    ErasureBlocker.RELEASED: _l("Freigegeben: Heben Sie erst die Freigabe auf."),
    ErasureBlocker.IN_DELIVERY: _l(
        "In einer Übertragung, die noch nicht durch ist: Warten Sie deren Ende ab."
    ),
    ErasureBlocker.ANNOUNCED: _l("Beim Jobportal gemeldet: Erst muss eine Übertragung sie abmelden."),
    ErasureBlocker.ARCHIVING: _l("Beim Jobportal abgemeldet; dessen Bestätigung steht noch aus."),
    ErasureBlocker.IN_BULK: _l("In einer Sammelaktion, die noch läuft: Warten Sie deren Ende ab."),
    ErasureBlocker.IMPORTING: _l(
        "Gerade läuft ein Import, der die Person nennen kann: Warten Sie dessen Ende ab."
    ),
}

"""What is refused about erasure."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.core.refusal import Refusal
from portal.domain.rules.retention import ErasureBlocker
from portal.privacy.labels import ERASURE_BLOCKERS


class ErasureHindered(Refusal):
    sentence = _l("Diese Person kann noch nicht gelöscht werden. %(blocker)s")

    def shown(self) -> dict[str, Any]:
        return {"blocker": ERASURE_BLOCKERS[ErasureBlocker(str(self.values["blocker"]))]}


class ErasureChanged(Refusal):
    sentence = _l(
        "Seit der Anzeige hat sich etwas geändert; gelöscht wurde nichts. Prüfen Sie es noch einmal."
    )


class ErasureCrashed(Refusal):
    sentence = _l(
        "Abgebrochen, nachdem der Dienst mehrmals daran gescheitert ist; die nächste Nacht macht weiter."
    )

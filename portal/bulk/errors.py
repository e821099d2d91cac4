"""What is refused about decisions for many."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.core.refusal import NotFound, Refusal


class BulkNobody(Refusal):
    sentence = _l("Markieren Sie erst jemanden, oder wählen Sie alle.")


class BulkNothing(Refusal):
    sentence = _l("Damit würde sich bei niemandem etwas ändern.")


class BulkTooMany(Refusal):
    sentence = _l("Mehr als %(most)s Personen auf einmal gehen hier nicht. Grenzen Sie die Liste ein.")


class BulkUnknown(NotFound):
    sentence = _l("Diese Sammelaktion gibt es nicht mehr.")


class BulkStarted(Refusal):
    sentence = _l("Diese Sammelaktion ist schon gestartet.")


class BulkChanged(Refusal):
    sentence = _l("Seit der Anzeige hat sich etwas geändert. Prüfen Sie die Vorschau noch einmal.")


class BulkNotYours(Refusal):
    sentence = _l("Nur wer die Sammelaktion begonnen hat, kann sie starten: %(by)s.")


class BulkCrashed(Refusal):
    sentence = _l(
        "Die Sammelaktion ist abgebrochen. Was als erledigt dasteht, ist erledigt; der Rest ist unverändert."
    )

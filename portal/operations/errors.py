"""What is refused about trying again."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.core.refusal import NotFound, Refusal


class ConnectionUnknown(NotFound):
    sentence = _l("Diese Verbindung gibt es nicht.")


class ConnectionWell(Refusal):
    sentence = _l("Diese Verbindung hat gerade keinen Fehler; es gibt nichts zu wiederholen.")


class RetryLater(Refusal):
    sentence = _l("Das Jobportal hat selbst gesagt, wann es wieder gefragt werden will. So lange warten wir.")

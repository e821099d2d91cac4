"""What to do about each reason that a network gives, in plain words."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.domain.rules.preflight import Finding
from portal.domain.rules.status import Reason

_MEND = _l(
    "Das Jobportal sah die Angabe nicht, die hier vielleicht inzwischen da ist. Ergänzen Sie sie in Qualli.life; "
    "mit der nächsten Übertragung wird erneut gesendet."
)
REASON_HELP: dict[Reason, Any] = {
    Reason.WITHDRAWN: _l("Die Person wurde von hier abgemeldet. Es ist nichts zu tun."),
    Reason.MEDIATOR_UNKNOWN: _l(
        "Das Jobportal kennt die Vermittlung nicht. Legen Sie sie dort mit der Vermittler-ID an, oder wählen Sie hier "
        "eine andere; mit der nächsten vollständigen Übertragung wird die Person Online."
    ),
    Reason.CONSENT_MISSING: _MEND,
    Reason.EMAIL_MISSING: _MEND,
    Reason.CASEWORKER_MISSING: _MEND,
    Reason.NAME_MISSING: _MEND,
    Reason.ORDER_RESPONSIBLE_MISSING: _MEND,
    Reason.INVALID_DATA: _l(
        "Das Jobportal hat eine Angabe nicht anerkannt; welche, steht im Protokoll der Person. Berichtigen Sie sie in "
        "Qualli.life. Ist dort alles richtig, wenden Sie sich an die Betreuung."
    ),
}
WITHDRAWN_UNASKED = _l(
    "Das Jobportal führt die Person als abgemeldet, obwohl sie freigegeben ist und gesendet wurde. Fragen Sie dort "
    "nach; die nächste Übertragung sendet sie erneut."
)
MEDIATOR_RENEWED = _l(
    "Inzwischen ist eine andere Vermittlung gewählt, oder das Jobportal kennt sie jetzt. Die nächste vollständige "
    "Übertragung sendet die Person erneut; zu tun ist nichts."
)
REASON_FINDINGS: dict[Reason, Finding | None] = {
    Reason.WITHDRAWN: None,
    Reason.MEDIATOR_UNKNOWN: None,
    Reason.CONSENT_MISSING: Finding.CONSENT_MISSING,
    Reason.EMAIL_MISSING: Finding.EMAIL_MISSING,
    Reason.CASEWORKER_MISSING: Finding.CASEWORKER_MISSING,
    Reason.NAME_MISSING: Finding.NAME_MISSING,
    Reason.ORDER_RESPONSIBLE_MISSING: Finding.ORDER_RESPONSIBLE_MISSING,
    Reason.INVALID_DATA: None,
}
"""What of ours says the same as the network's reason: there it is mended."""

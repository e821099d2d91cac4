"""What is refused about notices."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.core.refusal import NotFound


class NoticeUnknown(NotFound):
    sentence = _l("Diese Meldung gibt es hier nicht.")

"""What is refused of any request."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.core.refusal import Refusal


class BodyCut(Refusal):
    sentence = _l("Die Anfrage ist nicht vollständig angekommen. Nichts davon wurde übernommen.")
    status = 400


class ControlCharacters(Refusal):
    sentence = _l("In der Eingabe stehen Steuerzeichen oder Zeichen, die es nicht gibt.")
    status = 400

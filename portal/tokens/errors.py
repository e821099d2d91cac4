"""What is refused about tokens of the HTTP door."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.core.refusal import NotFound, Refusal


class TokenUnknown(NotFound):
    sentence = _l("Diesen Token gibt es hier nicht.")


class TokenRevoked(Refusal):
    sentence = _l("Dieser Token ist schon widerrufen.")


class TokenNameMissing(Refusal):
    sentence = _l("Geben Sie dem Token einen Namen.")


class TokenNameWrong(Refusal):
    sentence = _l("Der Name hat höchstens %(most)s sichtbare Zeichen.")


class TokenNameTaken(Refusal):
    sentence = _l("Ein gültiger Token heißt schon so. Wählen Sie einen anderen Namen.")


class TokenDaysWrong(Refusal):
    sentence = _l("Ein Token gilt 1 bis %(most)s Tage.")


class TokensTooMany(Refusal):
    sentence = _l("Mehr als %(most)s gültige Tokens gibt es nicht. Widerrufen Sie erst einen.")

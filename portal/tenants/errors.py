"""What is refused about tenants and their settings."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.core.refusal import NotFound, Refusal


class TenantUnknown(NotFound):
    sentence = _l("Einen Mandanten mit diesem Namen gibt es nicht.")


class LimitWrong(Refusal):
    sentence = _l("Eine Zahl ist zu klein oder zu groß: erlaubt sind %(least)s bis %(most)s.")


class SettingUnreadable(Refusal):
    sentence = _l("Eine Angabe ist nicht lesbar. Geändert wurde nichts.")


class TenantExists(Refusal):
    sentence = _l("Den Mandanten „%(slug)s“ gibt es schon.")


class TenantSlugWrong(Refusal):
    sentence = _l(
        "Der Kurzname eines Mandanten hat nur Buchstaben (a–z), Ziffern und Bindestriche, höchstens 63."
    )


class LicenceDatesWrong(Refusal):
    sentence = _l("Die Lizenz braucht einen ersten Tag, und der letzte darf nicht davor liegen.")


class FederalStateUnknown(Refusal):
    sentence = _l("Dieses Bundesland gibt es nicht. Möglich sind: %(states)s.")


class TokenWrong(Refusal):
    sentence = _l("Das ist kein Token: Es hat keine Leerzeichen, keine Umlaute und höchstens 4096 Zeichen.")

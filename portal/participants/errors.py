"""What is refused about participants and searches."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.core.refusal import NotFound, Refusal


class ParticipantUnknown(NotFound):
    sentence = _l("Diese Teilnehmerin oder diesen Teilnehmer gibt es hier nicht.")


class NumberOff(Refusal):
    sentence = _l("Dieser Mandant verwendet keine Sozialversicherungsnummern.")


class NumberMissing(Refusal):
    sentence = _l("Zu dieser Person liegt keine Sozialversicherungsnummer vor.")


class SearchUnknown(NotFound):
    sentence = _l("Diese Suche gibt es nicht mehr. Bitte suchen Sie noch einmal.")


class SearchSocialInsuranceNumber(Refusal):
    sentence = _l("Nach Sozialversicherungsnummern wird hier nicht gesucht.")

"""What keeps a participant from the network, for people at the command line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from portal.domain.rules.phase import Phase
from portal.releases.answer_texts import archived_text, clarification_text, rejected_text
from portal.releases.page import refusal_help, unknown_mediator
from portal.releases.queries import Explanation
from portal.releases.texts import leaving_text, phase_text
from portal.webkit.languages import gettext as _

_GOES_ON = frozenset({Phase.CURRENT, Phase.SCHEDULED, Phase.TRANSFERRING, Phase.SENT})
"""Phases in which all goes its way."""


def why_lines(person: Explanation, values: dict[str, Any]) -> Iterator[str]:
    """What keeps a person from the network, line by line; that nothing does is said only where it is so."""
    registration, help_ = person.registration, refusal_help(person)
    if registration and registration.clarification:
        yield _("In Klärung: %(what)s", what=clarification_text(registration.clarification))
    if person.participant.doubted_identity:
        yield _("Andere Person unter derselben Nummer?")
    for finding in values["findings"]:
        yield f"- {finding['label']}"
        yield "  " + _("Wer das behebt: %(who)s", who=finding["mended_by"])
        if finding["path"]:
            yield f"  {finding['path']}"
    if registration and person.rejection is not None:
        yield _("Vom Jobportal abgelehnt: %(reason)s", reason=rejected_text(registration))
    elif registration and help_:
        yield _("Vom Jobportal archiviert: %(reason)s", reason=archived_text(registration))
    if help_ and registration and registration.released:
        yield str(help_)
    unknown = unknown_mediator(person)
    if unknown:
        yield _("Vermittler-ID %(number)s", number=unknown.number) + f" ({unknown.initials})"
    if not values["findings"] and not (help_ and registration and registration.released):
        yield _("Nichts hält diese Person auf.") if person.phase in _GOES_ON else advice(person)


def advice(person: Explanation) -> str:
    """What the phase means for this person and what the next transfer does, in one line."""
    return " ".join(filter(None, (phase_text(person), leaving_text(person))))

"""What the page of a participant says about their phase, and what follows from a decision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from portal.domain.rules.phase import Phase
from portal.domain.rules.preflight import Finding
from portal.releases.finding_labels import FINDINGS
from portal.releases.labels import PHASE_HELP
from portal.releases.queries import Explanation
from portal.releases.withdrawals import Withdrawal
from portal.webkit.durations import span
from portal.webkit.languages import clock, day
from portal.webkit.languages import gettext as _


def phase_text(person: Explanation) -> str:
    """What the phase means for this person, and what to do; `PHASE_HELP` where that is the same for all."""
    registration = person.registration
    if person.phase is Phase.CLARIFICATION:
        if registration and registration.clarification:
            return _(
                "Eine Antwort des Jobportals passt nicht oder fehlt. Sehen Sie dort nach, und beenden Sie die "
                "Klärung hier."
            )
        if person.participant.doubted_identity and not is_late(person):
            return _(
                "Die Nummer gehört vielleicht einer anderen Person. Sehen Sie in Qualli.life nach, wem sie gehört, "
                "und entscheiden Sie es hier."
            )
        return late_text()
    if person.phase is Phase.REJECTED and not (registration and registration.released):
        return _(
            "Das Jobportal hat die Person nicht angenommen. Sie ist nicht mehr freigegeben; dort ist nichts zu "
            "beheben."
        )
    if person.phase is Phase.WITHDRAWAL_SCHEDULED and registration and registration.urgent:
        return _(
            "Das Einverständnis ist entfallen. Die Person wird sofort beim Jobportal abgemeldet, außerhalb der "
            "nächtlichen Übertragung; zu tun ist nichts."
        )
    return str(PHASE_HELP[person.phase])


def is_late(person: Explanation) -> bool:
    """Return whether an answer about a person is awaited for so long that it has to be looked into."""
    waiting, context = person.waiting_since, person.context
    return bool(waiting and context and waiting < context.deadlines.clarification_before)


def late_text() -> str:
    """That an answer is late, and who follows that up."""
    return _(
        "Seit mehr als drei Arbeitstagen fehlt die Antwort des Jobportals. Fragen Sie dort nach, was aus der "
        "Übertragung geworden ist; nach fünf Arbeitstagen klärt es die Betreuung."
    )


_SAYS_ITSELF = frozenset({Phase.WITHDRAWAL_SCHEDULED, Phase.TRANSFERRING, Phase.OUTCOME_UNKNOWN})


def leaving_text(person: Explanation) -> str:
    """That the next transfer takes a person out of the network, where their phase does not say it; else empty."""
    registration = person.registration
    if registration is None or not registration.announced or person.phase in _SAYS_ITSELF:
        return ""
    if not registration.released:
        return _("Die Freigabe ist aufgehoben: Die nächste Übertragung meldet die Person beim Jobportal ab.")
    if person.findings and not person.tenant_findings and not registration.archived:
        return _(
            "Solange etwas fehlt, nennt die nächste vollständige Übertragung die Person nicht, und das Jobportal "
            "archiviert sie."
        )
    return ""


def unsent_text(person: Explanation) -> str:
    """Return why nothing of a person's record would be sent; empty where it would."""
    registration = person.registration
    if registration is None or not registration.released:
        if registration and registration.announced:
            return _(
                "Die Person ist nicht freigegeben: Die nächste Übertragung meldet sie ab und sendet nichts davon."
            )
        return _("Die Person ist nicht freigegeben; gesendet wird nichts davon.")
    if person.findings or person.tenant_findings:
        return _("Solange etwas fehlt, wird nichts davon gesendet.")
    return ""


def mediator_chosen_text(person: Explanation) -> str:
    """When the network learns of the mediator who was just chosen, if it does."""
    registration = person.registration
    if registration is None or not registration.released:
        if registration and registration.announced:
            return _("Gewählt. Die Person ist nicht mehr freigegeben; die nächste Übertragung meldet sie ab.")
        return _("Gewählt. Das Jobportal erfährt es, wenn die Person freigegeben ist.")
    if person.findings or person.tenant_findings:
        return _("Gewählt. Das Jobportal erfährt es mit der ersten Übertragung, sobald nichts mehr fehlt.")
    return _("Gewählt. Das Jobportal erfährt es mit der nächsten Übertragung.")


def mediator_pending_text(person: Explanation) -> str:
    """From when on another mediator holds in the network; empty where that is not to come."""
    registration, announced = person.registration, person.told_mediator
    if not person.mediator_change_pending or registration is None or not registration.released:
        return ""
    name = announced.last_name if announced else _("niemanden")
    if person.findings or person.tenant_findings:
        return _(
            "Das Jobportal kennt noch %(name)s; die Änderung gilt dort erst, wenn nichts mehr fehlt und die Person "
            "übertragen ist.",
            name=name,
        )
    return _(
        "Das Jobportal kennt noch %(name)s; die Änderung gilt dort ab der nächsten Übertragung.", name=name
    )


def revoking_text(person: Explanation) -> str:
    """What follows from revoking the release of a person."""
    if _may_be_known(person):
        return _("Die nächste Übertragung meldet die Person beim Jobportal ab; dort wird sie archiviert.")
    return _("Das Jobportal weiß noch nichts von der Person: Abzumelden ist nichts, gesendet wird nichts.")


def revoked_text(person: Explanation) -> str:
    """What follows from the revocation that was just made."""
    if _may_be_known(person):
        return _("Die Freigabe ist aufgehoben. Die nächste Übertragung meldet die Person ab.")
    return _("Die Freigabe ist aufgehoben. Das Jobportal weiß nichts von der Person; abzumelden ist nichts.")


def _may_be_known(person: Explanation) -> bool:
    """Return whether the network was told of a person, or perhaps was by a commit without an answer."""
    announced = person.registration is not None and person.registration.announced
    return announced or (person.delivery is not None and person.delivery.commit_attempted_at is not None)


def withdrawal_text(withdrawal: Withdrawal) -> str:
    """When we learned that consent had ended, and when the network did."""
    known = withdrawal.known_at
    said = [_("Widerruf am %(day)s um %(at)s bekannt", day=day(known), at=clock(known))]
    if withdrawal.arrived_at is None or withdrawal.seconds is None:
        return ", ".join([*said, _("noch nicht beim Jobportal angekommen")])
    arrived = _at(withdrawal.arrived_at, known)
    took = span(withdrawal.seconds)
    said.append(_("um %(at)s beim Jobportal angekommen (%(span)s)", at=arrived, span=took))
    if withdrawal.confirmed_at is not None:
        said.append(_("um %(at)s bestätigt", at=_at(withdrawal.confirmed_at, known)))
    return ", ".join(said)


def _at(moment: dt.datetime, known: dt.datetime) -> str:
    """Return the time; with its date where that is another."""
    return clock(moment) if day(moment) == day(known) else f"{clock(moment)} ({day(moment)})"


def request_text(number: str, findings: Sequence[Finding]) -> str:
    """Return a request to mend these in Qualli.life, ready to send, without a name; empty if none is mended there."""
    mended = [(FINDINGS[finding].text, path) for finding in findings if (path := FINDINGS[finding].path)]
    if not mended:
        return ""
    asked = "; ".join(f"{text} ({path})" for text, path in mended)
    return _(
        "Teilnehmer/in %(number)s kann noch nicht ans Jobportal übertragen werden. Bitte in Qualli.life "
        "in Ordnung bringen: %(asked)s. Danke!",
        number=number,
        asked=asked,
    )

"""What the network's answers say about a participant."""

from __future__ import annotations

from portal.domain.releases import Registration
from portal.domain.rules.status import read_reason
from portal.webkit.labels import label_of
from portal.webkit.languages import gettext as _


def archived_text(registration: Registration) -> str:
    """Return why the network archived a person, in words."""
    reason = reason_text(registration.archive_reason) or _("ohne einen Grund zu nennen")
    return f"{reason} – {registration.archive_detail}" if registration.archive_detail else reason


def rejected_text(registration: Registration) -> str:
    """Return why the network rejected a person, in words."""
    reason = reason_text(registration.rejection_reason) or _("ohne einen Grund zu nennen")
    return f"{reason} – {registration.rejection_detail}" if registration.rejection_detail else reason


def clarification_text(code: str) -> str:
    """What does not fit, and so has to be looked into."""
    texts: dict[str, str] = {
        "answer-missing": _(
            "Das Jobportal hat die Übertragung abgeschlossen, ohne zu dieser Person zu antworten."
        ),
        "answers-contradict": _(
            "Das Jobportal hat zu einer Übertragung zweimal geantwortet, und verschieden."
        ),
        "applicant-id-taken": _("Das Jobportal nennt eine Bewerber-ID, die schon jemand anderem gehört."),
    }
    return texts.get(code) or _("Eine Antwort des Jobportals passt nicht zu dem, was hier bekannt ist.")


def reason_text(word: str | None) -> str:
    """Return the network's reason in words; one we do not know counts as invalid data, and is shown as it came."""
    reason = read_reason(word)
    if reason is None:
        return ""
    text = str(label_of(reason).text)
    return text if word == reason.value else f"{text} ({word})"

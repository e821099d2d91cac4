"""What is said of a decision for many people: before, while and after it is carried out."""

from __future__ import annotations

from collections.abc import Callable

from portal.bulk.execution import WITHDRAWN
from portal.bulk.preview import PreviewGroup
from portal.bulk.queries import Group
from portal.core.refusal import Refusal
from portal.domain.bulk import BulkAction, BulkOutcome, BulkRun
from portal.domain.rules.preflight import Finding
from portal.releases.errors import ConsentToConfirm
from portal.releases.finding_labels import FINDINGS
from portal.webkit.languages import gettext as _
from portal.webkit.languages import ngettext
from portal.webkit.messages import message


def title(run: BulkRun) -> str:
    """What the decision is."""
    titles = {
        BulkAction.RELEASE: _("Freigeben"),
        BulkAction.REVOKE: _("Freigabe aufheben"),
        BulkAction.MEDIATOR: _("Vermittler/in ändern"),
        BulkAction.TRANSFER: _("Jetzt übertragen"),
    }
    return str(titles[run.action])


def start_text(run: BulkRun) -> str:
    """What the button says that carries the decision out."""
    texts = {
        BulkAction.RELEASE: _("Jetzt freigeben"),
        BulkAction.REVOKE: _("Freigaben jetzt aufheben"),
        BulkAction.MEDIATOR: _("Jetzt ändern"),
        BulkAction.TRANSFER: _("Jetzt übertragen"),
    }
    return str(texts[run.action])


def preview_text(run: BulkRun, group: PreviewGroup, number: int) -> str:
    """Return how many people this awaits."""
    if group is PreviewGroup.GOES:
        return _GOES[run.action](number)
    return _UNCHANGED[run.action](number) if group is PreviewGroup.UNCHANGED else _NOT_DONE[group](number)


_NOT_DONE: dict[PreviewGroup, Callable[[int], str]] = {
    PreviewGroup.WITHDRAWS: lambda number: ngettext(
        "%(num)s Person wird beim Jobportal abgemeldet: Sie ist nicht mehr freigegeben",
        "%(num)s Personen werden beim Jobportal abgemeldet: Sie sind nicht mehr freigegeben",
        number,
    ),
    PreviewGroup.CONFIRM: lambda number: ngettext(
        "%(num)s Person nur, wenn Sie bestätigen, dass ihre Einverständniserklärung vorliegt",
        "%(num)s Personen nur, wenn Sie bestätigen, dass ihre Einverständniserklärung vorliegt",
        number,
    ),
    PreviewGroup.ENDING: lambda number: ngettext(
        "%(num)s Person kann nicht freigegeben werden: Einverständnis widerrufen oder abgelaufen, nicht mehr in "
        "Qualli.life, oder die Nummer gehört vielleicht einer anderen Person",
        "%(num)s Personen können nicht freigegeben werden: Einverständnis widerrufen oder abgelaufen, nicht mehr in "
        "Qualli.life, oder die Nummer gehört vielleicht einer anderen Person",
        number,
    ),
    PreviewGroup.BLOCKED: lambda number: ngettext(
        "%(num)s Person ist blockiert; von ihr kann noch nichts gesendet werden",
        "%(num)s Personen sind blockiert; von ihnen kann noch nichts gesendet werden",
        number,
    ),
}
_GOES: dict[BulkAction, Callable[[int], str]] = {
    BulkAction.RELEASE: lambda number: ngettext(
        "%(num)s Person wird freigegeben", "%(num)s Personen werden freigegeben", number
    ),
    BulkAction.REVOKE: lambda number: ngettext(
        "Bei %(num)s Person wird die Freigabe aufgehoben",
        "Bei %(num)s Personen wird die Freigabe aufgehoben",
        number,
    ),
    BulkAction.MEDIATOR: lambda number: ngettext(
        "%(num)s Person bekommt diese Vermittlung", "%(num)s Personen bekommen diese Vermittlung", number
    ),
    BulkAction.TRANSFER: lambda number: ngettext(
        "%(num)s Person wird übertragen", "%(num)s Personen werden übertragen", number
    ),
}
_UNCHANGED: dict[BulkAction, Callable[[int], str]] = {
    BulkAction.RELEASE: lambda number: ngettext(
        "%(num)s Person ist schon freigegeben", "%(num)s Personen sind schon freigegeben", number
    ),
    BulkAction.REVOKE: lambda number: ngettext(
        "%(num)s Person ist nicht freigegeben", "%(num)s Personen sind nicht freigegeben", number
    ),
    BulkAction.MEDIATOR: lambda number: ngettext(
        "%(num)s Person hat diese Vermittlung schon", "%(num)s Personen haben diese Vermittlung schon", number
    ),
    BulkAction.TRANSFER: lambda number: ngettext(
        "Von %(num)s Person gibt es nichts zu übertragen: nicht freigegeben, und im Jobportal nicht bekannt",
        "Von %(num)s Personen gibt es nichts zu übertragen: nicht freigegeben, und im Jobportal nicht bekannt",
        number,
    ),
}
_DONE: dict[BulkAction, Callable[[int], str]] = {
    BulkAction.RELEASE: lambda number: ngettext(
        "%(num)s Person freigegeben", "%(num)s Personen freigegeben", number
    ),
    BulkAction.REVOKE: lambda number: ngettext(
        "Bei %(num)s Person Freigabe aufgehoben", "Bei %(num)s Personen Freigabe aufgehoben", number
    ),
    BulkAction.MEDIATOR: lambda number: ngettext(
        "Bei %(num)s Person Vermittler/in geändert", "Bei %(num)s Personen Vermittler/in geändert", number
    ),
    BulkAction.TRANSFER: lambda number: ngettext(
        "%(num)s Person zur Übertragung gegeben", "%(num)s Personen zur Übertragung gegeben", number
    ),
}


def group_text(run: BulkRun, group: Group) -> str:
    """What happened to these people."""
    if group.outcome is None:
        return str(
            ngettext(
                "%(num)s Person noch nicht an der Reihe",
                "%(num)s Personen noch nicht an der Reihe",
                group.number,
            )
        )
    if group.outcome is BulkOutcome.DONE and group.code == WITHDRAWN:
        return str(
            ngettext(
                "%(num)s Person zur Abmeldung gegeben", "%(num)s Personen zur Abmeldung gegeben", group.number
            )
        )
    if group.outcome is BulkOutcome.DONE:
        return _DONE[run.action](group.number)
    if group.outcome is BulkOutcome.UNCHANGED:
        return _UNCHANGED[run.action](group.number)
    start = ngettext("%(num)s Person abgelehnt", "%(num)s Personen abgelehnt", group.number)
    return f"{start}: {refused_text(run, group.code, group.finding)}"


def refused_text(run: BulkRun, code: str | None, finding: str | None) -> str:
    """Return why it was refused."""
    if code == ConsentToConfirm.code:
        return _("Dass die Einverständniserklärung vorliegt, hat niemand bestätigt.")
    if code == "blocked":
        return _("Blockiert: Erst muss behoben werden, was fehlt.")
    if finding:
        return str(FINDINGS[Finding(finding)].text)
    return message(Refusal(code or "", **run.problem_values))


def outcome_text(run: BulkRun, outcome: BulkOutcome | None, code: str | None, finding: str | None) -> str:
    """What became of one person, for the report."""
    if outcome is BulkOutcome.REFUSED:
        return refused_text(run, code, finding)
    if outcome is BulkOutcome.DONE and code == WITHDRAWN:
        return _("zur Abmeldung gegeben")
    words = {
        None: _("noch nicht an der Reihe"),
        BulkOutcome.DONE: _("erledigt"),
        BulkOutcome.UNCHANGED: _("war schon so"),
    }
    return str(words[outcome])

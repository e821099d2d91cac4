"""What notices about deliveries, answers and the network say. Never a person's name."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext as _

from portal.domain.notice_kinds import NoticeKind
from portal.notices.words import Data, Words, moment_of
from portal.tenants.labels import problem_text
from portal.webkit.languages import ngettext


def _answers_late(level: int, data: Data) -> Words:
    days = ngettext("seit mehr als %(num)s Arbeitstag", "seit mehr als %(num)s Arbeitstagen", data["days"])
    titles = (
        _("Erinnerung: Eine Antwort steht aus"),
        _("Eine Antwort ist überfällig"),
        _("Eine fehlende Antwort ist zu klären"),
        _("Eine fehlende Antwort ist an die Betreuung gegeben"),
    )
    advice = (
        _("Meist kommt sie von selbst; zu tun ist noch nichts."),
        _("Sehen Sie nach, wer betroffen ist."),
        _("Fragen Sie beim Jobportal nach, was aus der Übertragung geworden ist."),
        _("Die Betreuung klärt das mit dem Jobportal."),
    )
    text = _(
        "Das Jobportal hat %(days)s nicht geantwortet; die älteste Übertragung ist vom %(since)s.",
        days=days,
        since=moment_of(data["since"]),
    )
    return Words(titles[level - 1], text, advice[level - 1], "/participants?sort=waiting")


def _answers_stuck(_level: int, data: Data) -> Words:
    text = _("Betroffen ist die Übertragung %(number)s.", number=data.get("delivery"))
    return Words(
        _("Antworten kommen nicht weiter"),
        f"{text} {problem_text(data.get('problem'))}".strip(),
        _(
            "Gefragt wird weiter, mit Pausen. Auf ihrer Seite steht, was daraus folgt und wie das Warten endet."
        ),
        _delivery_path(data),
    )


def _clarification(_level: int, data: Data) -> Words:
    text = ngettext(
        "Bei %(num)s Person fehlt eine Antwort des Jobportals oder passt nicht, oder ihre Nummer gehört vielleicht "
        "einer anderen Person.",
        "Bei %(num)s Personen fehlen Antworten des Jobportals oder passen nicht, oder ihre Nummern gehören "
        "vielleicht anderen Personen.",
        data["people"],
    )
    advice = _("Das Logbuch der Person sagt, was nicht passt.")
    return Words(_("Etwas ist zu klären"), text, advice, "/participants?phase=clarification")


def _mediator_unknown(_level: int, data: Data) -> Words:
    numbers = ", ".join(data.get("mediators", ())) + (" …" if data.get("more") else "")
    text = ngettext(
        "Das Jobportal hat %(num)s freigegebene Person archiviert, weil es ihre Vermittlung nicht kennt "
        "(Vermittler-ID %(numbers)s).",
        "Das Jobportal hat %(num)s freigegebene Personen archiviert, weil es ihre Vermittlung nicht kennt "
        "(Vermittler-ID %(numbers)s).",
        data["people"],
        numbers=numbers,
    )
    advice = _(
        "Legen Sie die Vermittlung dort mit ihrer Vermittler-ID an, oder übergeben Sie ihre Personen an eine, die das "
        "Jobportal kennt."
    )
    return Words(
        _("Das Jobportal kennt eine Vermittlung nicht"), text, advice, "/participants?phase=mediator-unknown"
    )


def _delivery_held(_level: int, data: Data) -> Words:
    text = _("Die Übertragung %(number)s ist angehalten.", number=data.get("delivery"))
    why = problem_text(data.get("problem"))
    return Words(
        _("Eine Übertragung ist angehalten"),
        f"{text} {why}".strip(),
        _("Sehen Sie nach, wer ausscheiden würde, und lassen Sie sie durch oder verwerfen Sie sie."),
        _delivery_path(data),
    )


def _many_held(_level: int, data: Data) -> Words:
    text = ngettext(
        "Die Übertragung von %(num)s Mandanten ist angehalten: %(names)s.",
        "Die Übertragungen von %(num)s Mandanten sind angehalten: %(names)s.",
        data["tenants"],
        names=", ".join(data["slugs"]) + (" …" if data["tenants"] > len(data["slugs"]) else ""),
    )
    advice = _("Das hat vermutlich eine Ursache: Sehen Sie zuerst nach, was die Importe gebracht haben.")
    return Words(_("Viele Übertragungen sind angehalten"), text, advice, "/operations")


def _delivery_missing(_level: int, data: Data) -> Words:
    texts = {
        "not-planned": _("Die nächtliche Übertragung war fällig und wurde nicht begonnen."),
        "stuck": _(
            "Die Übertragung %(number)s kommt seit Stunden nicht weiter.", number=data.get("delivery")
        ),
        "nothing-sent": _("Seit zwei Nächten wurde nichts übertragen, obwohl Personen freigegeben sind."),
    }
    advice = _("Sehen Sie auf der Seite „Betrieb“ nach, ob die Dienste laufen.")
    return Words(_("Eine Übertragung fehlt"), texts[data["why"]], advice, "/deliveries")


def _outcome_unknown(_level: int, data: Data) -> Words:
    text = _(
        "Was aus der Übertragung %(number)s geworden ist, ist seit über einer Stunde unbekannt.",
        number=data.get("delivery"),
    )
    advice = _("Es wird weiter nachgefragt. Bleibt es dabei, so fragen Sie beim Jobportal nach.")
    return Words(_("Ausgang unbekannt"), text, advice, _delivery_path(data))


def _crashed(_level: int, data: Data) -> Words:
    if "import" in data:
        text = _("Der Import %(number)s ist mehrmals abgebrochen.", number=data["import"])
        path = f"/imports/{data['import']}"
    else:
        text = _("Die Übertragung %(number)s ist mehrmals abgebrochen.", number=data.get("delivery"))
        path = _delivery_path(data)
    advice = _("Sehen Sie im Log nach, woran (job_failed, crashed_too_often).")
    return Words(_("Eine Aufgabe bricht immer wieder ab"), text, advice, path)


def _reconcile(_level: int, _data: Data) -> Words:
    return Words(
        _("Abgleich nötig"),
        _(
            "Das Jobportal kennt Übertragungen, die hier nicht bekannt sind. Bis das geklärt ist, wartet alles."
        ),
        _("Vermutlich wurde eine ältere Sicherung eingespielt. Die Betreuung gleicht ab."),
        "/deliveries",
    )


def _account_doubted(_level: int, data: Data) -> Words:
    waits = _("Bis das entschieden ist, wartet alles.")
    return Words(
        _("Anderes Konto im Jobportal"),
        f"{problem_text(data.get('problem'))} {waits}",
        _("Hinterlegen Sie die richtigen Zugangsdaten, oder nehmen Sie das Konto an."),
        "/deliveries/network-account",
    )


def _quarantine(_level: int, data: Data) -> Words:
    text = _("Das Jobportal hat mehrmals hintereinander nicht geantwortet oder uns abgewiesen.")
    return Words(
        _("Ein Jobportal ist ausgesetzt"),
        f"{text} {problem_text(data.get('problem'))}".strip(),
        _("Es wird jede Minute gefragt, ob es wieder da ist; dann geht alles von selbst weiter."),
        "/operations",
    )


def _token_refused(_level: int, data: Data) -> Words:
    return Words(
        _("Die Zugangsdaten gelten nicht mehr"),
        str(problem_text(data.get("problem"))),
        _("Lassen Sie sich vom Jobportal neue geben, und hinterlegen Sie sie in den Einstellungen."),
        "/settings",
    )


def _delivery_path(data: Data) -> str:
    return f"/deliveries/{data['delivery']}" if data.get("delivery") else "/deliveries"


DELIVERY_WORDS: dict[NoticeKind, Callable[[int, Data], Words]] = {
    NoticeKind.ANSWERS_LATE: _answers_late,
    NoticeKind.ANSWERS_STUCK: _answers_stuck,
    NoticeKind.CLARIFICATION: _clarification,
    NoticeKind.MEDIATOR_UNKNOWN: _mediator_unknown,
    NoticeKind.DELIVERY_HELD: _delivery_held,
    NoticeKind.MANY_HELD: _many_held,
    NoticeKind.DELIVERY_MISSING: _delivery_missing,
    NoticeKind.OUTCOME_UNKNOWN: _outcome_unknown,
    NoticeKind.CRASHED: _crashed,
    NoticeKind.RECONCILE: _reconcile,
    NoticeKind.ACCOUNT_DOUBTED: _account_doubted,
    NoticeKind.QUARANTINE: _quarantine,
    NoticeKind.TOKEN_REFUSED: _token_refused,
}

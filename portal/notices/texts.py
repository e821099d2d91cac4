"""What a notice says, on pages and in mails: what is the matter, what to do, and where. Never a person's name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from flask_babel import gettext as _

from portal.domain.notice_kinds import NoticeKind
from portal.notices.delivery_texts import DELIVERY_WORDS
from portal.notices.words import Data, Words, moment_of
from portal.webkit.languages import day, ngettext


def words_of(kind: NoticeKind, level: int, data: Data) -> Words:
    """Return the words of a notice at `level`."""
    return _WORDS[kind](level, data)


def _licence_ending(_level: int, data: Data) -> Words:
    until = day(dt.date.fromisoformat(data["until"]))
    ended = data["days"] < 0
    return Words(
        _("Die Lizenz ist abgelaufen") if ended else _("Die Lizenz läuft ab"),
        _("Die Lizenz für das Modul „Jobportal“ galt bis %(until)s.", until=until)
        if ended
        else _("Die Lizenz für das Modul „Jobportal“ gilt noch bis %(until)s.", until=until),
        _("Danach wird niemand mehr übertragen; Antworten und Abmeldungen gehen weiter. Verlängern Sie sie."),
        "/settings",
    )


def _network_licence_ending(_level: int, data: Data) -> Words:
    until = day(dt.date.fromisoformat(data["until"]))
    ended = data["days"] < 0
    return Words(
        _("Die Lizenz beim Jobportal ist abgelaufen") if ended else _("Die Lizenz beim Jobportal läuft ab"),
        _("Ihr Zugang beim Jobportal galt bis %(until)s.", until=until)
        if ended
        else _("Ihr Zugang beim Jobportal gilt noch bis %(until)s.", until=until),
        _("Verlängern kann ihn nur das Jobportal selbst."),
        "/settings",
    )


def _api_token_ending(_level: int, data: Data) -> Words:
    until, ended = moment_of(data["until"]), data["ended"]
    return Words(
        _("Ein HTTP-Token ist abgelaufen") if ended else _("Ein HTTP-Token läuft ab"),
        _("Der Token „%(name)s“ galt bis %(until)s.", name=data["name"], until=until)
        if ended
        else _("Der Token „%(name)s“ gilt noch bis %(until)s.", name=data["name"], until=until),
        _(
            "Danach wird abgewiesen, was Qualli.life mit ihm sendet. Erzeugen Sie einen neuen, hinterlegen Sie ihn "
            "dort, und widerrufen Sie den alten."
        ),
        "/settings/tokens",
    )


def _import_silent(_level: int, data: Data) -> Words:
    text = ngettext(
        "Seit mehr als %(num)s Arbeitstag kam kein Import aus Qualli.life; der letzte war am %(since)s.",
        "Seit mehr als %(num)s Arbeitstagen kam kein Import aus Qualli.life; der letzte war am %(since)s.",
        data["days"],
        since=moment_of(data["since"]),
    )
    advice = _("Übertragen wird der alte Stand. Prüfen Sie den Export in Qualli.life.")
    return Words(_("Es kommen keine Importe"), text, advice, "/imports")


def _import_held(_level: int, data: Data) -> Words:
    return Words(
        _("Ein Import ist angehalten"),
        _(
            "Der Import %(number)s ist noch nicht übernommen: Erst muss jemand entscheiden.",
            number=data["import"],
        ),
        _("Prüfen Sie den Export, und lassen Sie den Import durch oder verwerfen Sie ihn."),
        f"/imports/{data['import']}",
    )


def _worker_silent(_level: int, data: Data) -> Words:
    return Words(
        _("Kein Dienst überträgt"),
        _("Kein „jobbruecke worker“ meldet sich. Freigaben werden gespeichert, aber nicht übertragen.")
        + _last_seen(data),
        _("Starten Sie ihn; was fällig ist, wird nachgeholt."),
        "/operations",
    )


def _cron_silent(_level: int, data: Data) -> Words:
    return Words(
        _("Der Zeitgeber steht"),
        _("„jobbruecke cron“ meldet sich nicht. Nächtliche Übertragungen beginnen nicht.") + _last_seen(data),
        _("Starten Sie ihn; was fällig war, wird einmal nachgeholt."),
        "/operations",
    )


def _mail_silent(_level: int, data: Data) -> Words:
    text = ngettext("%(num)s Mail wartet", "%(num)s Mails warten", data["waiting"])
    lost = ngettext("%(num)s wurde aufgegeben", "%(num)s wurden aufgegeben", data["given_up"])
    return Words(
        _("Mails kommen nicht an"),
        f"{text}, {lost}.",
        _("Prüfen Sie mit „jobbruecke check“, ob der Mailserver erreichbar ist."),
        "/operations",
    )


def _last_seen(data: Data) -> str:
    if not data.get("since"):
        return ""
    return str(" " + _("Zuletzt meldete er sich am %(since)s.", since=moment_of(data["since"])))


_WORDS: dict[NoticeKind, Callable[[int, Data], Words]] = {
    **DELIVERY_WORDS,
    NoticeKind.LICENCE_ENDING: _licence_ending,
    NoticeKind.NETWORK_LICENCE_ENDING: _network_licence_ending,
    NoticeKind.API_TOKEN_ENDING: _api_token_ending,
    NoticeKind.IMPORT_SILENT: _import_silent,
    NoticeKind.IMPORT_HELD: _import_held,
    NoticeKind.WORKER_SILENT: _worker_silent,
    NoticeKind.CRON_SILENT: _cron_silent,
    NoticeKind.MAIL_SILENT: _mail_silent,
}

"""Language, time zone and theme of a page. The source texts are German, English is a catalogue."""

from __future__ import annotations

import datetime as dt

import flask_babel
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, get_domain, get_locale, get_timezone

from portal.core.paths import PACKAGE

LANGUAGES = {"de": "Deutsch", "en": "English"}
THEMES = ("auto", "light", "dark")
SWITCH = ("on", "off")
_DATE = {"de": "dd.MM.yyyy", "en": "d MMM yyyy"}


def init_app(app: Flask) -> None:
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(PACKAGE / "translations")
    app.config["BABEL_DEFAULT_LOCALE"] = "de"
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Europe/Berlin"
    Babel(app, locale_selector=find_language, timezone_selector=_find_time_zone)
    app.jinja_env.filters.update(moment=moment, clock=clock, day=day, number=number)
    app.jinja_env.globals.update(
        LANGUAGES=LANGUAGES,
        THEMES=THEMES,
        language=find_language,
        theme=find_theme,
        shortcuts=find_shortcuts,
        ngettext=ngettext,
    )


def find_language() -> str:
    """Return the language that the user chose, German by default. API clients name it with each request."""
    if has_request_context() and request.path.startswith("/api/"):
        return _wanted_most()
    chosen = request.cookies.get("language") if has_request_context() else None
    return chosen if chosen in LANGUAGES else "de"


def _wanted_most() -> str:
    """The language that a program likes best, whichever country's: `en-US, de;q=0.9` is English (RFC 9110, 12.5.4).

    Matching whole tags first would make German of it.
    """
    for tag, quality in request.accept_languages:  # the best first
        language = tag.partition("-")[0].lower()
        if quality > 0 and language in LANGUAGES:
            return language
    return "de"


def find_theme() -> str:
    """Return the theme that the user chose; `auto` follows the device."""
    chosen = request.cookies.get("theme", "auto")
    return chosen if chosen in THEMES else "auto"


def find_shortcuts() -> bool:
    """Return whether the user switched on keyboard shortcuts; off by default, since single keys may surprise."""
    return request.cookies.get("shortcuts") == "on"


def number(value: int) -> str:
    """A whole number with the language's groups: 12.345."""
    return str(format_decimal(value, locale=get_locale()))


def gettext(text: str, **values: object) -> str:
    """Return the translated text with these values in it."""
    return str(flask_babel.gettext(text, **values))


def ngettext(singular: str, plural: str, num: int, **values: object) -> str:
    """Return the translated text for `num`, which stands in it as the language writes it."""
    text = get_domain().get_translations().ungettext(singular, plural, num)
    return str(text % ({"num": number(num)} | values))


def moment(value: dt.datetime) -> str:
    """Date and time in the tenant's zone: 24.11.2026, 22:00."""
    return format_datetime(value, f"{_DATE[_language()]}, HH:mm", tzinfo=get_timezone(), locale=get_locale())


def clock(value: dt.datetime) -> str:
    """Return the time alone."""
    return format_time(value, "HH:mm:ss", tzinfo=get_timezone(), locale=get_locale())


def day(value: dt.date) -> str:
    """Return the date alone; of a time, in the tenant's zone."""
    if isinstance(value, dt.datetime):
        value = value.astimezone(get_timezone())
    return format_date(value, _DATE[_language()], locale=get_locale())


def _language() -> str:
    locale = get_locale()
    return locale.language if locale and locale.language in _DATE else "de"


def _find_time_zone() -> str:
    found: str = g.get("time_zone", "Europe/Berlin")
    return found

"""What goes wrong, in words: what happened, and whether anything was lost. One sentence for pages and programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l


@dataclass(frozen=True)
class ErrorText:
    """An error in words."""

    title: Any
    happened: Any
    lost: Any


NOTHING_LOST = _l("Es ist nichts verloren gegangen und nichts geändert worden.")
ERROR_TEXTS = {
    400: ErrorText(
        _l("Die Anfrage war nicht verständlich"),
        _l("Der Browser hat etwas gesendet, das wir nicht lesen können."),
        NOTHING_LOST,
    ),
    401: ErrorText(
        _l("Sie sind nicht angemeldet"), _l("Für diese Seite müssen Sie sich anmelden."), NOTHING_LOST
    ),
    403: ErrorText(
        _l("Das ist Ihnen nicht erlaubt"),
        _l("Ihre Rolle erlaubt das nicht. Wenn Sie es brauchen, fragen Sie Ihre Leitung."),
        NOTHING_LOST,
    ),
    404: ErrorText(
        _l("Das gibt es hier nicht"),
        _l("Unter dieser Adresse ist nichts zu finden, oder es gehört nicht zu Ihrem Mandanten."),
        NOTHING_LOST,
    ),
    405: ErrorText(
        _l("So lässt sich die Adresse nicht aufrufen"),
        _l("Diese Adresse ist nur das Ziel eines Formulars."),
        NOTHING_LOST,
    ),
    406: ErrorText(
        _l("In dieser Form gibt es das nicht"),
        _l("Verlangt wurde eine Art von Antwort, die es unter dieser Adresse nicht gibt."),
        NOTHING_LOST,
    ),
    408: ErrorText(
        _l("Das hat zu lange gedauert"),
        _l("Die Anfrage kam nicht rechtzeitig vollständig an. Bitte versuchen Sie es noch einmal."),
        NOTHING_LOST,
    ),
    409: ErrorText(
        _l("Das geht gerade nicht"),
        _l("Jemand anderes war schneller, oder der Stand hat sich inzwischen geändert."),
        NOTHING_LOST,
    ),
    410: ErrorText(
        _l("Das gibt es nicht mehr"),
        _l("Unter dieser Adresse war etwas, das inzwischen gelöscht ist."),
        NOTHING_LOST,
    ),
    411: ErrorText(
        _l("Die Länge fehlt"),
        _l("Die Anfrage sagt nicht, wie lang sie ist."),
        NOTHING_LOST,
    ),
    412: ErrorText(
        _l("Der Stand ist ein anderer"),
        _l("Die Anfrage galt einem Stand, den es nicht mehr gibt. Laden Sie die Seite neu."),
        NOTHING_LOST,
    ),
    413: ErrorText(
        _l("Das ist zu groß"),
        _l("Es wurde mehr gesendet, als hier angenommen wird."),
        _l("Das Gesendete wurde nicht angenommen. Sonst ist nichts verloren gegangen."),
    ),
    414: ErrorText(
        _l("Die Adresse ist zu lang"),
        _l("Die Adresse ist länger, als hier angenommen wird. Wählen Sie weniger Filter auf einmal."),
        NOTHING_LOST,
    ),
    415: ErrorText(
        _l("Diese Art von Daten wird hier nicht gelesen"),
        _l("Gesendet wurde etwas anderes als das, was diese Adresse annimmt."),
        NOTHING_LOST,
    ),
    417: ErrorText(
        _l("Diese Erwartung wird nicht erfüllt"),
        _l("Die Anfrage erwartet etwas, das dieser Server nicht kann."),
        NOTHING_LOST,
    ),
    422: ErrorText(
        _l("Die Eingabe passt nicht"),
        _l("Etwas an der Eingabe stimmt nicht."),
        NOTHING_LOST,
    ),
    428: ErrorText(
        _l("Es fehlt, worauf sich das bezieht"),
        _l("Die Anfrage sagt nicht, welchem Stand sie gilt. Laden Sie die Seite neu."),
        NOTHING_LOST,
    ),
    429: ErrorText(
        _l("Zu viele Versuche"),
        _l("Es kamen zu viele Anfragen nacheinander. Bitte warten Sie kurz und versuchen Sie es erneut."),
        NOTHING_LOST,
    ),
    431: ErrorText(
        _l("Der Browser sendet zu viel mit"),
        _l("Die Kopfzeilen der Anfrage sind zu lang. Oft hilft es, die Cookies dieser Seite zu löschen."),
        NOTHING_LOST,
    ),
    500: ErrorText(
        _l("Bei uns ist ein Fehler aufgetreten"),
        _l("Das hätte nicht passieren dürfen. Bitte nennen Sie der Betreuung die Nummer unten."),
        _l("Was Sie gerade geändert haben, wurde nicht gespeichert. Alles andere ist unverändert."),
    ),
    501: ErrorText(
        _l("Das kann dieser Server nicht"),
        _l("Die Anfrage verlangt etwas, das es hier nicht gibt."),
        NOTHING_LOST,
    ),
    502: ErrorText(
        _l("Die Gegenseite antwortet nicht verständlich"),
        _l("Ein anderes System hat etwas geantwortet, das wir nicht lesen können. Es wird weiter versucht."),
        NOTHING_LOST,
    ),
    503: ErrorText(
        _l("Gerade nicht erreichbar"),
        _l("Die Datenbank antwortet nicht. Bitte versuchen Sie es in einer Minute erneut."),
        _l("Was Sie gerade geändert haben, wurde nicht gespeichert. Alles andere ist unverändert."),
    ),
    504: ErrorText(
        _l("Die Gegenseite antwortet nicht"),
        _l(
            "Ein anderes System hat nicht rechtzeitig geantwortet. Bitte versuchen Sie es in einer Minute erneut."
        ),
        NOTHING_LOST,
    ),
}
TOKEN_TROUBLE = ErrorText(
    _l("Das Formular gilt nicht mehr"),
    _l(
        "Es war zu lange offen, oder es kam nicht von dieser Seite. "
        "Laden Sie die Seite neu und senden Sie es noch einmal."
    ),
    NOTHING_LOST,
)


def error_text_for(status: int) -> ErrorText:
    """Return the words for a status; for an unlisted one those of its class (4xx, 5xx)."""
    return ERROR_TEXTS.get(status) or ERROR_TEXTS[500 if status >= 500 else 400]

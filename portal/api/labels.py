"""What the HTTP door refuses, and what is refused about its tokens; `portal.shell.messages` takes them in."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

API_SENTENCES: dict[str, Any] = {
    "content-type": _l("Gelesen wird nur application/x-ndjson in UTF-8: je Zeile ein JSON-Objekt."),
    "content-encoding": _l("Gelesen wird der Inhalt nur, wie er ist oder mit gzip gepackt."),
    "body-cut": _l("Die Anfrage ist nicht vollständig angekommen. Nichts davon wurde übernommen."),
    "body-not-gzip": _l("Der Inhalt lässt sich mit gzip nicht auspacken. Nichts davon wurde übernommen."),
    "mode-unknown": _l("mode ist entweder delta oder full, und steht höchstens einmal da."),
    "export-time-unreadable": _l(
        "exportiert_am ist ein Tag oder ein Zeitpunkt, etwa 2026-03-02T22:00:00+01:00, und steht höchstens einmal da."
    ),
    "idempotency-key": _l("Der Idempotency-Key hat 1 bis 200 sichtbare ASCII-Zeichen."),
    "control-characters": _l("In der Eingabe stehen Steuerzeichen oder Zeichen, die es nicht gibt."),
    # tokens
    "token-unknown": _l("Diesen Token gibt es hier nicht."),
    "token-revoked": _l("Dieser Token ist schon widerrufen."),
    "token-name-missing": _l("Geben Sie dem Token einen Namen."),
    "token-name-wrong": _l("Der Name hat höchstens %(most)s sichtbare Zeichen."),
    "token-name-taken": _l("Ein gültiger Token heißt schon so. Wählen Sie einen anderen Namen."),
    "token-days-wrong": _l("Ein Token gilt 1 bis %(most)s Tage."),
    "tokens-too-many": _l("Mehr als %(most)s gültige Tokens gibt es nicht. Widerrufen Sie erst einen."),
}

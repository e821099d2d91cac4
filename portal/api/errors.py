"""What the HTTP door refuses."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.core.refusal import Refusal


class ContentType(Refusal):
    sentence = _l("Gelesen wird nur application/x-ndjson in UTF-8: je Zeile ein JSON-Objekt.")
    status = 415


class ContentEncoding(Refusal):
    sentence = _l("Gelesen wird der Inhalt nur, wie er ist oder mit gzip gepackt.")
    status = 415


class BodyNotGzip(Refusal):
    sentence = _l("Der Inhalt lässt sich mit gzip nicht auspacken. Nichts davon wurde übernommen.")
    status = 400


class ModeUnknown(Refusal):
    sentence = _l("mode ist entweder delta oder full, und steht höchstens einmal da.")
    status = 400


class ExportTimeUnreadable(Refusal):
    sentence = _l(
        "exportiert_am ist ein Tag oder ein Zeitpunkt, etwa 2026-03-02T22:00:00+01:00, und steht höchstens einmal da."
    )
    status = 400


class IdempotencyKey(Refusal):
    sentence = _l("Der Idempotency-Key hat 1 bis 200 sichtbare ASCII-Zeichen.")
    status = 400

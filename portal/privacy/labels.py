"""What erasure and its blockers, and the register of columns, say in words."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.domain.rules.retention import ErasureBlocker
from portal.privacy.classes import Purpose, Sort, Subjects

ERASURE_BLOCKERS: dict[ErasureBlocker, Any] = {
    ErasureBlocker.RELEASED: _l("Freigegeben: Heben Sie erst die Freigabe auf."),
    ErasureBlocker.IN_DELIVERY: _l(
        "In einer Übertragung, die noch nicht durch ist: Warten Sie deren Ende ab."
    ),
    ErasureBlocker.ANNOUNCED: _l("Beim Jobportal gemeldet: Erst muss eine Übertragung sie abmelden."),
    ErasureBlocker.ARCHIVING: _l("Beim Jobportal abgemeldet; dessen Bestätigung steht noch aus."),
    ErasureBlocker.IN_BULK: _l("In einer Sammelaktion, die noch läuft: Warten Sie deren Ende ab."),
    ErasureBlocker.IMPORTING: _l(
        "Gerade läuft ein Import, der die Person nennen kann: Warten Sie dessen Ende ab."
    ),
}


PURPOSES: dict[Purpose, Any] = {
    Purpose.TRANSFER: _l(
        "Teilnehmende einem Jobportal melden, das passende Stellen sucht, und seine Antworten verarbeiten"
    ),
    Purpose.IMPORT: _l("Daten aus dem führenden System Qualli.life übernehmen"),
    Purpose.ACCESS: _l("Anmelden, Rechte prüfen, Konten schützen"),
    Purpose.ACCOUNTABILITY: _l("Nachweisen, wer wann was entschieden und gesendet hat (Art. 5 Abs. 2 DSGVO)"),
    Purpose.OPERATION: _l("Betrieb, Fehlersuche und Bedienung"),
}
BASES: dict[Purpose, Any] = {
    Purpose.TRANSFER: _l("Einwilligung, Art. 6 Abs. 1 Buchst. a DSGVO"),
    Purpose.IMPORT: _l("Einwilligung oder Vertrag mit der teilnehmenden Person; legt der Mandant fest"),
    Purpose.ACCESS: _l("Beschäftigungsverhältnis, Art. 6 Abs. 1 Buchst. b und f DSGVO"),
    Purpose.ACCOUNTABILITY: _l("Rechtliche Verpflichtung, Art. 6 Abs. 1 Buchst. c DSGVO"),
    Purpose.OPERATION: _l("Berechtigtes Interesse, Art. 6 Abs. 1 Buchst. f DSGVO"),
}
SUBJECTS: dict[Subjects, Any] = {
    Subjects.PARTICIPANTS: _l("Teilnehmende"),
    Subjects.MEDIATORS: _l("Beschäftigte des Mandanten (Vermittlung, Betreuung)"),
    Subjects.ACCOUNTS: _l("Wer sich anmelden darf"),
    Subjects.NOBODY: _l("niemand"),
}
SORTS: dict[Sort, Any] = {
    Sort.PERSONAL: _l("personenbezogen"),
    Sort.PSEUDONYMOUS: _l("pseudonym"),
    Sort.TECHNICAL: _l("technisch"),
}

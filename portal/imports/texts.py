"""What imports say, in words: why lines and files are not taken, and what a report notes."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.domain.import_kinds import Kind
from portal.imports.codes import Fault, FileFault, ImportProblem, Notice

IMPORT_TEXTS: dict[StrEnum, Any] = {
    Fault.MISSING: _l("Pflichtangabe fehlt"),
    Fault.REPEATED: _l("kommt in der Datei mehrmals vor"),
    Fault.TOO_LONG: _l("zu lang"),
    Fault.CONTROL_CHARACTERS: _l("enthält Steuerzeichen"),
    Fault.NOT_TEXT: _l("ist kein lesbarer Text"),
    Fault.LOOKALIKE: _l(
        "enthält ein Zeichen, das nur aussieht wie ein Buchstabe von A bis Z oder eine Ziffer"
    ),
    Fault.IDENTIFIER_IS_EMAIL: _l("eine E-Mail-Adresse ist keine Nummer"),
    Fault.IDENTIFIER_ALTERED: _l("sieht aus, als hätte eine Tabellenkalkulation die Nummer verändert"),
    Fault.IDENTIFIER_PLACEHOLDER: _l("ist keine Nummer, sondern ein Platzhalter oder eine Summenzeile"),
    Fault.IDENTIFIER_TWIN: _l(
        "unterscheidet sich von einer anderen Nummer nur in der Schreibweise, etwa in Groß- und Kleinbuchstaben"
    ),
    Fault.OTHER_PERSON: _l(
        "andere Person unter derselben Nummer? Name und Geburtsdatum sind auf einmal andere; entschieden wird das "
        "auf der Seite der Person"
    ),
    Fault.CODE_UNREADABLE: _l("ist der Fehlerwert einer Tabellenkalkulation oder Datenbank"),
    Fault.DATE_UNREADABLE: _l("Datum nicht lesbar (TT.MM.JJJJ oder JJJJ-MM-TT)"),
    Fault.DATE_IN_FUTURE: _l("Datum liegt in der Zukunft"),
    Fault.YES_NO_UNREADABLE: _l("weder ja noch nein"),
    Fault.NUMBER_UNREADABLE: _l("Zahl nicht lesbar"),
    Fault.CHECK_DIGIT_WRONG: _l("Prüfziffer stimmt nicht"),
    Fault.CHOICE_UNKNOWN: _l("unbekanntes Wort"),
    Fault.FIELD_COUNT: _l("mehr oder weniger Felder als die Kopfzeile"),
    Fault.QUOTES_UNREADABLE: _l("Anführungszeichen nicht lesbar"),
    Fault.NOT_UTF8: _l("ist kein UTF-8"),
    Fault.CHARACTERS_LOST: _l("Zeichen sind verloren gegangen (Ersatzzeichen U+FFFD)"),
    Fault.ENCODED_TWICE: _l("doppelt kodierte Zeichen („Ã¼“ statt „ü“)"),
    Fault.HEADER_AGAIN: _l("die Kopfzeile steht hier noch einmal"),
    Fault.NOT_JSON: _l("ist kein lesbares JSON"),
    Fault.NOT_AN_OBJECT: _l("ist kein JSON-Objekt"),
    Fault.NOT_A_LIST: _l("ist keine Liste von JSON-Objekten"),
    Fault.KEY_TWICE: _l("ein Schlüssel kommt zweimal vor"),
    Fault.TOO_MANY_KEYS: _l("zu viele Schlüssel"),
    Fault.LINE_OVER_LIMIT: _l("die Zeile ist länger als 64 KiB"),
    Fault.ORDER_UNKNOWN: _l("diesen Auftrag gibt es nicht"),
    Fault.PARTICIPANT_UNKNOWN: _l("diese Person gibt es nicht"),
    Fault.PARTICIPANT_REJECTED: _l("die Zeile der Person selbst wurde abgewiesen"),
    Fault.PROFILE_INCOMPLETE: _l("eine andere Zeile desselben Profils wurde abgewiesen"),
    FileFault.EMPTY: _l("die Datei ist leer"),
    FileFault.TWICE: _l("die Datei ist zweimal da"),
    FileFault.ENCODING_UNKNOWN: _l("weder UTF-8 noch Windows-1252; speichern Sie die Datei als „CSV UTF-8“"),
    FileFault.ENCODING_MIXED: _l("mehrere Zeichensätze in einer Datei; alle Zeilen müssen in UTF-8 sein"),
    FileFault.ENCODING_MAC: _l("der Zeichensatz ist Mac Roman; speichern Sie die Datei als „CSV UTF-8“"),
    FileFault.ENCODING_DOS: _l(
        "der Zeichensatz stammt von DOS (CP850 oder CP437); speichern Sie die Datei als „CSV UTF-8“"
    ),
    FileFault.ENCODING_UTF7: _l("der Zeichensatz ist UTF-7; speichern Sie die Datei als „CSV UTF-8“"),
    FileFault.ENCODING_UTF16: _l(
        "der Zeichensatz ist UTF-16 ohne Kennung am Anfang (BOM); speichern Sie die Datei als „CSV UTF-8“"
    ),
    FileFault.ENCODING_UTF16_LINES: _l("der Zeichensatz ist UTF-16; senden Sie UTF-8"),
    FileFault.ENCODING_UTF32: _l("der Zeichensatz ist UTF-32; speichern Sie die Datei als „CSV UTF-8“"),
    FileFault.ENCODED_TWICE: _l(
        "doppelt kodierte Zeichen („Ã¼“ statt „ü“); exportieren Sie die Datei neu, "
        "ohne sie in einem anderen Programm zu speichern"
    ),
    FileFault.CHARACTERS_LOST: _l(
        "Zeichen sind verloren gegangen (Ersatzzeichen U+FFFD); exportieren Sie die Datei neu in UTF-8"
    ),
    FileFault.NUL_BYTES: _l("die Datei enthält Nullbytes"),
    FileFault.LINE_ENDS: _l("die Zeilen enden mit CR; beenden Sie sie mit LF"),
    FileFault.END_MARK: _l(
        "auf diese Zeile mit dem Dateiende von DOS (Strg-Z) folgen weitere; exportieren Sie jede Datei für sich"
    ),
    FileFault.HEADER_UNREADABLE: _l("die Kopfzeile ist nicht lesbar"),
    FileFault.HEADER_MISSING: _l("diese Zeile ist keine Kopfzeile"),
    FileFault.HEADER_NOT_FIRST: _l(
        "diese Zeile ist keine Kopfzeile; löschen Sie, was vor der Kopfzeile steht"
    ),
    FileFault.DELIMITER_WRONG: _l("die Spalten sind nicht mit Semikolon getrennt"),
    FileFault.LINES_QUOTED: _l("jede Zeile steht als Ganzes in Anführungszeichen"),
    FileFault.COLUMN_MISSING: _l("eine Spalte fehlt"),
    FileFault.COLUMN_TWICE: _l("eine Spalte ist zweimal da"),
    FileFault.TOO_MANY_COLUMNS: _l("zu viele Spalten"),
    FileFault.LINE_TOO_LONG: _l("eine Zeile ist zu lang"),
    FileFault.CUT_OFF: _l("das Ende der Datei fehlt"),
    Notice.UNKNOWN_COLUMNS: _l("Unbekannte Spalten wurden übergangen"),
    Notice.UNKNOWN_FILES: _l("Unbekannte Dateien wurden übergangen"),
    Notice.FILE_ABSENT: _l("Eine Datei fehlt; über ihre Art sagt der Import nichts"),
    Notice.EVERYONE_STAYS: _l(
        "Eine Nummer war nicht lesbar oder doppelt: Durch diesen Import scheidet niemand aus"
    ),
    Notice.PROFILES_STAY: _l("Eine Profilzeile gehört zu niemand Bekanntem: Bestehende Profile bleiben"),
    Notice.ABSENT: _l("Der Export nennt nicht alle"),
    Notice.WITHDRAWAL_KEPT: _l(
        "Der Widerruf des Einverständnisses fehlt im Export oder ist älter als der bekannte (Personen: %(people)s). "
        "Er bleibt bestehen: Aufgehoben wird er nur durch ein Einverständnis mit späterem Datum."
    ),
    Notice.EXPORT_TIME_UNREADABLE: _l(
        "Wann exportiert wurde (exportiert_am), ist nicht lesbar; ob der Export veraltet ist, bleibt insoweit ungeprüft"
    ),
    Notice.ALSO_HELD: _l("Ein weiterer Grund"),
    Notice.WOULD_BE_HELD: _l("Ein echter Import dieser Dateien würde angehalten"),
    ImportProblem.SHRINKS: _l("Mehr als die Hälfte der Personen würde fehlen (%(leaving)s von %(before)s)"),
    ImportProblem.MEDIATORS_SHRINK: _l(
        "Mehr als die Hälfte der Vermittler/innen würde inaktiv (%(leaving)s von %(before)s)"
    ),
    ImportProblem.PROFILES_SHRINK: _l(
        "Mehr als die Hälfte der Profile würde entfallen (%(leaving)s von %(before)s)"
    ),
    ImportProblem.STALE: _l(
        "Der Export vom %(exported)s ist älter als der letzte Export vom %(newest)s (%(kind)s)"
    ),
    ImportProblem.IDENTITIES: _l(
        "Unter vielen Nummern stehen Name und Geburtsdatum eines anderen Menschen (%(people)s von %(before)s), als "
        "wären Spalten gegeneinander verrutscht"
    ),
    ImportProblem.UPLOAD_MISSING: _l("Die hochgeladene Datei ist nicht mehr da"),
    ImportProblem.UPLOAD_UNREADABLE: _l("Die hochgeladene Datei ist nicht lesbar"),
    ImportProblem.CRASHED: _l("Der Import ist mehrmals abgebrochen"),
    ImportProblem.REPLACED: _l("Durch einen neueren Import ersetzt"),
    ImportProblem.BY_PERSON: _l("Von Hand verworfen"),
}
ABSENT_TEXTS: dict[Kind, Any] = {
    Kind.PARTICIPANT: _l("Nicht im Export: %(leaving)s von %(before)s Personen. Wer fehlt, scheidet aus."),
    Kind.MEDIATOR: _l(
        "Nicht im Export: %(leaving)s von %(before)s aktiven Vermittler/innen. Wer fehlt, wird inaktiv."
    ),
    Kind.PROFILE: _l(
        "Ohne Profil im Export: %(leaving)s von %(before)s Personen, die eines haben. Ihr Profil entfällt."
    ),
    Kind.ORDER: _l("Nicht im Export: %(leaving)s von %(before)s Aufträgen. Sie bleiben, wie sie sind."),
}
"""What a full import does not name, and what follows from it."""
LEAVING_TITLES: dict[Kind, Any] = {
    Kind.PARTICIPANT: _l("Fehlen im Export und würden ausscheiden; wer freigegeben ist, würde abgemeldet"),
    Kind.MEDIATOR: _l("Fehlen im Export und würden inaktiv"),
    Kind.PROFILE: _l("Haben im Export kein Profil mehr; das bisherige würde entfallen"),
}
"""Above those whom a held import would take something from."""
DELIMITERS: dict[str, Any] = {"comma": _l("Komma"), "tab": _l("Tabulator"), "bar": _l("senkrechter Strich")}
"""What may separate columns instead of semicolons."""


def import_text(member: StrEnum) -> str:
    """Return the words for a code of an import."""
    return str(IMPORT_TEXTS[member])

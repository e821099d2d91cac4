"""Why a line or a file of an export is not taken: codes; `portal.imports.texts` has the sentences. Pure."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """Why one line is rejected."""

    MISSING = "missing"
    REPEATED = "repeated"
    TOO_LONG = "too-long"
    CONTROL_CHARACTERS = "control-characters"
    NOT_TEXT = "not-text"
    LOOKALIKE = "lookalike"
    """A number has a character that only looks like a letter from A to Z or a digit."""
    IDENTIFIER_IS_EMAIL = "identifier-is-email"
    IDENTIFIER_ALTERED = "identifier-altered"
    """A spreadsheet has changed it, so that it may be anyone's."""
    IDENTIFIER_PLACEHOLDER = "identifier-placeholder"
    """It stands for no value, or for a line of totals."""
    IDENTIFIER_TWIN = "identifier-twin"
    """Another one, stored or in the same file, differs in case, width or dashes alone."""
    OTHER_PERSON = "other-person"
    """A known identifier with the name and date of birth of another person: a person decides whose it is."""
    CODE_UNREADABLE = "code-unreadable"
    """Initials or a number that a spreadsheet or database has put an error or nothing in place of."""
    DATE_UNREADABLE = "date-unreadable"
    DATE_IN_FUTURE = "date-in-future"
    YES_NO_UNREADABLE = "yes-no-unreadable"
    NUMBER_UNREADABLE = "number-unreadable"
    CHECK_DIGIT_WRONG = "check-digit-wrong"
    CHOICE_UNKNOWN = "choice-unknown"
    FIELD_COUNT = "field-count"
    """More or fewer fields than the header has."""
    QUOTES_UNREADABLE = "quotes-unreadable"
    NOT_UTF8 = "not-utf-8"
    CHARACTERS_LOST = "characters-lost"
    """Another program wrote U+FFFD in place of what it could not read."""
    ENCODED_TWICE = "encoded-twice"
    HEADER_AGAIN = "header-again"
    NOT_JSON = "not-json"
    """Also NaN, numbers without end, and what is nested without end."""
    NOT_AN_OBJECT = "not-an-object"
    NOT_A_LIST = "not-a-list"
    KEY_TWICE = "key-twice"
    TOO_MANY_KEYS = "too-many-keys"
    LINE_OVER_LIMIT = "line-over-limit"
    """By HTTP such a line is rejected; of a file, which has no answer for each line, all of it is."""
    ORDER_UNKNOWN = "order-unknown"
    PARTICIPANT_UNKNOWN = "participant-unknown"
    PARTICIPANT_REJECTED = "participant-rejected"
    """A profile line of a participant whose own line was rejected: their previous state is kept whole."""
    PROFILE_INCOMPLETE = "profile-incomplete"
    """Another line of the same profile was rejected: the previous profile is kept whole."""


class FileFault(StrEnum):
    """Why a file, and with it the import, is refused."""

    EMPTY = "file-empty"
    TWICE = "file-twice"
    ENCODING_UNKNOWN = "encoding-unknown"
    ENCODING_MIXED = "encoding-mixed"
    ENCODING_MAC = "encoding-mac-roman"
    ENCODING_DOS = "encoding-dos"
    ENCODING_UTF7 = "encoding-utf-7"
    ENCODING_UTF16 = "encoding-utf-16"
    """Without a BOM."""
    ENCODING_UTF16_LINES = "encoding-utf-16-lines"
    """Through the HTTP door, where JSON is UTF-8."""
    ENCODING_UTF32 = "encoding-utf-32"
    ENCODED_TWICE = "file-encoded-twice"
    CHARACTERS_LOST = "file-characters-lost"
    NUL_BYTES = "nul-bytes"
    LINE_ENDS = "line-ends"
    """Through the HTTP door, where a line ends with LF."""
    END_MARK = "end-mark"
    """Ctrl-Z, which ends a file, with more lines behind it."""
    HEADER_UNREADABLE = "header-unreadable"
    HEADER_MISSING = "header-missing"
    HEADER_NOT_FIRST = "header-not-first"
    DELIMITER_WRONG = "delimiter-wrong"
    LINES_QUOTED = "lines-quoted"
    """Each line as a whole stands in quotation marks."""
    COLUMN_MISSING = "column-missing"
    COLUMN_TWICE = "column-twice"
    TOO_MANY_COLUMNS = "too-many-columns"
    LINE_TOO_LONG = "line-too-long"
    CUT_OFF = "cut-off"
    """The end of the file is missing, and with it an unknown number of people."""


class Notice(StrEnum):
    """What a report says beside counts and rejections."""

    UNKNOWN_COLUMNS = "unknown-columns"
    UNKNOWN_FILES = "unknown-files"
    FILE_ABSENT = "file-absent"
    """Says nothing about its kind."""
    EVERYONE_STAYS = "everyone-stays"
    """A line's own identifier was unreadable or repeated."""
    PROFILES_STAY = "profiles-stay"
    """A profile line names an unknown participant, so no one loses a profile for having no lines."""
    ABSENT = "absent"
    """A full import does not name records of this kind, which goes, or of orders stays."""
    WITHDRAWAL_KEPT = "withdrawal-kept"
    """A withdrawal of consent is named no more, and no later consent either."""
    EXPORT_TIME_UNREADABLE = "export-time-unreadable"
    ALSO_HELD = "also-held"
    """Another reason why it is held."""
    WOULD_BE_HELD = "would-be-held"


class ImportProblem(StrEnum):
    """Why an import as a whole is held, failed or was discarded, unless a FileFault says it."""

    SHRINKS = "shrinks"
    """More than half of the participants would leave."""
    MEDIATORS_SHRINK = "mediators-shrink"
    PROFILES_SHRINK = "profiles-shrink"
    STALE = "stale"
    """A newer export was taken before."""
    IDENTITIES = "identities"
    """Name and date of birth of many people change at once, as if lines had slipped."""
    UPLOAD_MISSING = "upload-missing"
    UPLOAD_UNREADABLE = "upload-unreadable"
    CRASHED = "crashed"
    REPLACED = "replaced"
    BY_PERSON = "by-person"


class FileRefused(Exception):
    """A file is refused: by its name, why, and in which line or column where that is known."""

    def __init__(
        self, file: str, fault: FileFault, line: int = 0, column: str | None = None, **values: object
    ) -> None:
        """`values` go into the sentence about it: names of columns that were expected and found, and the like."""
        super().__init__(f"{file}: {fault.value}")
        self.file = file
        self.fault = fault
        self.line = line
        self.column = column
        self.values = values

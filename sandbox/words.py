"""The words of the contract and of this network, each in one place (`openapi.yaml`)."""

from enum import StrEnum


class Network(StrEnum):
    """The two networks that one sandbox serves; which one it is depends on the provider's token."""

    JOBNETZWERK = "jobnetzwerk"
    JOB4YOU = "job4you"

    @property
    def label(self) -> str:
        """Give the network's name as people write it."""
        return "Jobnetzwerk" if self is Network.JOBNETZWERK else "Job4You"

    @property
    def applicant_prefix(self) -> str:
        """Give what every applicant ID of this network begins with, so that the two are told apart."""
        return "BW-" if self is Network.JOBNETZWERK else "J4-"


class Mode(StrEnum):
    """How a delivery is meant: everybody, or only what changed."""

    FULL = "full"
    DELTA = "delta"

    @property
    def label(self) -> str:
        """Give the mode in German."""
        return "vollständig" if self is Mode.FULL else "Änderungen"


class Operation(StrEnum):
    """The calls of the contract, by operationId."""

    READ_ACCOUNT = "readAccount"
    LIST_DELIVERIES = "listDeliveries"
    OPEN_DELIVERY = "openDelivery"
    READ_DELIVERY = "readDelivery"
    ABANDON_DELIVERY = "abandonDelivery"
    PUT_PART = "putPart"
    COMMIT_DELIVERY = "commitDelivery"
    READ_ACKNOWLEDGEMENTS = "readAcknowledgements"


class RecordType(StrEnum):
    """The four kinds of lines in a part."""

    MEDIATOR = "mediator"
    ORDER = "order"
    PARTICIPANT = "participant"
    WITHDRAWAL = "withdrawal"


class Outcome(StrEnum):
    """What the network says about a participant or a mediator."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    REJECTED = "rejected"
    KNOWN = "known"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        """Give the outcome in German."""
        return {
            Outcome.ACTIVE: "aktiv",
            Outcome.ARCHIVED: "archiviert",
            Outcome.REJECTED: "abgelehnt",
            Outcome.KNOWN: "bekannt",
            Outcome.UNKNOWN: "unbekannt",
        }[self]


class Reason(StrEnum):
    """Why an applicant is archived or rejected."""

    WITHDRAWN = "withdrawn"
    MEDIATOR_UNKNOWN = "mediator-unknown"
    CONSENT_MISSING = "consent-missing"
    EMAIL_MISSING = "email-missing"
    CASEWORKER_MISSING = "caseworker-missing"
    NAME_MISSING = "name-missing"
    ORDER_RESPONSIBLE_MISSING = "order-responsible-missing"
    INVALID_DATA = "invalid-data"


REASON_LABELS: dict[str, str] = {
    Reason.WITHDRAWN: "vom Träger zurückgezogen",
    Reason.MEDIATOR_UNKNOWN: "Vermittler/in im Jobportal nicht angelegt",
    Reason.CONSENT_MISSING: "Einverständniserklärung fehlt",
    Reason.EMAIL_MISSING: "E-Mail-Adresse fehlt",
    Reason.CASEWORKER_MISSING: "Betreuer/in fehlt",
    Reason.NAME_MISSING: "Name fehlt",
    Reason.ORDER_RESPONSIBLE_MISSING: "am Auftrag ist niemand zuständig",
    Reason.INVALID_DATA: "Daten ungültig",
}


class ProblemType(StrEnum):
    """How the `type` of a refusal ends."""

    UNAUTHORISED = "unauthorised"
    LICENCE_EXPIRED = "licence-expired"
    SEQUENCE_CONFLICT = "sequence-conflict"
    BASE_MISMATCH = "base-mismatch"
    NOT_FOUND = "not-found"
    ALREADY_COMMITTED = "already-committed"
    DIGEST_MISMATCH = "digest-mismatch"
    TOO_LARGE = "too-large"
    INVALID_RECORD = "invalid-record"
    INCOMPLETE_DELIVERY = "incomplete-delivery"
    INVALID_REQUEST = "invalid-request"
    TOO_MANY_REQUESTS = "too-many-requests"
    UNAVAILABLE = "unavailable"


PROBLEM_TITLES: dict[ProblemType, str] = {
    ProblemType.UNAUTHORISED: "Zugang verweigert",
    ProblemType.LICENCE_EXPIRED: "Lizenz abgelaufen",
    ProblemType.SEQUENCE_CONFLICT: "Laufende Nummer ist nicht neu",
    ProblemType.BASE_MISMATCH: "Grundlage der Änderungen stimmt nicht",
    ProblemType.NOT_FOUND: "Nicht gefunden",
    ProblemType.ALREADY_COMMITTED: "Lieferung ist schon abgeschlossen",
    ProblemType.DIGEST_MISMATCH: "Prüfsumme stimmt nicht",
    ProblemType.TOO_LARGE: "Zu groß",
    ProblemType.INVALID_RECORD: "Datensatz ungültig",
    ProblemType.INCOMPLETE_DELIVERY: "Lieferung unvollständig",
    ProblemType.INVALID_REQUEST: "Anfrage ungültig",
    ProblemType.TOO_MANY_REQUESTS: "Zu viele Anfragen",
    ProblemType.UNAVAILABLE: "Zurzeit nicht verfügbar",
}

"""Kinds of notices and mails. Pure."""

from __future__ import annotations

from enum import StrEnum


class NoticeKind(StrEnum):
    """What people are told of. One is open at most for each kind and subject."""

    ANSWERS_LATE = "answers-late"
    """Level: how many working days people wait; see `rules.LATENESS`."""
    ANSWERS_STUCK = "answers-stuck"
    """A delivery whose answers do not get on, or of which the network knows nothing any more."""
    CLARIFICATION = "clarification"
    """The network's answers about a participant contradict each other, or one is missing for good."""
    MEDIATOR_UNKNOWN = "mediator-unknown"
    """Released people whom the network archived because it does not know their mediators."""
    DELIVERY_HELD = "delivery-held"
    MANY_HELD = "many-held"
    """Of several tenants at once: one cause is more likely than many."""
    DELIVERY_MISSING = "delivery-missing"
    """None when one was due, or one that does not get on."""
    OUTCOME_UNKNOWN = "outcome-unknown"
    CRASHED = "crashed"
    """A delivery or import that killed its job every time."""
    RECONCILE = "reconcile"
    ACCOUNT_DOUBTED = "account-doubted"
    """The token opens another account at the network than the tenant's."""
    QUARANTINE = "quarantine"
    TOKEN_REFUSED = "token-refused"  # noqa: S105 - the name of a kind
    LICENCE_ENDING = "licence-ending"
    """Level: how near the end is; see `rules.ENDING`."""
    NETWORK_LICENCE_ENDING = "network-licence-ending"
    API_TOKEN_ENDING = "api-token-ending"  # noqa: S105 - the name of a kind
    """A token of the HTTP door. Level: how near the end is; see `portal.domain.rules.tokens`."""
    IMPORT_SILENT = "import-silent"
    IMPORT_HELD = "import-held"
    WORKER_SILENT = "worker-silent"
    CRON_SILENT = "cron-silent"
    MAIL_SILENT = "mail-silent"
    """Mails wait or were given up: shown on pages alone."""


class Channel(StrEnum):
    """Ways to tell people beside the pages; portal.notices.channels says what each does."""

    EMAIL = "email"


class MailKind(StrEnum):
    NOTICE = "notice"
    """Something began, or got worse."""
    RECOVERY = "recovery"
    """It is well again."""
    DIGEST = "digest"
    """What is open in the morning."""
    ONE_TIME_LINK = "one-time-link"


class MailState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given-up"

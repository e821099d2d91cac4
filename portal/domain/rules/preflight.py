"""Preflight: what keeps a person offline before anything is sent (docs/domain.md#preflight). Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from portal.networks.registry import Network
from portal.networks.spec import ConsentProof, Requirement


class Finding(StrEnum):
    """The codes of what keeps a participant offline."""

    CONSENT_MISSING = "consent-missing"
    CONSENT_WITHDRAWN = "consent-withdrawn"
    CONSENT_EXPIRED = "consent-expired"
    EMAIL_MISSING = "email-missing"
    EMAIL_UNREADABLE = "email-unreadable"
    CASEWORKER_MISSING = "caseworker-missing"
    NAME_MISSING = "name-missing"
    ORDER_MISSING = "order-missing"
    ORDER_RESPONSIBLE_MISSING = "order-responsible-missing"
    MEDIATOR_MISSING = "mediator-missing"
    MEDIATOR_INACTIVE = "mediator-inactive"
    LEFT_QUALLI = "left-qualli"
    REFUSED_RECORD = "refused-record"
    LICENCE_MISSING = "licence-missing"
    LICENCE_EXPIRED = "licence-expired"
    NETWORK_NOT_CHOSEN = "network-not-chosen"
    NETWORK_CREDENTIALS_MISSING = "network-credentials-missing"


ENDING = frozenset({Finding.CONSENT_WITHDRAWN, Finding.CONSENT_EXPIRED, Finding.LEFT_QUALLI})
"""Findings that end an open release at once and prevent a new one (docs/domain.md#rules)."""

TENANT_WIDE = frozenset(
    {
        Finding.LICENCE_MISSING,
        Finding.LICENCE_EXPIRED,
        Finding.NETWORK_NOT_CHOSEN,
        Finding.NETWORK_CREDENTIALS_MISSING,
    }
)

MENDABLE = frozenset(Finding) - ENDING - TENANT_WIDE
"""Findings of one person that the tenant can mend; one of the whole tenant is one thing to mend, not many."""

CONSENT_LOST = frozenset({Finding.CONSENT_WITHDRAWN, Finding.CONSENT_EXPIRED})

OF_PARTICIPANT = (
    Finding.CONSENT_WITHDRAWN,
    Finding.CONSENT_MISSING,
    Finding.CONSENT_EXPIRED,
    Finding.LEFT_QUALLI,
    Finding.NAME_MISSING,
    Finding.EMAIL_MISSING,
    Finding.EMAIL_UNREADABLE,
    Finding.CASEWORKER_MISSING,
    Finding.ORDER_MISSING,
    Finding.ORDER_RESPONSIBLE_MISSING,
    Finding.MEDIATOR_MISSING,
    Finding.MEDIATOR_INACTIVE,
    Finding.REFUSED_RECORD,
)
"""The findings of one person, in the order in which they are shown.

Their places are stored as bits: a new one goes to the end, or `jobbruecke states refresh` runs after the upgrade.
"""

_BITS = {finding: 1 << place for place, finding in enumerate(OF_PARTICIPANT)}


def to_bits(findings: Iterable[Finding]) -> int:
    """Return findings of participants as a set of bits."""
    return sum(_BITS[finding] for finding in set(findings))


def from_bits(bits: int) -> tuple[Finding, ...]:
    """Return the findings of a set of bits, in the order in which they are shown."""
    return tuple(finding for finding in OF_PARTICIPANT if bits & _BITS[finding])


@dataclass(frozen=True)
class Consent:
    given_on: dt.date | None = None
    until: dt.date | None = None
    """Last day on which it holds."""
    withdrawn_on: dt.date | None = None

    def is_given(self, today: dt.date) -> bool:
        """Whether one is recorded that holds by now: dated in the future it is none yet, and becomes one by itself."""
        return self.given_on is not None and self.given_on <= today

    def is_withdrawn(self, today: dt.date) -> bool:
        """Return whether it was withdrawn, and none was given that is dated after that."""
        if self.withdrawn_on is None:
            return False
        return self.given_on is None or not self.withdrawn_on < self.given_on <= today


@dataclass(frozen=True)
class PreflightInput:
    """What preflight needs to know of one person."""

    first_name: str = ""
    last_name: str = ""
    email: str | None = None
    email_readable: bool = True
    """Whether `email` is an address; True where there is none."""
    caseworker: str | None = None
    consent: Consent = Consent()
    has_order: bool = False
    order_has_responsible: bool = False
    mediator_active: bool | None = None
    """None where no mediator is chosen."""
    left_qualli: bool = False
    record_refused: bool = False


@dataclass(frozen=True)
class TenantFacts:
    """What preflight needs to know of a tenant."""

    network: Network | None
    has_credentials: bool
    licence_from: dt.date | None
    licence_until: dt.date | None


def consent_findings(consent: Consent, network: Network | None, today: dt.date) -> list[Finding]:
    """Return the findings about a participant's consent on `today`, the tenant's local date."""
    found = []
    if consent.is_withdrawn(today):
        found.append(Finding.CONSENT_WITHDRAWN)
    elif (
        not consent.is_given(today) and network is not None and network.spec.consent is ConsentProof.RECORDED
    ):
        found.append(Finding.CONSENT_MISSING)
    if consent.until and consent.until < today:
        found.append(Finding.CONSENT_EXPIRED)
    return found


def wants_confirmation(consent: Consent, network: Network | None, today: dt.date) -> bool:
    """Return whether releasing this person asks the releasing one to confirm that consent is at hand."""
    confirmed = network is not None and network.spec.consent is ConsentProof.CONFIRMED
    return confirmed and not consent.is_given(today)


def withdrawal_after(
    before: dt.date | None, said: dt.date | None, given_on: dt.date | None, today: dt.date
) -> dt.date | None:
    """Return the day of withdrawal to keep when an import says `said` of a consent given on `given_on`.

    A withdrawal is undone by a consent dated after it alone, never because an export leaves it out or names an older
    one. A day still to come may be corrected, as long as the consent stays withdrawn by it.
    """
    if before is None or not Consent(given_on, withdrawn_on=before).is_withdrawn(today):
        return said
    if said is None:
        return before
    if before > today and Consent(given_on, withdrawn_on=said).is_withdrawn(today):
        return said
    return max(before, said)


def preflight(facts: PreflightInput, network: Network | None, today: dt.date) -> list[Finding]:
    """All that keeps this person offline, in the order of OF_PARTICIPANT."""
    wanted = network.spec.requires if network else frozenset[Requirement]()
    email, order = Requirement.EMAIL in wanted, Requirement.ORDER in wanted
    found = consent_findings(facts.consent, network, today)
    checks = (
        (Finding.LEFT_QUALLI, facts.left_qualli),
        (Finding.NAME_MISSING, not (facts.first_name and facts.last_name)),
        (Finding.EMAIL_MISSING, email and not facts.email),
        (Finding.EMAIL_UNREADABLE, email and bool(facts.email) and not facts.email_readable),
        (Finding.CASEWORKER_MISSING, Requirement.CASEWORKER in wanted and not facts.caseworker),
        (Finding.ORDER_MISSING, order and not facts.has_order),
        (Finding.ORDER_RESPONSIBLE_MISSING, order and facts.has_order and not facts.order_has_responsible),
        (Finding.MEDIATOR_MISSING, facts.mediator_active is None),
        (Finding.MEDIATOR_INACTIVE, facts.mediator_active is False),
        (Finding.REFUSED_RECORD, facts.record_refused),
    )
    return found + [finding for finding, holds in checks if holds]


def tenant_preflight(facts: TenantFacts, today: dt.date) -> list[Finding]:
    """What keeps everybody of a tenant offline on `today`, its local date."""
    found = []
    if facts.licence_from is None or facts.licence_from > today:
        found.append(Finding.LICENCE_MISSING)
    elif facts.licence_until and facts.licence_until < today:
        found.append(Finding.LICENCE_EXPIRED)
    if facts.network is None:
        found.append(Finding.NETWORK_NOT_CHOSEN)
    elif not facts.has_credentials:
        found.append(Finding.NETWORK_CREDENTIALS_MISSING)
    return found

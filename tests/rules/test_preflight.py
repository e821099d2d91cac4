"""What keeps a participant offline, on each network, and on the days around each date (design §4.4)."""

import datetime as dt
from dataclasses import replace

import pytest

from portal.releases.preflight import (
    TENANT_WIDE,
    Consent,
    Facts,
    Finding,
    TenantFacts,
    preflight,
    tenant_preflight,
    wants_confirmation,
)
from portal.tenants.network import Network

TODAY = dt.date(2026, 3, 2)
DAY = dt.timedelta(days=1)
COMPLETE = Facts(
    first_name="Erika",
    last_name="Muster",
    email="e@example.org",
    caseworker="SB",
    consent=Consent(given_on=TODAY - DAY),
    has_order=True,
    order_has_responsible=True,
    mediator_active=True,
)
J4U, JN = Network.JOB4YOU, Network.JOBNETZWERK


@pytest.mark.parametrize("network", Network)
def test_nothing_keeps_somebody_offline_whose_data_are_complete(network: Network) -> None:
    assert preflight(COMPLETE, network, TODAY) == []


@pytest.mark.parametrize(
    ("changes", "job4you", "jobnetzwerk"),
    [
        ({"first_name": ""}, Finding.NAME_MISSING, Finding.NAME_MISSING),
        ({"last_name": ""}, Finding.NAME_MISSING, Finding.NAME_MISSING),
        ({"email": None}, Finding.EMAIL_MISSING, None),
        ({"email": ""}, Finding.EMAIL_MISSING, None),
        ({"email": "keine", "email_readable": False}, Finding.EMAIL_UNREADABLE, None),
        ({"caseworker": None}, Finding.CASEWORKER_MISSING, None),
        ({"caseworker": ""}, Finding.CASEWORKER_MISSING, None),
        ({"has_order": False, "order_has_responsible": False}, Finding.ORDER_MISSING, None),
        ({"order_has_responsible": False}, Finding.ORDER_RESPONSIBLE_MISSING, None),
        ({"mediator_active": None}, Finding.MEDIATOR_MISSING, Finding.MEDIATOR_MISSING),
        ({"mediator_active": False}, Finding.MEDIATOR_INACTIVE, Finding.MEDIATOR_INACTIVE),
        ({"left_qualli": True}, Finding.LEFT_QUALLI, Finding.LEFT_QUALLI),
        ({"record_refused": True}, Finding.REFUSED_RECORD, Finding.REFUSED_RECORD),
        ({"consent": Consent()}, Finding.CONSENT_MISSING, None),
        ({"consent": Consent(TODAY, None, TODAY)}, Finding.CONSENT_WITHDRAWN, Finding.CONSENT_WITHDRAWN),
        ({"consent": Consent(TODAY, TODAY - DAY)}, Finding.CONSENT_EXPIRED, Finding.CONSENT_EXPIRED),
    ],
)
def test_each_finding_blocks_where_the_table_says(
    changes: dict[str, object], job4you: Finding | None, jobnetzwerk: Finding | None
) -> None:
    facts = replace(COMPLETE, **changes)  # type: ignore[arg-type]
    assert preflight(facts, J4U, TODAY) == ([job4you] if job4you else [])
    assert preflight(facts, JN, TODAY) == ([jobnetzwerk] if jobnetzwerk else [])


WITHDRAWN = [Finding.CONSENT_WITHDRAWN]


@pytest.mark.parametrize("network", Network)
@pytest.mark.parametrize(
    ("consent", "findings"),
    [
        # withdrawal counts from the day of the latest consent on
        (Consent(TODAY - 2 * DAY, None, TODAY - DAY), WITHDRAWN),
        (Consent(TODAY, None, TODAY), WITHDRAWN),
        (Consent(TODAY, None, TODAY - DAY), []),
        (Consent(None, None, TODAY - DAY), WITHDRAWN),
        (Consent(TODAY - DAY, None, TODAY + DAY), WITHDRAWN),
        # the last day is still a day of consent
        (Consent(TODAY - DAY, TODAY), []),
        (Consent(TODAY - DAY, TODAY + DAY), []),
        (Consent(TODAY - DAY, TODAY - DAY), [Finding.CONSENT_EXPIRED]),
        (Consent(TODAY - 3 * DAY, TODAY - DAY, TODAY - 2 * DAY), [*WITHDRAWN, Finding.CONSENT_EXPIRED]),
    ],
)
def test_consent_on_the_days_around_its_dates(
    consent: Consent, findings: list[Finding], network: Network
) -> None:
    assert preflight(replace(COMPLETE, consent=consent), network, TODAY) == findings


def test_withdrawn_consent_is_not_called_missing_too() -> None:
    consent = Consent(None, None, TODAY)
    assert preflight(replace(COMPLETE, consent=consent), J4U, TODAY) == WITHDRAWN


@pytest.mark.parametrize(
    ("consent", "network", "asked"),
    [
        (Consent(), JN, True),
        (Consent(given_on=TODAY), JN, False),
        (Consent(), J4U, False),
        (Consent(), None, False),
    ],
)
def test_only_jobnetzwerk_asks_to_confirm_a_consent_that_is_not_recorded(
    consent: Consent, network: Network | None, asked: bool
) -> None:
    assert wants_confirmation(consent, network) is asked


def test_everything_missing_is_said_at_once() -> None:
    found = preflight(Facts(left_qualli=True, record_refused=True), J4U, TODAY)
    absent = {
        Finding.CONSENT_WITHDRAWN,
        Finding.CONSENT_EXPIRED,
        Finding.EMAIL_UNREADABLE,
        Finding.ORDER_RESPONSIBLE_MISSING,
    }
    assert set(found) == set(Finding) - TENANT_WIDE - absent - {Finding.MEDIATOR_INACTIVE}
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("changes", "findings"),
    [
        ({}, []),
        ({"licence_from": TODAY}, []),
        ({"licence_until": TODAY}, []),
        ({"licence_from": None}, [Finding.LICENCE_MISSING]),
        ({"licence_from": None, "licence_until": TODAY}, [Finding.LICENCE_MISSING]),
        ({"licence_from": TODAY + DAY}, [Finding.LICENCE_MISSING]),
        ({"licence_until": TODAY - DAY}, [Finding.LICENCE_EXPIRED]),
        ({"network": None}, [Finding.NETWORK_NOT_CHOSEN]),
        ({"network": None, "has_credentials": False}, [Finding.NETWORK_NOT_CHOSEN]),
        ({"has_credentials": False}, [Finding.NETWORK_CREDENTIALS_MISSING]),
        (
            {"licence_until": TODAY - DAY, "has_credentials": False},
            [Finding.LICENCE_EXPIRED, Finding.NETWORK_CREDENTIALS_MISSING],
        ),
    ],
)
def test_what_keeps_a_whole_tenant_offline(changes: dict[str, object], findings: list[Finding]) -> None:
    facts = TenantFacts(JN, has_credentials=True, licence_from=TODAY - DAY, licence_until=None)
    assert tenant_preflight(replace(facts, **changes), TODAY) == findings  # type: ignore[arg-type]

"""What keeps a participant offline, on each network, and on the days around each date (docs/domain.md#preflight)."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.rules.preflight import (
    TENANT_WIDE,
    Consent,
    Finding,
    PreflightInput,
    TenantFacts,
    preflight,
    tenant_preflight,
    wants_confirmation,
    withdrawal_after,
)
from portal.networks.registry import Network

TODAY = dt.date(2026, 3, 2)
DAY = dt.timedelta(days=1)
COMPLETE = PreflightInput(
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
        # a consent that is still to come undoes nothing yet
        (Consent(TODAY + DAY, None, TODAY - DAY), WITHDRAWN),
        (Consent(TODAY + 2 * DAY, None, TODAY + DAY), WITHDRAWN),
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
        (Consent(given_on=TODAY + DAY), JN, True),
        (Consent(), J4U, False),
        (Consent(), None, False),
    ],
)
def test_only_jobnetzwerk_asks_to_confirm_a_consent_that_is_not_recorded(
    consent: Consent, network: Network | None, asked: bool
) -> None:
    assert wants_confirmation(consent, network, TODAY) is asked


def test_a_consent_still_to_come_is_none_until_its_day() -> None:
    facts = replace(COMPLETE, consent=Consent(TODAY + DAY))
    assert preflight(facts, J4U, TODAY) == [Finding.CONSENT_MISSING]
    assert preflight(facts, J4U, TODAY + DAY) == []
    assert preflight(facts, JN, TODAY) == []


D = [TODAY + n * DAY for n in range(-4, 4)]
"""Days around today, which is the fifth."""


@pytest.mark.parametrize(
    ("before", "said", "given_on", "kept"),
    [
        # nothing was withdrawn: the export says what is
        (None, None, D[0], None),
        (None, D[1], D[0], D[1]),
        # an export that leaves it out, or names an older one, takes nothing back
        (D[2], None, D[0], D[2]),
        (D[2], None, None, D[2]),
        (D[2], None, D[2], D[2]),
        (D[2], D[1], D[0], D[2]),
        (D[3], D[0], D[1], D[3]),
        # a later one counts
        (D[2], D[3], D[0], D[3]),
        # a consent dated after it does, on its day
        (D[2], None, D[3], None),
        (D[2], D[2], D[3], D[2]),
        (D[2], None, D[4], None),
        (D[2], None, D[5], D[2]),
        # a slip of the hand in a day still to come can be mended, unless that would undo it
        (D[7], D[3], D[0], D[3]),
        (D[7], D[1], D[2], D[7]),
        (D[7], None, D[0], D[7]),
    ],
)
def test_a_withdrawal_is_undone_by_a_later_consent_alone(
    before: dt.date | None, said: dt.date | None, given_on: dt.date | None, kept: dt.date | None
) -> None:
    assert withdrawal_after(before, said, given_on, TODAY) == kept


@given(*[st.none() | st.sampled_from(D)] * 4)
def test_no_import_takes_a_withdrawal_back_without_a_later_consent(
    before: dt.date | None, said: dt.date | None, given_on: dt.date | None, earlier: dt.date | None
) -> None:
    if not Consent(earlier, withdrawn_on=before).is_withdrawn(TODAY):
        return
    kept = withdrawal_after(before, said, given_on, TODAY)
    undone = given_on is not None and before is not None and before < given_on <= TODAY
    assert undone or Consent(given_on, withdrawn_on=kept).is_withdrawn(TODAY)


def test_everything_missing_is_said_at_once() -> None:
    found = preflight(PreflightInput(left_qualli=True, record_refused=True), J4U, TODAY)
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

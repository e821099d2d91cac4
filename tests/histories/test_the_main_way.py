"""Released, Online, revoked, Online archiviert, Offline - archiviert: the story that everything is for."""

from portal.core.database import utcnow
from portal.deliveries.history import DAYS, last_days
from portal.domain.delivery_states import DeliveryState
from portal.domain.releases import Event
from portal.domain.rules.phase import Phase
from portal.domain.rules.status import Status
from portal.tenants.context import load_tenant_context
from tests.support.bridge import Bridge


def test_the_bar_turns_green_and_the_status_stays(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    assert bridge.registration("1").released
    assert bridge.status("1") is Status.OFFLINE
    assert bridge.phase("1") is Phase.SCHEDULED


def test_a_released_person_is_online_after_the_answer(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    bridge.sandbox.set_answer_delay(3600)
    delivery = bridge.deliver("1")
    assert delivery.state is DeliveryState.COMMITTED
    assert bridge.status("1") is Status.OFFLINE
    assert bridge.phase("1") is Phase.SENT
    bridge.sandbox.set_answer_delay(0)
    bridge.hasten()
    assert bridge.status("1") is Status.ONLINE
    assert bridge.registration("1").applicant_id
    assert bridge.phase("1") is Phase.CURRENT
    assert bridge.again(delivery).state is DeliveryState.COMPLETE


def test_it_keeps_the_status_until_the_network_was_told_of_the_revocation(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    bridge.deliver()
    bridge.hasten()
    bridge.revoke("1")
    assert bridge.status("1") is Status.ONLINE
    assert bridge.phase("1") is Phase.WITHDRAWAL_SCHEDULED
    bridge.sandbox.set_answer_delay(3600)
    bridge.deliver("1")
    assert bridge.status("1") is Status.ONLINE_ARCHIVED
    assert bridge.phase("1") is Phase.ARCHIVING
    bridge.sandbox.set_answer_delay(0)
    bridge.hasten()
    assert bridge.status("1") is Status.OFFLINE_ARCHIVED
    assert bridge.phase("1") is Phase.NOT_RELEASED
    assert bridge.registration("1").applicant_id, "it is remembered while archived"
    assert bridge.events("1") == [
        Event.RELEASED,
        Event.SENT,
        Event.ANSWERED_ACTIVE,
        Event.REVOKED,
        Event.TRANSFER_REQUESTED,
        Event.SENT_WITHDRAWAL,
        Event.ANSWERED_ARCHIVED,
    ]


def test_sending_somebody_again_unchanged_makes_no_noise(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    bridge.deliver()
    bridge.hasten()
    before = bridge.events("1")
    second = bridge.deliver()
    bridge.hasten()
    assert bridge.again(second).counts["unchanged"] == 1
    assert bridge.events("1") == before


def test_people_nobody_released_make_no_noise(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    bridge.person("2", email=None, consent_on=None)
    bridge.deliver()
    bridge.hasten()
    assert bridge.events("2") == []
    assert bridge.held("2") is None


def test_the_history_of_days_tells_it(bridge: Bridge) -> None:
    for number in ("1", "2"):
        bridge.person(number)
    bridge.sandbox.force(bridge.provider, "2", "rejected", "invalid-data")
    bridge.release("1", "2")
    bridge.deliver()
    bridge.hasten()
    bridge.sandbox.set_answer_delay(3600)
    bridge.deliver("1")
    bridge.sandbox.set_answer_delay(0)
    days = last_days(load_tenant_context(bridge.tenant_id, utcnow()))
    assert len(days) == DAYS
    today = days[-1]
    assert (today.confirmed, today.rejected, today.open, today.deliveries) == (1, 1, 1, 2)
    assert not any(day.deliveries for day in days[:-1])

"""What a network says is bounded where it is read: odd numbers, dates and texts break the contract."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
import time_machine

from portal.core.database import commit, scope_to, utcnow
from portal.deliveries.queries import odd_answers
from portal.domain.delivery_states import DeliveryProblem, DeliveryState
from portal.domain.rules.status import Status
from portal.networks.protocol.client import NetworkClient
from portal.networks.protocol.contract import HIGHEST, HIGHEST_KNOWN
from portal.networks.protocol.errors import Garbled
from tests.support.bridge import Bridge, hold_answers
from tests.support.rude_server import RudeServer, answer
from tests.worker.conftest import Night
from tests.worker.test_network import ACCOUNT, client_of
from tests.worker.test_pauses import MONDAY, SECOND, calls, released

DELIVERY = {"delivery_id": "d1", "sequence": 1, "mode": "full", "state": "committed", "parts": []}
ITEM = {"subject": "participant", "id": "1", "outcome": "active", "at": "2026-03-02T10:00:00Z"}
PAGE = {"delivery_id": "d1", "sequence": 1, "state": "processing", "items": [ITEM], "next": "x"}
CALENDAR = ("0001-01-01T00:00:00+14:00", "1969-12-31T00:00:00Z", "9999-12-31T23:59:59Z", 10**30, "2026-03-02")


def read(call: str, body: dict[str, Any]) -> Any:
    """What the client makes of an answer; Garbled where it breaks the contract."""
    calls_of = {
        "account": NetworkClient.read_account,
        "list": lambda it: it.list_deliveries(0),
        "page": lambda it: it.read_acknowledgements("d1", None),
    }
    with RudeServer(answer(dumped(body))) as server, client_of(server.url, 5) as client:
        return calls_of[call](client)


def dumped(body: object) -> bytes:
    """JSON of numbers however long; Python itself writes none of so many digits."""
    return json.dumps(body).replace('"long"', "1" + "0" * 5000).encode()


def one_delivery(**changes: object) -> dict[str, Any]:
    return {"deliveries": [DELIVERY | changes]}


BROKEN: list[tuple[str, dict[str, Any]]] = [
    *(
        ("account", ACCOUNT | {"last_sequence": it})
        for it in (-1, 2**63, HIGHEST_KNOWN + 1, 10**30, "long", 1.5)
    ),
    *(("account", ACCOUNT | {"max_part_bytes": it}) for it in (0, -1, "x")),
    *(("account", ACCOUNT | {"licensed_until": it}) for it in ("0001-01-01", "10000-01-01", "soon", 10**30)),
    *(("account", ACCOUNT | {"provider_id": it}) for it in ("p" * 201, "a\x00b", 7)),
    ("account", ACCOUNT | {"encodings": ["x" * 51]}),
    ("account", ACCOUNT | {"encodings": ["gzip"] * 101}),
    *(("list", one_delivery(sequence=it)) for it in (0, -1, 2**63, HIGHEST_KNOWN + 1, 10**30, "long", None)),
    *(("list", one_delivery(parts=[it])) for it in (0, 10_001, 10**30)),
    ("list", one_delivery(parts=[1] * 10_001)),
    ("list", {"deliveries": [DELIVERY, DELIVERY | {"sequence": 2}]}),
    ("list", {"deliveries": [DELIVERY, DELIVERY | {"delivery_id": "d2"}]}),
    *(("page", PAGE | {"sequence": it}) for it in (0, 2**63, HIGHEST + 1)),
    *(("page", PAGE | {"items": [ITEM | {"at": it}]}) for it in CALENDAR),
    *(("page", PAGE | {"items": [ITEM | {"id": it}]}) for it in ("a\x00b", None, 7)),
    ("page", PAGE | {"items": [ITEM] * 5001}),
    ("page", PAGE | {"next": "x" * 201}),
]


@pytest.mark.parametrize(("call", "body"), BROKEN, ids=lambda it: str(it)[:90])
def test_what_no_column_holds_breaks_the_contract(call: str, body: dict[str, Any]) -> None:
    with pytest.raises(Garbled, match="not-the-contract"):
        read(call, body)


def test_what_the_contract_allows_is_read_up_to_the_bounds() -> None:
    account = read(
        "account",
        ACCOUNT
        | {
            "last_sequence": HIGHEST_KNOWN,
            "max_part_bytes": 10**30,
            "licensed_until": "9999-12-31",
            "name": "N" * 999,
        },
    )
    assert (account.last_sequence, account.max_part_bytes) == (HIGHEST_KNOWN, 2**31 - 1)
    assert (account.licensed_until, len(account.name)) == (dt.date.max, 200)
    assert [it.sequence for it in read("list", one_delivery(sequence=HIGHEST_KNOWN))] == [HIGHEST_KNOWN]


def test_texts_for_people_are_cut_and_count() -> None:
    long = {
        "subject": "s" * 99,
        "outcome": "o" * 99,
        "reason": "r" * 999,
        "detail": "d" * 9999,
        "id": "1" * 999,
    }
    (item,) = read("page", PAGE | {"items": [ITEM | long | {"applicant_id": "b" * 999}]}).items
    found = (item.subject, item.outcome, item.reason, item.detail, item.id, item.applicant_id)
    assert [len(it) for it in found] == [20, 50, 50, 500, 200, 200]


def account_of(bridge: Bridge, last_sequence: int) -> dict[str, Any]:
    """What the network says of the tenant, with this number."""
    return ACCOUNT | {"provider_id": bridge.provider, "name": bridge.provider, "last_sequence": last_sequence}


def say(bridge: Bridge, operation: str, body: object, count: int | None = None) -> int:
    """Let the network give this answer."""
    text = dumped(body).decode()
    return bridge.sandbox.misbehave("garbage", operation, provider_id=bridge.provider, text=text, count=count)


@pytest.mark.parametrize("sequence", [2**63, -1, "long"])
def test_a_list_with_an_odd_number_is_asked_again_after_a_pause(night: Night, sequence: object) -> None:
    """And once it is right, all goes on; the wrong number was no news."""
    alpha = night.alpha
    with time_machine.travel(MONDAY) as clock:
        released(alpha, "1")
        account = say(alpha, "readAccount", account_of(alpha, 7))
        listed = say(alpha, "listDeliveries", one_delivery(sequence=sequence))
        alpha.connection.probe_at = utcnow()
        commit()
        for _ in range(36):
            night.work()
            clock.shift(5 * SECOND)
        assert calls(alpha).count("listDeliveries") == 3, "once a minute"
        scope_to(alpha.tenant_id)
        assert alpha.connection.problem == DeliveryProblem.GARBLED.value
        alpha.sandbox.behave(account)
        alpha.sandbox.behave(listed)
        clock.shift(60 * SECOND)
        night.work()
        scope_to(alpha.tenant_id)
        assert (alpha.connection.problem, alpha.connection.reconcile_since) == (None, None)


def test_a_long_reason_said_twice_contradicts_nothing(night: Night) -> None:
    alpha = night.alpha
    released(alpha, "1")
    hold_answers(alpha, 1)
    delivery = alpha.deliver()
    item = ITEM | {"outcome": "archived", "reason": "r" * 999, "detail": "d" * 9999}
    page = {"delivery_id": delivery.remote_id, "sequence": 1, "items": [item, item], "next": "y"}
    say(alpha, "readAcknowledgements", page | {"state": "complete"})
    alpha.hasten()
    alpha.hasten()
    assert alpha.again(delivery).state is DeliveryState.COMPLETE
    assert (alpha.status("1"), odd_answers(delivery.id)) == (Status.OFFLINE_ARCHIVED, [])
    commit()

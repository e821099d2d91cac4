"""Every call of the contract, and every way in which it is refused."""

import uuid

import pytest
import requests

from tests.sandbox.provider import (
    Provider,
    checked,
    mediator,
    ndjson,
    order,
    participant,
    people,
    problem,
    withdrawal,
)
from tests.support.sandbox import SandboxServer

CALLS = [
    ("GET", "/v1/account"),
    ("GET", "/v1/deliveries"),
    ("POST", "/v1/deliveries"),
    ("GET", "/v1/deliveries/d_1"),
    ("DELETE", "/v1/deliveries/d_1"),
    ("PUT", "/v1/deliveries/d_1/parts/1"),
    ("POST", "/v1/deliveries/d_1/commit"),
    ("GET", "/v1/deliveries/d_1/acknowledgements"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic eDp5"])
def test_it_asks_for_a_token(server: SandboxServer, method: str, path: str, authorization: str) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    response = requests.request(method, server.url + path, headers=headers, timeout=10)
    problem(response, 401, "unauthorised")
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_it_says_who_the_provider_is(server: SandboxServer) -> None:
    provider = Provider(
        server,
        "job4you",
        name="Träger Süd",
        licensed_until="2030-06-30",
        encodings=["gzip"],
        max_part_bytes=1234,
    )
    assert checked(provider.call("GET", "/v1/account"), 200) == {
        "provider_id": provider.provider_id,
        "name": "Träger Süd",
        "network": "job4you",
        "licensed_until": "2030-06-30",
        "last_sequence": 0,
        "encodings": ["gzip"],
        "max_part_bytes": 1234,
    }
    provider.deliver(7, people("1"))
    assert checked(provider.call("GET", "/v1/account"), 200)["last_sequence"] == 7


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/deliveries/", "/v1//account", "/v1/account/x"])
def test_it_refuses_unknown_addresses_with_a_problem(jobnetzwerk: Provider, path: str) -> None:
    problem(jobnetzwerk.call("GET", path), 404, "not-found")


def test_it_refuses_other_methods_with_a_problem(jobnetzwerk: Provider) -> None:
    response = jobnetzwerk.call("DELETE", "/v1/account")
    problem(response, 405, "invalid-request")
    assert "GET" in response.headers["Allow"]


def test_opening_twice_with_one_key_gives_one_delivery(jobnetzwerk: Provider) -> None:
    key = str(uuid.uuid4())
    first = checked(jobnetzwerk.open(1, key=key), 201)
    assert checked(jobnetzwerk.open(1, key=key.upper()), 200) == first
    problem(jobnetzwerk.open(2, key=key), 422, "invalid-request")


def test_a_key_still_gives_its_delivery_after_the_commit(jobnetzwerk: Provider) -> None:
    key = str(uuid.uuid4())
    delivery_id = jobnetzwerk.deliver(1, people("1"), key=key)
    again = checked(jobnetzwerk.open(1, key=key), 200)
    assert (again["delivery_id"], again["parts"]) == (delivery_id, [1])


def test_a_key_of_an_abandoned_delivery_is_gone(jobnetzwerk: Provider) -> None:
    key = str(uuid.uuid4())
    path = f"/v1/deliveries/{checked(jobnetzwerk.open(1, key=key), 201)['delivery_id']}"
    checked(jobnetzwerk.call("DELETE", path), 204)
    checked(jobnetzwerk.call("DELETE", path), 204)
    problem(jobnetzwerk.open(1, key=key), 404, "not-found")
    problem(jobnetzwerk.call("GET", path), 404, "not-found")
    checked(jobnetzwerk.open(1), 201)


@pytest.mark.parametrize("key", ["", "1", "not-a-uuid", "{12345678-1234-1234-1234-123456789012}"])
def test_it_wants_a_uuid_as_key(jobnetzwerk: Provider, key: str) -> None:
    body = {"sequence": 1, "mode": "full", "created_at": "2026-01-01T00:00:00Z"}
    headers = {"Idempotency-Key": key}
    problem(jobnetzwerk.call("POST", "/v1/deliveries", json=body, headers=headers), 422, "invalid-request")


@pytest.mark.parametrize(
    "changes",
    [
        {"sequence": 0},
        {"sequence": "1"},
        {"sequence": True},
        {"sequence": 2**63},
        {"mode": "partly"},
        {"mode": None},
        {"created_at": "yesterday"},
        {"created_at": "2026-02-30T00:00:00Z"},
        {"created_at": 1},
        {"base_sequence": None},
        {"base_sequence": 0},  # with mode full
        {"colour": "green"},
    ],
)
def test_it_reads_openings_strictly(jobnetzwerk: Provider, changes: dict[str, object]) -> None:
    body = {"sequence": 1, "mode": "full", "created_at": "2026-01-01T00:00:00Z"} | changes
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    problem(jobnetzwerk.call("POST", "/v1/deliveries", json=body, headers=headers), 422, "invalid-request")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"sequence": 1}', b"x" * 3_000_000])
def test_it_refuses_bodies_that_are_none(jobnetzwerk: Provider, body: bytes) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"}
    response = jobnetzwerk.call("POST", "/v1/deliveries", data=body, headers=headers)
    assert response.status_code in (413, 422)
    headers["Content-Type"] = "text/plain"
    assert jobnetzwerk.call("POST", "/v1/deliveries", data=body, headers=headers).status_code == 422


def test_numbers_rise_strictly_but_may_leave_gaps(jobnetzwerk: Provider) -> None:
    jobnetzwerk.deliver(5, people("1"))
    for number in (4, 5):
        assert problem(jobnetzwerk.open(number), 409, "sequence-conflict")["last_sequence"] == 5
    jobnetzwerk.deliver(9, people("1"))


def test_numbers_are_looked_at_again_at_the_commit(jobnetzwerk: Provider) -> None:
    late = checked(jobnetzwerk.open(5), 201)["delivery_id"]
    jobnetzwerk.deliver(6, people("1"))
    assert problem(jobnetzwerk.commit(late, [], []), 409, "sequence-conflict")["last_sequence"] == 6


def test_changes_are_based_on_the_newest_delivery(jobnetzwerk: Provider) -> None:
    jobnetzwerk.deliver(5, people("1"))
    refused = jobnetzwerk.open(6, "delta", base_sequence=4)
    assert problem(refused, 409, "base-mismatch")["last_sequence"] == 5
    slow = checked(jobnetzwerk.open(8, "delta", base_sequence=5), 201)["delivery_id"]
    jobnetzwerk.deliver(6, people("2"), "delta", base_sequence=5)
    part = ndjson(people("3"))
    checked(jobnetzwerk.put(slow, 1, part), 204)
    assert problem(jobnetzwerk.commit(slow, [part], people("3")), 409, "base-mismatch")["last_sequence"] == 6


def test_the_first_changes_are_based_on_nothing(jobnetzwerk: Provider) -> None:
    jobnetzwerk.deliver(1, people("1"), "delta", base_sequence=0)
    assert jobnetzwerk.state() == {"1": ("active", None)}


def test_changes_without_a_base_are_withdrawals_alone(jobnetzwerk: Provider) -> None:
    jobnetzwerk.deliver(1, people("1", "2"))
    jobnetzwerk.deliver(2, [withdrawal("1")], "delta")
    assert jobnetzwerk.state() == {"1": ("archived", "withdrawn"), "2": ("active", None)}
    more = checked(jobnetzwerk.open(3, "delta"), 201)["delivery_id"]
    part = ndjson(people("3"))
    checked(jobnetzwerk.put(more, 1, part), 204)
    problem(jobnetzwerk.commit(more, [part], people("3")), 409, "base-mismatch")


def test_an_ended_licence_stops_deliveries_but_no_withdrawals(jobnetzwerk: Provider) -> None:
    jobnetzwerk.deliver(1, people("1"))
    jobnetzwerk.server.change_provider(jobnetzwerk.provider_id, licensed_until="2020-01-01")
    problem(jobnetzwerk.open(2), 403, "licence-expired")
    checked(jobnetzwerk.call("GET", "/v1/account"), 200)
    more = checked(jobnetzwerk.open(2, "delta", base_sequence=1), 201)["delivery_id"]
    part = ndjson(people("2"))
    checked(jobnetzwerk.put(more, 1, part), 204)
    problem(jobnetzwerk.commit(more, [part], people("2")), 422, "licence-expired")
    jobnetzwerk.deliver(3, [withdrawal("1")], "delta")
    assert jobnetzwerk.state() == {"1": ("archived", "withdrawn")}


def test_deliveries_of_others_do_not_exist(jobnetzwerk: Provider, job4you: Provider) -> None:
    path = f"/v1/deliveries/{jobnetzwerk.deliver(1, people('1'))}"
    for method, end in [("GET", ""), ("DELETE", ""), ("GET", "/acknowledgements")]:
        problem(job4you.call(method, path + end), 404, "not-found")
    problem(job4you.put(path.rpartition("/")[2], 1, b""), 404, "not-found")
    problem(job4you.commit(path.rpartition("/")[2], [], []), 404, "not-found")
    assert checked(job4you.call("GET", "/v1/deliveries"), 200) == {"deliveries": []}


def test_it_lists_committed_deliveries_after_a_number(jobnetzwerk: Provider) -> None:
    ids = [jobnetzwerk.deliver(sequence, people("1")) for sequence in (1, 3, 4)]
    checked(jobnetzwerk.open(9), 201)
    listed = checked(jobnetzwerk.call("GET", "/v1/deliveries", params={"after_sequence": 1}), 200)[
        "deliveries"
    ]
    assert [delivery["delivery_id"] for delivery in listed] == ids[1:]
    assert listed[0] == {
        "delivery_id": ids[1],
        "sequence": 3,
        "mode": "full",
        "state": "complete",
        "parts": [1],
    }


@pytest.mark.parametrize("after", ["-1", "x", "", "1.5", "9" * 1001])
def test_it_reads_numbers_in_addresses_strictly(jobnetzwerk: Provider, after: str) -> None:
    response = jobnetzwerk.call("GET", "/v1/deliveries", params={"after_sequence": after})
    problem(response, 422, "invalid-request")


def test_committing_again_gives_the_same_receipt(jobnetzwerk: Provider) -> None:
    delivery_id = checked(jobnetzwerk.open(1), 201)["delivery_id"]
    part = ndjson(people("1"))
    checked(jobnetzwerk.put(delivery_id, 1, part), 204)
    receipt = checked(jobnetzwerk.commit(delivery_id, [part], people("1")), 202)
    assert receipt["delivery_id"] == delivery_id
    assert checked(jobnetzwerk.commit(delivery_id, [part], people("1")), 202) == receipt
    problem(jobnetzwerk.commit(delivery_id, [], []), 409, "already-committed")


def test_a_committed_delivery_does_not_change(jobnetzwerk: Provider) -> None:
    delivery_id = jobnetzwerk.deliver(1, people("1"))
    problem(jobnetzwerk.put(delivery_id, 1, b""), 409, "already-committed")
    problem(jobnetzwerk.call("DELETE", f"/v1/deliveries/{delivery_id}"), 409, "already-committed")


def test_a_commit_wants_everything_that_the_manifest_names(jobnetzwerk: Provider) -> None:
    delivery_id = checked(jobnetzwerk.open(1), 201)["delivery_id"]
    records = people("1")
    part, other = ndjson(records), ndjson(people("2"))
    problem(jobnetzwerk.commit(delivery_id, [part], records), 422, "incomplete-delivery")
    checked(jobnetzwerk.put(delivery_id, 1, part), 204)
    problem(jobnetzwerk.commit(delivery_id, [], []), 422, "incomplete-delivery")
    problem(jobnetzwerk.commit(delivery_id, [part, other], records), 422, "incomplete-delivery")
    problem(jobnetzwerk.commit(delivery_id, [other], records), 422, "digest-mismatch")
    problem(jobnetzwerk.commit(delivery_id, [part], records, participant=2), 422, "incomplete-delivery")
    assert jobnetzwerk.state() == {}
    checked(jobnetzwerk.commit(delivery_id, [part], records), 202)


@pytest.mark.parametrize(
    "records",
    [
        [order("A1"), participant("1")],
        [mediator(), participant("1")],
        [order("A1"), participant("1"), mediator()],
    ],
)
@pytest.mark.parametrize("mode", [{"mode": "full"}, {"mode": "delta", "base_sequence": 0}])
def test_mediators_and_orders_come_before_those_who_need_them(
    jobnetzwerk: Provider, records: list[dict[str, object]], mode: dict[str, object]
) -> None:
    delivery_id = checked(jobnetzwerk.open(1, **mode), 201)["delivery_id"]  # type: ignore[arg-type]
    refused = problem(jobnetzwerk.put(delivery_id, 1, ndjson(records)), 422, "invalid-record")
    assert refused["line"] == 2
    # As a second part that arrives before the first it can be judged only at the commit.
    first, second = ndjson([mediator("M9")]), ndjson(records)
    checked(jobnetzwerk.put(delivery_id, 2, second), 204)
    checked(jobnetzwerk.put(delivery_id, 1, first), 204)
    committed = jobnetzwerk.commit(delivery_id, [first, second], [mediator("M9"), *records])
    problem(committed, 422, "incomplete-delivery")


def test_nobody_is_named_twice(jobnetzwerk: Provider) -> None:
    for records in ([*people("1"), participant("1")], [*people("1"), withdrawal("1")]):
        delivery_id = checked(jobnetzwerk.open(1), 201)["delivery_id"]
        part = ndjson(records)
        checked(jobnetzwerk.put(delivery_id, 1, part), 204)
        problem(jobnetzwerk.commit(delivery_id, [part], records), 422, "invalid-request")


def test_answers_to_an_uncommitted_delivery_are_refused(jobnetzwerk: Provider) -> None:
    delivery_id = checked(jobnetzwerk.open(1), 201)["delivery_id"]
    response = jobnetzwerk.call("GET", f"/v1/deliveries/{delivery_id}/acknowledgements")
    problem(response, 409, "incomplete-delivery")


def test_answers_are_read_page_by_page_and_stay(jobnetzwerk: Provider) -> None:
    delivery_id = jobnetzwerk.deliver(1, people(*"abcdef"))
    read, after, pages = [], {}, 0
    while True:
        page = jobnetzwerk.page(delivery_id, limit=2, **after)
        assert page == jobnetzwerk.page(delivery_id, limit=2, **after)
        read += page["items"]
        after = {"after": page["next"]}
        pages += 1
        if page["state"] == "complete":
            break
    assert pages == 4
    assert read == jobnetzwerk.answers(delivery_id)
    assert jobnetzwerk.page(delivery_id, **after)["items"] == []


@pytest.mark.parametrize(
    "query", [{"after": ""}, {"after": "x"}, {"after": "d_1.1"}, {"limit": 0}, {"limit": 5001}]
)
def test_it_refuses_cursors_and_limits_that_are_none(jobnetzwerk: Provider, query: dict[str, object]) -> None:
    delivery_id = jobnetzwerk.deliver(1, people("1"))
    path = f"/v1/deliveries/{delivery_id}/acknowledgements"
    problem(jobnetzwerk.call("GET", path, params=query), 422, "invalid-request")
    ahead = {"after": f"{delivery_id}.99"}
    problem(jobnetzwerk.call("GET", path, params=ahead), 422, "invalid-request")


def test_a_refusal_repeats_nothing_of_what_was_sent(jobnetzwerk: Provider) -> None:
    delivery_id = checked(jobnetzwerk.open(1), 201)["delivery_id"]
    secret = participant("1", social_insurance_number=["12 345678 A 901"], birth_date="Geheim")
    response = jobnetzwerk.put(delivery_id, 1, ndjson([mediator(), order(), secret]))
    assert problem(response, 422, "invalid-record")["line"] == 3
    assert "345678" not in response.text
    assert "Geheim" not in response.text

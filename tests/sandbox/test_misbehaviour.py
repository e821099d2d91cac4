"""Every way to misbehave, and that it ends."""

import gzip
import time
import uuid
from collections.abc import Callable

import pytest
import requests

from tests.sandbox.provider import Provider, checked, ndjson, people, problem
from tests.support.sandbox import SandboxServer

ACTIVE = ("active", None)


def opened(provider: Provider) -> tuple[str, list[bytes]]:
    """Give a delivery with one part that is ready to be committed."""
    delivery_id = checked(provider.open(1), 201)["delivery_id"]
    part = ndjson(people("1"))
    checked(provider.put(delivery_id, 1, part), 204)
    return delivery_id, [part]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, "unauthorised"),
        (403, "licence-expired"),
        (418, "invalid-request"),
        (429, "too-many-requests"),
        (500, "unavailable"),
        (503, "unavailable"),
    ],
)
def test_it_answers_with_any_status_as_often_as_asked(
    behaving: SandboxServer, jobnetzwerk: Provider, status: int, kind: str
) -> None:
    behaving.misbehave("status", "readAccount", count=2, status=status, retry_after=7)
    for _ in range(2):
        response = jobnetzwerk.call("GET", "/v1/account")
        problem(response, status, kind)
        assert response.headers["Retry-After"] == "7"
    checked(jobnetzwerk.call("GET", "/v1/account"), 200)


def test_a_rule_may_mean_one_provider_only(
    behaving: SandboxServer, jobnetzwerk: Provider, stranger: Provider
) -> None:
    rule = behaving.misbehave("status", provider_id=jobnetzwerk.provider_id)
    problem(jobnetzwerk.call("GET", "/v1/account"), 503, "unavailable")
    problem(jobnetzwerk.open(1), 503, "unavailable")
    checked(stranger.call("GET", "/v1/account"), 200)
    behaving.behave(rule)
    checked(jobnetzwerk.call("GET", "/v1/account"), 200)


def test_a_rule_may_mean_one_delivery_only(behaving: SandboxServer, jobnetzwerk: Provider) -> None:
    first, second = (checked(jobnetzwerk.open(number), 201)["delivery_id"] for number in (1, 2))
    behaving.misbehave("status", "readDelivery", status=500, sequence=2)
    checked(jobnetzwerk.call("GET", f"/v1/deliveries/{first}"), 200)
    problem(jobnetzwerk.call("GET", f"/v1/deliveries/{second}"), 500, "unavailable")


def test_it_waits_before_it_answers(behaving: SandboxServer, jobnetzwerk: Provider) -> None:
    behaving.misbehave("delay", "readAccount", count=1, seconds=0.5)
    started = time.monotonic()
    checked(jobnetzwerk.call("GET", "/v1/account"), 200)
    assert time.monotonic() - started >= 0.5


def test_it_drops_the_connection_before_taking_in(behaving: SandboxServer, jobnetzwerk: Provider) -> None:
    delivery_id, parts = opened(jobnetzwerk)
    behaving.misbehave("drop-before", "commitDelivery", count=1)
    with pytest.raises(requests.ConnectionError):
        jobnetzwerk.commit(delivery_id, parts, people("1"))
    assert checked(jobnetzwerk.call("GET", f"/v1/deliveries/{delivery_id}"), 200)["state"] == "open"
    checked(jobnetzwerk.commit(delivery_id, parts, people("1")), 202)


def test_it_drops_the_connection_after_taking_in(behaving: SandboxServer, jobnetzwerk: Provider) -> None:
    delivery_id, parts = opened(jobnetzwerk)
    behaving.misbehave("drop-after", "commitDelivery", count=1)
    with pytest.raises(requests.ConnectionError):
        jobnetzwerk.commit(delivery_id, parts, people("1"))
    assert jobnetzwerk.outcomes(delivery_id) == {"1": ACTIVE}
    seen = [s for s in behaving.requests_seen(jobnetzwerk.provider_id) if s["operation"] == "commitDelivery"]
    assert [(s["status"], s["sequence"]) for s in seen] == [(None, 1)]


def test_a_dropped_opening_is_found_again_by_its_key(behaving: SandboxServer, jobnetzwerk: Provider) -> None:
    behaving.misbehave("drop-after", "openDelivery", count=1)
    key = str(uuid.uuid4())
    with pytest.raises(requests.ConnectionError):
        jobnetzwerk.open(1, key=key)
    checked(jobnetzwerk.open(1, key=key), 200)
    assert len(behaving.deliveries(jobnetzwerk.provider_id)) == 1


def test_it_redirects(behaving: SandboxServer, jobnetzwerk: Provider) -> None:
    behaving.misbehave("redirect", "readAccount", location="http://127.0.0.1:1/elsewhere")
    response = jobnetzwerk.call("GET", "/v1/account")
    assert (response.status_code, response.headers["Location"]) == (307, "http://127.0.0.1:1/elsewhere")


@pytest.mark.parametrize("kind", ["base-mismatch", "sequence-conflict"])
@pytest.mark.parametrize(("given", "expected"), [({}, 4), ({"last_sequence": 99}, 99)])
def test_it_claims_another_last_number(
    behaving: SandboxServer, jobnetzwerk: Provider, kind: str, given: dict[str, int], expected: int
) -> None:
    jobnetzwerk.deliver(4, people("1"))
    behaving.misbehave(kind, "openDelivery", count=1, **given)
    assert problem(jobnetzwerk.open(5), 409, kind)["last_sequence"] == expected


def test_it_answers_byte_by_byte(behaving: SandboxServer, jobnetzwerk: Provider) -> None:
    behaving.misbehave("slow", "readAccount", bytes_per_second=500)
    started = time.monotonic()
    content = checked(jobnetzwerk.call("GET", "/v1/account"), 200)
    assert content["provider_id"] == jobnetzwerk.provider_id
    assert time.monotonic() - started > 0.3


@pytest.mark.parametrize(
    ("parameters", "holds"),
    [
        ({"body": "not-json"}, lambda text: text.startswith("<html>")),
        ({"body": "wrong-shape"}, lambda text: "receipt_id" not in text),
        ({"body": "foreign-receipt"}, lambda text: "fremd_receipt_id" in text and '"sequence": 1001' in text),
        ({"body": "empty"}, lambda text: not text),
        ({"text": '{"anything": []}'}, lambda text: text == '{"anything": []}'),
    ],
)
def test_it_takes_in_and_answers_rubbish(
    behaving: SandboxServer,
    jobnetzwerk: Provider,
    parameters: dict[str, str],
    holds: Callable[[str], bool],
) -> None:
    delivery_id, parts = opened(jobnetzwerk)
    behaving.misbehave("garbage", "commitDelivery", count=1, **parameters)
    response = jobnetzwerk.commit(delivery_id, parts, people("1"))
    assert response.status_code in (200, 202)
    assert holds(response.text)
    assert jobnetzwerk.state() == {"1": ACTIVE}


def test_it_answers_hugely(behaving: SandboxServer, jobnetzwerk: Provider) -> None:
    behaving.misbehave("huge", "readAccount", count=1, size_bytes=5_000_000)
    assert len(jobnetzwerk.call("GET", "/v1/account").content) == 5_000_000
    behaving.misbehave("huge", "readAccount", count=1, size_bytes=5_000_000, compressed=True)
    packed = jobnetzwerk.call("GET", "/v1/account", stream=True)
    raw = packed.raw.read(decode_content=False)
    assert len(raw) < 10_000
    assert len(gzip.decompress(raw)) == 5_000_000


@pytest.mark.parametrize("compressed", [False, True])
def test_it_answers_without_end(behaving: SandboxServer, jobnetzwerk: Provider, compressed: bool) -> None:
    behaving.misbehave("huge", "readAccount", count=1, compressed=compressed)
    with jobnetzwerk.call("GET", "/v1/account", stream=True) as response:
        received = 0
        for chunk in response.iter_content(1_000_000):
            received += len(chunk)
            if received > 10_000_000:
                break
        assert received > 10_000_000
    checked(jobnetzwerk.call("GET", "/v1/account"), 200)


def test_it_cuts_an_answer_off(behaving: SandboxServer, jobnetzwerk: Provider) -> None:
    behaving.misbehave("cut", "readAccount", count=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        jobnetzwerk.call("GET", "/v1/account")


def answered(provider: Provider, *, complete: bool = True) -> list[tuple[str, str]]:
    """Deliver three people and give who was answered how."""
    page = provider.page(provider.deliver(1, people("1", "2", "3")))
    assert page["state"] == ("complete" if complete else "processing")
    return [(item["id"], item["outcome"]) for item in page["items"]]


TRUE = [("M1", "known"), ("1", "active"), ("2", "active"), ("3", "active")]


def test_it_loses_answers(behaving: SandboxServer, jobnetzwerk: Provider) -> None:
    behaving.misbehave("answers-lost", participants=["2"])
    assert answered(jobnetzwerk, complete=False) == [TRUE[0], TRUE[1], TRUE[3]]
    assert jobnetzwerk.state()["2"] == ACTIVE


def test_it_says_complete_with_answers_missing(behaving: SandboxServer, jobnetzwerk: Provider) -> None:
    behaving.misbehave("answers-complete-early", participants=["2"])
    assert answered(jobnetzwerk) == [TRUE[0], TRUE[1], TRUE[3]]


def test_it_loses_a_fraction(behaving: SandboxServer, jobnetzwerk: Provider) -> None:
    behaving.misbehave("answers-lost", fraction=0.5)
    names = [str(number) for number in range(200)]
    given = jobnetzwerk.page(jobnetzwerk.deliver(1, people(*names)))["items"]
    assert 60 < len(given) < 140


def test_it_holds_answers_back_until_released(behaving: SandboxServer, jobnetzwerk: Provider) -> None:
    rule = behaving.misbehave("answers-held", participants=["1"])
    assert answered(jobnetzwerk, complete=False) == [TRUE[0], TRUE[2], TRUE[3]]
    delivery_id = behaving.deliveries(jobnetzwerk.provider_id)[0]["delivery_id"]
    before = jobnetzwerk.page(delivery_id)
    behaving.behave(rule)
    later = jobnetzwerk.page(delivery_id, after=before["next"])
    assert [item["id"] for item in later["items"]] == ["1"]
    assert later["state"] == "complete"
    assert jobnetzwerk.page(delivery_id)["items"] == before["items"] + later["items"]


def test_a_held_answer_may_come_after_that_to_a_later_delivery(
    behaving: SandboxServer, jobnetzwerk: Provider
) -> None:
    rule = behaving.misbehave("answers-held", count=1)
    first = jobnetzwerk.deliver(10, people("1"))
    second = jobnetzwerk.deliver(11, [])
    assert jobnetzwerk.outcomes(second) == {"1": ("archived", "withdrawn")}
    assert jobnetzwerk.page(first)["items"] == []
    behaving.behave(rule)
    assert jobnetzwerk.outcomes(first) == {"1": ACTIVE}


def test_it_answers_twice(behaving: SandboxServer, jobnetzwerk: Provider) -> None:
    behaving.misbehave("answers-doubled", participants=["2"])
    assert answered(jobnetzwerk) == [*TRUE[:3], *TRUE[2:]]


def test_it_answers_in_another_order(behaving: SandboxServer, jobnetzwerk: Provider) -> None:
    behaving.misbehave("answers-reordered", count=1)
    assert answered(jobnetzwerk) == TRUE[::-1]


def test_it_contradicts_itself(behaving: SandboxServer, jobnetzwerk: Provider) -> None:
    behaving.misbehave("answers-contradictory", participants=["1"])
    assert answered(jobnetzwerk) == [*TRUE[:2], ("1", "archived"), *TRUE[2:]]


def test_it_answers_about_strangers(behaving: SandboxServer, jobnetzwerk: Provider) -> None:
    behaving.misbehave("answers-foreign", ids=["x", "y"], applicant_id="BW-1")
    assert answered(jobnetzwerk) == [("x", "active"), ("y", "active"), *TRUE]


def test_it_gives_an_unknown_reason(behaving: SandboxServer, jobnetzwerk: Provider) -> None:
    behaving.misbehave("answers-unknown-reason", reason="mondphase")
    behaving.set_mediator(jobnetzwerk.provider_id, "M1", False)
    assert jobnetzwerk.outcomes(jobnetzwerk.deliver(1, people("1"))) == {"1": ("archived", "mondphase")}
    assert jobnetzwerk.state() == {"1": ("archived", "mediator-unknown")}


def test_answers_take_as_long_as_set(behaving: SandboxServer, jobnetzwerk: Provider) -> None:
    behaving.set_answer_delay(3600)
    delivery_id = jobnetzwerk.deliver(1, people("1"))
    page = jobnetzwerk.page(delivery_id)
    assert (page["state"], page["items"]) == ("processing", [])
    behaving.set_answer_delay(0)
    again = jobnetzwerk.page(delivery_id, after=page["next"])
    assert (again["state"], len(again["items"])) == ("complete", 2)


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "sulking"},
        {"kind": "status", "operation": "readMind"},
        {"kind": "status", "count": 0},
        {"kind": "status", "parameters": {"status": 200}},
        {"kind": "status", "parameters": {"colour": "green"}},
        {},
    ],
)
def test_a_rule_with_a_typing_error_is_refused(server: SandboxServer, rule: dict[str, object]) -> None:
    with pytest.raises(RuntimeError, match="422"):
        server.control("POST", "/misbehaviours", rule)


def test_a_status_may_come_with_any_word(behaving: SandboxServer, jobnetzwerk: Provider) -> None:
    behaving.misbehave("status", "readAccount", status=409, problem="incomplete-delivery")
    problem(jobnetzwerk.call("GET", "/v1/account"), 409, "incomplete-delivery")


@pytest.mark.parametrize(
    ("entirely", "status", "kind"), [(False, 409, "incomplete-delivery"), (True, 404, "not-found")]
)
def test_a_commit_is_confirmed_and_forgotten(
    behaving: SandboxServer, jobnetzwerk: Provider, entirely: bool, status: int, kind: str
) -> None:
    behaving.misbehave("commit-forgotten", "commitDelivery", count=1, entirely=entirely)
    delivery_id, parts = opened(jobnetzwerk)
    assert checked(jobnetzwerk.commit(delivery_id, parts, people("1")), 202)["receipt_id"]
    problem(jobnetzwerk.call("GET", f"/v1/deliveries/{delivery_id}/acknowledgements"), status, kind)
    assert checked(jobnetzwerk.call("GET", "/v1/account"), 200)["last_sequence"] == 0

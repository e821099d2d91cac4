"""Parts: what is stored, replaced and refused."""

import gzip
import json
from typing import Any

import pytest
import zstandard

from tests.sandbox.provider import (
    Provider,
    checked,
    digest,
    mediator,
    ndjson,
    order,
    participant,
    people,
    problem,
    withdrawal,
)
from tests.support.sandbox import SandboxServer

LIMIT = 64 * 1024 * 1024


@pytest.fixture
def delivery_id(jobnetzwerk: Provider) -> str:
    """Give an open delivery of the provider at Jobnetzwerk."""
    opened: str = checked(jobnetzwerk.open(1), 201)["delivery_id"]
    return opened


def arrived(provider: Provider, delivery_id: str) -> list[int]:
    """Give the numbers of the parts that are there."""
    parts: list[int] = checked(provider.call("GET", f"/v1/deliveries/{delivery_id}"), 200)["parts"]
    return parts


def test_other_bytes_replace_a_part(jobnetzwerk: Provider, delivery_id: str) -> None:
    old, new = ndjson(people("1", "2")), ndjson(people("3"))
    for data in (old, old, new):
        checked(jobnetzwerk.put(delivery_id, 1, data), 204)
    assert arrived(jobnetzwerk, delivery_id) == [1]
    checked(jobnetzwerk.commit(delivery_id, [new], people("3")), 202)
    assert set(jobnetzwerk.state()) == {"3"}


def test_parts_arrive_in_any_order(jobnetzwerk: Provider, delivery_id: str) -> None:
    first, second = ndjson(people("1")), ndjson([participant("2")])
    checked(jobnetzwerk.put(delivery_id, 2, second), 204)
    checked(jobnetzwerk.put(delivery_id, 1, first), 204)
    checked(jobnetzwerk.commit(delivery_id, [first, second], [*people("1"), participant("2")]), 202)
    assert set(jobnetzwerk.state()) == {"1", "2"}


@pytest.mark.parametrize("number", [0, -1, 10_001])
def test_parts_are_numbered_from_1_to_10000(jobnetzwerk: Provider, delivery_id: str, number: int) -> None:
    problem(jobnetzwerk.put(delivery_id, number, b""), 422, "invalid-request")


def test_the_digest_covers_the_bytes_as_sent(jobnetzwerk: Provider, delivery_id: str) -> None:
    plain = ndjson(people("1"))
    packed = gzip.compress(plain)
    for wrong in (digest(plain), digest(b"")):
        refused = jobnetzwerk.put(delivery_id, 1, packed, Content_Encoding="gzip", Content_Digest=wrong)
        problem(refused, 400, "digest-mismatch")
    assert arrived(jobnetzwerk, delivery_id) == []


@pytest.mark.parametrize("value", [None, "", "md5=:x:", "sha-256=:short:", "sha-256=" + "A" * 44])
def test_a_part_without_a_digest_is_refused(
    jobnetzwerk: Provider, delivery_id: str, value: str | None
) -> None:
    problem(jobnetzwerk.put(delivery_id, 1, b"", Content_Digest=value), 422, "invalid-request")


@pytest.mark.parametrize("value", [None, "text/plain", "application/json"])
def test_a_part_is_ndjson(jobnetzwerk: Provider, delivery_id: str, value: str | None) -> None:
    problem(jobnetzwerk.put(delivery_id, 1, b"", Content_Type=value), 422, "invalid-request")


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_it_unpacks_what_it_says_it_takes(jobnetzwerk: Provider, delivery_id: str, encoding: str) -> None:
    pack = gzip.compress if encoding == "gzip" else zstandard.compress
    data = pack(ndjson(people("1"))[:100]) + pack(ndjson(people("1"))[100:])  # two members are one stream
    checked(jobnetzwerk.put(delivery_id, 1, data, Content_Encoding=encoding), 204)
    checked(jobnetzwerk.commit(delivery_id, [data], people("1")), 202)
    assert jobnetzwerk.state() == {"1": ("active", None)}


@pytest.mark.parametrize("encoding", ["identity", "br", "GZIP", "gzip, gzip", ""])
def test_it_refuses_other_encodings(jobnetzwerk: Provider, delivery_id: str, encoding: str) -> None:
    problem(jobnetzwerk.put(delivery_id, 1, b"", Content_Encoding=encoding), 422, "invalid-request")


def test_it_takes_zstd_only_where_the_account_lists_it(server: SandboxServer) -> None:
    provider = Provider(server, encodings=["gzip"])
    delivery_id = checked(provider.open(1), 201)["delivery_id"]
    data = zstandard.compress(ndjson(people("1")))
    problem(provider.put(delivery_id, 1, data, Content_Encoding="zstd"), 422, "invalid-request")


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("spoil", ["plain", "cut", "tail"])
def test_it_refuses_what_cannot_be_unpacked(
    jobnetzwerk: Provider, delivery_id: str, encoding: str, spoil: str
) -> None:
    whole = (
        gzip.compress(ndjson(people("1"))) if encoding == "gzip" else zstandard.compress(ndjson(people("1")))
    )
    data = {"plain": b'{"type": "order"}', "cut": whole[:-6], "tail": whole + b"rubbish"}[spoil]
    problem(jobnetzwerk.put(delivery_id, 1, data, Content_Encoding=encoding), 422, "invalid-request")


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_it_stops_unpacking_a_bomb(jobnetzwerk: Provider, delivery_id: str, encoding: str) -> None:
    line = ndjson([mediator() | {"last_name": "x" * 900_000}])
    bomb = line * (LIMIT // len(line) + 1)
    data = gzip.compress(bomb, 9) if encoding == "gzip" else zstandard.compress(bomb)
    assert len(data) < 1_000_000
    problem(jobnetzwerk.put(delivery_id, 1, data, Content_Encoding=encoding), 413, "too-large")


def test_it_refuses_more_bytes_than_the_account_allows(server: SandboxServer) -> None:
    provider = Provider(server, max_part_bytes=100)
    delivery_id = checked(provider.open(1), 201)["delivery_id"]
    fitting = ndjson([withdrawal("1")]).strip().ljust(100)
    checked(provider.put(delivery_id, 1, fitting), 204)
    problem(provider.put(delivery_id, 2, fitting + b" "), 413, "too-large")
    endless = provider.call(
        "PUT",
        f"/v1/deliveries/{delivery_id}/parts/2",
        data=iter([fitting, b" "]),  # chunked: nothing says beforehand how long it is
        headers={"Content-Type": "application/x-ndjson", "Content-Digest": digest(fitting + b" ")},
    )
    problem(endless, 413, "too-large")


INVALID = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b"{",
    b"\xff",
    b"\xef\xbb\xbf" + ndjson([mediator()]).strip(),
    b'{"type": "withdrawal", "participant_id": "\\ud800"}',
    json.dumps({"type": "person", "participant_id": "1"}).encode(),
    json.dumps({"participant_id": "1"}).encode(),
    json.dumps(withdrawal("")).encode(),
    json.dumps(withdrawal("1") | {"participant_id": 1}).encode(),
    json.dumps(withdrawal("1") | {"reason": "none"}).encode(),
    json.dumps(mediator() | {"last_name": None}).encode(),
    json.dumps(order() | {"responsible": None}).encode(),
    json.dumps(order() | {"responsible": [1]}).encode(),
    json.dumps(order() | {"starts_on": "2026-1-1"}).encode(),
    json.dumps(order() | {"starts_on": "2026-02-30"}).encode(),
    json.dumps(order() | {"starts_on": "2026-01-01T00:00:00Z"}).encode(),
    json.dumps(participant("1", birth_date=20260101)).encode(),
    json.dumps(participant("1", shoe_size="42")).encode(),
    json.dumps(participant("1", profile={})).encode(),  # Jobnetzwerk is not told profiles
    json.dumps({k: v for k, v in participant("1").items() if k != "last_name"}).encode(),
]


@pytest.mark.parametrize("line", INVALID)
def test_it_names_the_line_of_an_invalid_record(jobnetzwerk: Provider, delivery_id: str, line: bytes) -> None:
    data = ndjson([mediator(), order()]) + line + b"\n" + ndjson([participant("9")])
    assert problem(jobnetzwerk.put(delivery_id, 1, data), 422, "invalid-record")["line"] == 3
    assert arrived(jobnetzwerk, delivery_id) == []


def test_a_line_has_an_end(jobnetzwerk: Provider, delivery_id: str) -> None:
    data = gzip.compress(ndjson([mediator()]) + b'{"type": "' + b"x" * 2_000_000)
    refused = jobnetzwerk.put(delivery_id, 1, data, Content_Encoding="gzip")
    assert problem(refused, 422, "invalid-record")["line"] == 2


def test_the_last_line_needs_no_line_feed(jobnetzwerk: Provider, delivery_id: str) -> None:
    data = ndjson(people("1")).strip()
    checked(jobnetzwerk.put(delivery_id, 1, data), 204)
    checked(jobnetzwerk.commit(delivery_id, [data], people("1")), 202)


@pytest.mark.parametrize(
    "profile",
    [
        {},
        {"desired_occupations": ["Lagerist/in"], "languages": [{"title": "Deutsch", "level": "B2"}]},
        {"education": [{"title": "Lehre", "starts_on": "2010-09-01", "ends_on": None}]},
    ],
)
def test_job4you_takes_profiles(job4you: Provider, profile: dict[str, Any]) -> None:
    records = [mediator(), order("A1", "Ines Vogt"), participant("1", profile=profile)]
    job4you.deliver(1, records)
    assert job4you.server.applicants(job4you.provider_id)["1"]["record"]["profile"] == profile


@pytest.mark.parametrize(
    "profile",
    [None, [], {"hobbies": []}, {"skills": None}, {"skills": ["Excel"]}, {"skills": [{"level": "gut"}]}],
)
def test_job4you_refuses_profiles_that_are_none(job4you: Provider, profile: object) -> None:
    delivery_id = checked(job4you.open(1), 201)["delivery_id"]
    data = ndjson([mediator(), order("A1"), participant("1", profile=profile)])
    assert problem(job4you.put(delivery_id, 1, data), 422, "invalid-record")["line"] == 3


def test_a_record_can_be_refused_by_force(jobnetzwerk: Provider, delivery_id: str) -> None:
    jobnetzwerk.server.force(jobnetzwerk.provider_id, "2", "refused", detail="Straße unbekannt")
    refused = problem(jobnetzwerk.put(delivery_id, 1, ndjson(people("1", "2"))), 422, "invalid-record")
    assert refused["line"] == 4
    assert "Straße unbekannt" in refused["detail"]
    jobnetzwerk.server.force(jobnetzwerk.provider_id, "2", None)
    checked(jobnetzwerk.put(delivery_id, 1, ndjson(people("1", "2"))), 204)

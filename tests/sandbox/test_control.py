"""The control door: providers, what was seen, and who may use it."""

from pathlib import Path

import pytest
import requests

from sandbox import create_app
from tests.sandbox.provider import Provider, checked, people
from tests.support.sandbox import SandboxServer


def test_a_provider_is_created_with_a_token_of_choice(server: SandboxServer) -> None:
    assert server.create_provider("job4you", "given-token", token="0123456789") == "0123456789"
    with pytest.raises(RuntimeError, match="409"):
        server.create_provider("job4you", "given-token")
    with pytest.raises(RuntimeError, match="409"):
        server.create_provider("job4you", "same-token", token="0123456789")
    listed = {provider["provider_id"]: provider for provider in server.control("GET", "/providers")}
    assert "same-token" not in listed
    assert "0123456789" not in str(listed)


def test_a_changed_token_ends_the_old_one(jobnetzwerk: Provider) -> None:
    old, jobnetzwerk.token = jobnetzwerk.token, "a-new-token-for-them"
    jobnetzwerk.server.change_provider(jobnetzwerk.provider_id, token=jobnetzwerk.token)
    checked(jobnetzwerk.call("GET", "/v1/account"), 200)
    jobnetzwerk.token = old
    assert jobnetzwerk.call("GET", "/v1/account").status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"provider_id": "x"},
        {"provider_id": "a/b", "network": "jobnetzwerk"},
        {"provider_id": "x", "network": "xing"},
        {"provider_id": "x", "network": "jobnetzwerk", "licensed_until": "soon"},
        {"provider_id": "x", "network": "jobnetzwerk", "colour": "green"},
    ],
)
def test_a_wrong_provider_is_refused(server: SandboxServer, body: dict[str, str]) -> None:
    with pytest.raises(RuntimeError, match="422"):
        server.control("POST", "/providers", body)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/providers/nobody/applicants", None),
        ("GET", "/providers/nobody/deliveries", None),
        ("PATCH", "/providers/nobody", {"name": "x"}),
        ("PUT", "/providers/nobody/mediators/M1", {"known": True}),
        ("PUT", "/providers/nobody/outcomes/1", {"outcome": "active"}),
        ("DELETE", "/misbehaviours/999999", None),
        ("GET", "/nothing", None),
    ],
)
def test_what_does_not_exist_is_not_found(
    server: SandboxServer, method: str, path: str, body: object
) -> None:
    with pytest.raises(RuntimeError, match="404"):
        server.control(method, path, body)


def test_it_remembers_requests_without_what_was_in_them(jobnetzwerk: Provider) -> None:
    delivery_id = jobnetzwerk.deliver(3, people("1"))
    jobnetzwerk.call("GET", f"/v1/deliveries/{delivery_id}/acknowledgements?after=Geheim")
    seen = jobnetzwerk.server.requests_seen(jobnetzwerk.provider_id)
    assert [(s["operation"], s["status"], s["sequence"]) for s in seen] == [
        ("openDelivery", 201, 3),
        ("putPart", 204, 3),
        ("commitDelivery", 202, 3),
        ("readAcknowledgements", 422, 3),
    ]
    assert "Geheim" not in str(seen)
    assert jobnetzwerk.token not in str(seen)


def test_it_shows_records_and_answers_of_a_delivery(jobnetzwerk: Provider) -> None:
    delivery_id = jobnetzwerk.deliver(1, people("1"))
    server = jobnetzwerk.server
    assert server.records(jobnetzwerk.provider_id, delivery_id) == people("1")
    assert [a["fate"] for a in server.answers(jobnetzwerk.provider_id, delivery_id)] == ["given", "given"]
    (delivery,) = server.deliveries(jobnetzwerk.provider_id)
    assert delivery["counts"] == {"mediator": 1, "order": 1, "participant": 1, "withdrawal": 0}
    assert delivery["state"] == "complete"


def test_abandoned_deliveries_are_listed_too(jobnetzwerk: Provider) -> None:
    delivery_id = checked(jobnetzwerk.open(1), 201)["delivery_id"]
    checked(jobnetzwerk.call("DELETE", f"/v1/deliveries/{delivery_id}"), 204)
    assert [d["state"] for d in jobnetzwerk.server.deliveries(jobnetzwerk.provider_id)] == ["abandoned"]


def test_a_control_token_guards_the_door(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, control_token="door-token") as server:
        server.create_provider("jobnetzwerk", "p")
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            response = requests.get(f"{server.url}/control/providers", headers=headers, timeout=10)
            assert response.status_code == 401


@pytest.mark.parametrize("address", ["192.0.2.7", "::ffff:192.0.2.7", ""])
@pytest.mark.parametrize("path", ["/", "/control/providers"])
def test_other_machines_are_not_let_in(tmp_path: Path, address: str, path: str) -> None:
    client = create_app(tmp_path / "sandbox.sqlite3").test_client()
    found = client.get(path, base_url="http://127.0.0.1:5001", environ_base={"REMOTE_ADDR": address})
    assert found.status_code == 403
    local = client.get(path, base_url="http://127.0.0.1:5001", environ_base={"REMOTE_ADDR": "127.0.0.1"})
    assert local.status_code == 200

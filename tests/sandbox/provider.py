"""A provider that speaks the contract to the sandbox in tests: plain requests, nothing of the real client."""

import base64
import gzip
import hashlib
import json
import time
import uuid
from typing import Any

import requests

from tests.support.sandbox import SandboxServer

CREATED_AT = "2026-01-31T22:00:00Z"


def digest(data: bytes) -> str:
    """Give the Content-Digest of bytes."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def mediator(mediator_id: str = "M1") -> dict[str, Any]:
    """Give a mediator's record."""
    return {"type": "mediator", "mediator_id": mediator_id, "last_name": "Vogt", "first_name": "Ines"}


def order(order_id: str = "A1", *responsible: str) -> dict[str, Any]:
    """Give an order's record."""
    return {"type": "order", "order_id": order_id, "title": "Lagerlogistik", "responsible": list(responsible)}


def participant(participant_id: str, **more: Any) -> dict[str, Any]:
    """Give a participant's record that every network accepts, with changes."""
    return {
        "type": "participant",
        "participant_id": participant_id,
        "mediator_id": "M1",
        "order_id": "A1",
        "last_name": "Muster",
        "first_name": "Kim",
        "email": "kim@example.org",
        "caseworker": "Ines Vogt",
        "consent_on": "2026-01-02",
    } | more


def withdrawal(participant_id: str) -> dict[str, Any]:
    """Give a withdrawal."""
    return {"type": "withdrawal", "participant_id": participant_id}


def people(*participant_ids: str) -> list[dict[str, Any]]:
    """Give the records of a delivery that names these participants, with what they need."""
    return [mediator(), order("A1", "Ines Vogt"), *(participant(name) for name in participant_ids)]


def ndjson(records: list[dict[str, Any]]) -> bytes:
    """Give records as the lines of a part."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


class Provider:
    """One provider at one sandbox."""

    def __init__(self, server: SandboxServer, network: str = "jobnetzwerk", **more: Any) -> None:
        self.server = server
        self.provider_id = f"p-{uuid.uuid4().hex[:12]}"
        self.token = server.create_provider(network, self.provider_id, **more)

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        """Call a path of the contract; nothing is raised for a refusal."""
        headers = {"Authorization": f"Bearer {self.token}"} | more.pop("headers", {})
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                method,
                self.server.url + path,
                headers=headers,
                timeout=more.pop("timeout", 20),
                allow_redirects=False,
                **more,
            )

    def open(
        self, sequence: int, mode: str = "full", key: str | None = None, **more: Any
    ) -> requests.Response:
        """Open a delivery."""
        body = {"sequence": sequence, "mode": mode, "created_at": CREATED_AT, **more}
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        return self.call("POST", "/v1/deliveries", json=body, headers=headers)

    def put(self, delivery_id: str, number: int, data: bytes, **headers: str | None) -> requests.Response:
        """Put a part; `headers` with underscores replace the right ones, None leaves one out."""
        sent: dict[str, str | None] = {"Content-Type": "application/x-ndjson", "Content-Digest": digest(data)}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call(
            "PUT",
            f"/v1/deliveries/{delivery_id}/parts/{number}",
            data=data,
            headers={name: value for name, value in sent.items() if value is not None},
        )

    def commit(
        self, delivery_id: str, parts: list[bytes], records: list[dict[str, Any]], **counts: int
    ) -> requests.Response:
        """Commit a delivery of these parts; `counts` replace the right ones."""
        kinds = [record["type"] for record in records]
        right = {kind: kinds.count(kind) for kind in ("mediator", "order", "participant", "withdrawal")}
        manifest = {"parts": [digest(part) for part in parts], "counts": right | counts}
        return self.call("POST", f"/v1/deliveries/{delivery_id}/commit", json=manifest)

    def deliver(self, sequence: int, records: list[dict[str, Any]], mode: str = "full", **more: Any) -> str:
        """Deliver records in one part and give the delivery's id."""
        delivery_id: str = checked(self.open(sequence, mode, **more), 201)["delivery_id"]
        parts = [gzip.compress(ndjson(records))] if records else []
        for number, part in enumerate(parts, start=1):
            checked(self.put(delivery_id, number, part, Content_Encoding="gzip"), 204)
        checked(self.commit(delivery_id, parts, records), 202)
        return delivery_id

    def page(self, delivery_id: str, **query: Any) -> dict[str, Any]:
        """Give one page of answers."""
        return checked(self.call("GET", f"/v1/deliveries/{delivery_id}/acknowledgements", params=query), 200)

    def answers(self, delivery_id: str) -> list[dict[str, Any]]:
        """Give all answers to a delivery once they are complete."""
        items: list[dict[str, Any]] = []
        query: dict[str, Any] = {"limit": 1000}
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            page = self.page(delivery_id, **query)
            items += page["items"]
            query["after"] = page["next"]
            if page["state"] == "complete":
                return items
        raise AssertionError("no complete answers in time")

    def outcomes(self, delivery_id: str) -> dict[str, tuple[str, str | None]]:
        """Give outcome and reason by participant."""
        return {
            item["id"]: (item["outcome"], item.get("reason"))
            for item in self.answers(delivery_id)
            if item["subject"] == "participant"
        }

    def state(self) -> dict[str, tuple[str, str | None]]:
        """Give what the network holds: state and reason by participant."""
        found = self.server.applicants(self.provider_id)
        return {name: (applicant["state"], applicant["reason"]) for name, applicant in found.items()}


def checked(response: requests.Response, status: int) -> Any:
    """Give the JSON of an answer that must have this status."""
    assert response.status_code == status, f"{response.status_code}: {response.text}"
    return response.json() if response.content else None


def problem(response: requests.Response, status: int, kind: str) -> dict[str, Any]:
    """Give the problem document of a refusal that must be this one."""
    assert response.headers["Content-Type"] == "application/problem+json", response.text
    content: dict[str, Any] = response.json()
    assert (response.status_code, content["type"].rpartition("/")[2]) == (status, kind), content
    assert content["status"] == status
    assert content["title"]
    return content

"""A provider at the sandbox that is nobody's here, with people of its own."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import uuid

from portal.core.database import utcnow
from portal.networks.protocol.client import NetworkClient
from tests.support.sandbox import SandboxServer


def another_provider(sandbox: SandboxServer, *numbers: str, network: str = "jobnetzwerk") -> tuple[str, str]:
    """Create it, with these people active there; its name and its token."""
    name = f"stranger-{uuid.uuid4().hex[:12]}"
    token = sandbox.create_provider(network, name)
    if numbers:
        deliver_as(sandbox, token, numbers)
    return name, token


def deliver_as(sandbox: SandboxServer, token: str, numbers: tuple[str, ...]) -> None:
    """Tell the network of these people, as somebody else would."""
    mediator = {"type": "mediator", "mediator_id": "7", "last_name": "V", "first_name": "M"}
    records: list[dict[str, object]] = [mediator]
    for number in numbers:
        person = {"participant_id": number, "mediator_id": "7", "last_name": "Fremd", "first_name": "F"}
        records.append({"type": "participant", "order_id": None, **person})
    content = gzip.compress("".join(json.dumps(record) + "\n" for record in records).encode())
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"
    counts = {"mediator": 1, "order": 0, "participant": len(numbers), "withdrawal": 0}
    with NetworkClient(sandbox.url, token, read_seconds=10) as client:
        sequence = client.read_account().last_sequence + 1
        opened = client.open_delivery(str(uuid.uuid4()), sequence, "full", None, utcnow())
        client.put_part(opened.delivery_id, 1, content, digest)
        client.commit_delivery(opened.delivery_id, [digest], counts)

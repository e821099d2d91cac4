"""The paths of the contract (`openapi.yaml`). A view here is named after its operationId."""

import json
import sqlite3
from typing import Any

from flask import Blueprint, Response, request

from sandbox import answers, deliveries, incoming
from sandbox.clock import now_at
from sandbox.commit import commit_delivery
from sandbox.deliveries import Delivery
from sandbox.forced import refused_participants
from sandbox.gate import current_provider, guard, note_sequence
from sandbox.messages import Manifest, NewDelivery
from sandbox.parts import PartRecord, read_part
from sandbox.problems import Problem
from sandbox.references import check_references
from sandbox.services import services
from sandbox.words import ProblemType, RecordType

MAX_PAGE = 5000
DEFAULT_PAGE = 1000
MAX_PART_NUMBER = 10_000

api = Blueprint("api", __name__)
guard(api)


@api.get("/v1/account", endpoint="readAccount")
def read_account() -> Response:
    """Say who the provider is to this network."""
    provider = current_provider()
    with services().database.read() as db:
        last = deliveries.last_sequence(db, provider.provider_id)
    return _json(
        {
            "provider_id": provider.provider_id,
            "name": provider.name,
            "network": provider.network,
            "licensed_until": provider.licensed_until,
            "last_sequence": last,
            "encodings": list(provider.encodings),
            "max_part_bytes": provider.max_part_bytes,
        }
    )


@api.get("/v1/deliveries", endpoint="listDeliveries")
def list_deliveries() -> Response:
    """Give the committed deliveries after a number."""
    provider = current_provider()
    after = incoming.query_number("after_sequence", default=0, least=0)
    services().processor.catch_up(provider.provider_id, now_at())
    with services().database.read() as db:
        found = deliveries.list_deliveries(db, provider.provider_id, after)
        return _json({"deliveries": [_as_json(db, delivery) for delivery in found]})


@api.post("/v1/deliveries", endpoint="openDelivery")
def open_delivery() -> Response:
    """Open a delivery, or give the one opened under the same key."""
    provider = current_provider()
    key = incoming.idempotency_key()
    message = incoming.body(NewDelivery)
    note_sequence(message.sequence)
    with services().database.write() as db:
        delivery, is_new = deliveries.open_delivery(db, provider, key, message, now_at())
        return _json(_as_json(db, delivery), 201 if is_new else 200)


@api.get("/v1/deliveries/<delivery_id>", endpoint="readDelivery")
def read_delivery(delivery_id: str) -> Response:
    """Say where a delivery stands."""
    provider = current_provider()
    services().processor.catch_up(provider.provider_id, now_at())
    with services().database.read() as db:
        delivery = deliveries.get_delivery(db, provider.provider_id, delivery_id)
        return _json(_as_json(db, delivery))


@api.delete("/v1/deliveries/<delivery_id>", endpoint="abandonDelivery")
def abandon_delivery(delivery_id: str) -> Response:
    """Give up a delivery that is not committed."""
    with services().database.write() as db:
        deliveries.abandon_delivery(db, current_provider().provider_id, delivery_id)
    return Response(status=204)


@api.put("/v1/deliveries/<delivery_id>/parts/<number>", endpoint="putPart")
def put_part(delivery_id: str, number: str) -> Response:
    """Store one part, checked line by line before anything of it is kept."""
    provider = current_provider()
    part = incoming.number("number", number, least=1, most=MAX_PART_NUMBER)
    encoding, digest = incoming.part_headers(provider)
    with services().database.read() as db:
        deliveries.get_open_delivery(db, provider.provider_id, delivery_id)
        refused = refused_participants(db, provider.provider_id)
    data = incoming.part_body(provider, digest)
    most = services().max_unpacked_bytes
    records = read_part(data, encoding=encoding, network=provider.network, max_unpacked_bytes=most)
    _refuse_by_force(records, refused)
    with services().database.write() as db:
        deliveries.get_open_delivery(db, provider.provider_id, delivery_id)
        check_references(db, delivery_id, part, records)
        deliveries.store_part(
            db, delivery_id, part, digest=digest, size_bytes=len(data), records=records, now=now_at()
        )
    return Response(status=204)


@api.post("/v1/deliveries/<delivery_id>/commit", endpoint="commitDelivery")
def commit(delivery_id: str) -> Response:
    """Take a delivery in."""
    provider = current_provider()
    manifest = incoming.body(Manifest)
    with services().database.write() as db:
        delivery = deliveries.get_delivery(db, provider.provider_id, delivery_id)
        delivery = commit_delivery(db, provider, delivery, manifest, now_at())
    receipt = {
        "receipt_id": delivery.receipt_id,
        "delivery_id": delivery.delivery_id,
        "sequence": delivery.sequence,
        "received_at": delivery.committed_at,
    }
    return _json(receipt, 202)


@api.get("/v1/deliveries/<delivery_id>/acknowledgements", endpoint="readAcknowledgements")
def read_acknowledgements(delivery_id: str) -> Response:
    """Give one page of answers, and say when to ask again while there is nothing new."""
    provider = current_provider()
    limit = incoming.query_number("limit", default=DEFAULT_PAGE, least=1, most=MAX_PAGE)
    now = now_at()
    services().processor.catch_up(provider.provider_id, now)
    with services().database.read() as db:
        delivery = deliveries.get_delivery(db, provider.provider_id, delivery_id)
        page = answers.read_page(db, delivery, request.args.get("after"), limit)
        due_at = services().processor.due_at(db, provider, delivery.committed_at or "")
    response = _json(_page_as_json(delivery, page))
    if not page.items and page.state != "complete":
        response.headers["Retry-After"] = str(max(1, round((due_at - now).total_seconds())))
    return response


def _as_json(db: sqlite3.Connection, delivery: Delivery) -> dict[str, Any]:
    state = delivery.state
    if state == "committed" and answers.is_complete(db, delivery.delivery_id):
        state = "complete"
    return {
        "delivery_id": delivery.delivery_id,
        "sequence": delivery.sequence,
        "mode": delivery.mode,
        "state": state,
        "parts": deliveries.part_numbers(db, delivery.delivery_id),
    }


def _page_as_json(delivery: Delivery, page: answers.Page) -> dict[str, Any]:
    return {
        "delivery_id": delivery.delivery_id,
        "sequence": delivery.sequence,
        "state": page.state,
        "items": [answer.as_json() for answer in page.items],
        "next": page.next,
    }


def _refuse_by_force(records: list[PartRecord], refused: dict[str, str | None]) -> None:
    for record in records:
        if record.type == RecordType.PARTICIPANT and record.subject_id in refused:
            detail = refused[record.subject_id] or "Datensatz auf Wunsch abgelehnt"
            raise Problem(422, ProblemType.INVALID_RECORD, f"Zeile {record.line}: {detail}", line=record.line)


def _json(content: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(content, ensure_ascii=False), status, content_type="application/json")

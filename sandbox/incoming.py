"""Reading what a request brings, strictly and with limits; whatever is wrong becomes a problem document."""

import re
from typing import TypeVar
from uuid import UUID

from flask import request
from pydantic import BaseModel, ValidationError

from sandbox.messages import LARGEST_NUMBER, explain
from sandbox.parts import DIGEST, digest_of
from sandbox.problems import Problem, invalid_request
from sandbox.providers import Provider
from sandbox.words import ProblemType

MAX_JSON_BYTES = 2_000_000
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)

_Message = TypeVar("_Message", bound=BaseModel)


def idempotency_key() -> str:
    """Give the Idempotency-Key, in lower case: two spellings of one UUID are one key."""
    text = request.headers.get("Idempotency-Key", "")
    if not _UUID.fullmatch(text):
        raise invalid_request("Idempotency-Key fehlt oder ist keine UUID.")
    return str(UUID(text))


def body(kind: type[_Message]) -> _Message:
    """Give the JSON body of a request as a message of this kind."""
    if request.mimetype != "application/json":
        raise invalid_request("Content-Type muss application/json sein.")
    data = _bounded_body(MAX_JSON_BYTES)
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        raise invalid_request(explain(error)) from None


def number(name: str, text: str, *, least: int, most: int | None = None) -> int:
    """Give a whole number from the address. What is larger than can be kept becomes the largest."""
    if not re.fullmatch(r"-?[0-9]{1,1000}", text, re.ASCII) or int(text) < least:
        raise invalid_request(f"{name}: eine ganze Zahl, mindestens {least}.")
    if most is not None and int(text) > most:
        raise invalid_request(f"{name}: höchstens {most}.")
    return min(int(text), LARGEST_NUMBER)


def query_number(name: str, *, default: int, least: int, most: int | None = None) -> int:
    """Give a whole number from the query, or the default where it is left out."""
    text = request.args.get(name)
    return default if text is None else number(name, text, least=least, most=most)


def part_headers(provider: Provider) -> tuple[str | None, str]:
    """Give encoding and declared digest of a part. Raises Problem 422 for headers not in the contract."""
    if request.mimetype != "application/x-ndjson":
        raise invalid_request("Content-Type muss application/x-ndjson sein.")
    encoding = request.headers.get("Content-Encoding")
    if encoding is not None and encoding not in provider.encodings:
        raise invalid_request(f"Content-Encoding: angenommen wird {', '.join(provider.encodings)}.")
    digest = request.headers.get("Content-Digest", "")
    if not DIGEST.fullmatch(digest):
        raise invalid_request("Content-Digest fehlt oder hat nicht die Form sha-256=:…:.")
    return encoding, digest


def part_body(provider: Provider, digest: str) -> bytes:
    """Give the bytes of a part as sent. Raises Problem 413, or 400 where the digest does not fit them."""
    data = _bounded_body(provider.max_part_bytes)
    if digest_of(data) != digest:
        raise Problem(400, ProblemType.DIGEST_MISMATCH, "Die Prüfsumme passt nicht zu den gesendeten Bytes.")
    return data


def _bounded_body(limit: int) -> bytes:
    """Read the body, however it is framed, and never more than one byte too many."""
    declared = request.content_length
    if declared is not None and declared > limit:
        raise _too_large(limit)
    data = request.stream.read(limit + 1)
    if len(data) > limit:
        raise _too_large(limit)
    return data


def _too_large(limit: int) -> Problem:
    return Problem(413, ProblemType.TOO_LARGE, f"Größer als {limit} Byte.")

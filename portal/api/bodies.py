"""The body of a request, read piece by piece and never whole: type, coding, limits, and whether all of it came."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from itertools import chain

from flask import request
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge

from portal.api.errors import BodyNotGzip, ContentEncoding, ContentType, IdempotencyKey
from portal.core.settings import current_settings
from portal.imports.archive import FREE_BYTES, RATIO_LIMIT
from portal.webkit.problem_responses import UserError
from portal.webkit.request_errors import BodyCut

LINES_TYPE = "application/x-ndjson"
KEY_LIMIT = 200
_CHUNK = 64 * 1024
_KEY = re.compile(rf"[\x21-\x7e]{{1,{KEY_LIMIT}}}")


def check_type() -> None:
    """415 where the body is said to be something else than lines of JSON, or is packed in a way we do not read."""
    charset = request.mimetype_params.get("charset", "utf-8").casefold()
    if request.mimetype != LINES_TYPE or charset not in ("utf-8", "utf8"):
        raise UserError(ContentType)
    if _coding() not in ("", "identity", "gzip"):
        raise UserError(ContentEncoding)


def idempotency_key() -> str | None:
    """Return the Idempotency-Key of the request; 400 where it is none."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise UserError(IdempotencyKey)
    return key


def chunks() -> Iterator[bytes]:
    """The body as it was meant, unpacked. 413 above the limit, 400 where it is cut or cannot be unpacked."""
    limit = current_settings().upload_limit_mb * 1024**2
    request.max_content_length = limit
    return _unpacked(_sent(), limit) if _coding() == "gzip" else _sent()


def _coding() -> str:
    return request.headers.get("Content-Encoding", "").strip().casefold()


def _sent() -> Iterator[bytes]:
    taken = 0
    stream = request.stream
    while chunk := _read(stream):
        taken += len(chunk)
        yield chunk
    if request.content_length is not None and taken != request.content_length:
        raise UserError(BodyCut)  # with mode=full, everyone in the missing rest would count as having left


def _read(stream: object) -> bytes:
    try:
        found: bytes = stream.read(_CHUNK)  # type: ignore[attr-defined]
    except ClientDisconnected:
        raise UserError(BodyCut) from None
    except HTTPException:
        raise
    except Exception:  # noqa: BLE001 - each web server has errors of its own for a body that breaks off
        raise UserError(BodyCut) from None
    return found


def _unpacked(packed: Iterator[bytes], limit: int) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(wbits=31)
    taken = given = 0
    for chunk in chain(packed, (b"",)):
        taken += len(chunk)
        rest, full = chunk, True
        while not unpacker.eof and (rest or full):
            try:
                piece = unpacker.decompress(rest, _CHUNK)
            except zlib.error:
                raise UserError(BodyNotGzip) from None
            rest, full = unpacker.unconsumed_tail, len(piece) == _CHUNK
            given += len(piece)
            if given > limit or given > max(RATIO_LIMIT * taken, FREE_BYTES):
                raise RequestEntityTooLarge
            yield piece
    if unpacker.unused_data:
        raise UserError(BodyNotGzip)
    if taken and not unpacker.eof:
        raise UserError(BodyCut)

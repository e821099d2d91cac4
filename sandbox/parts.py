"""Reading one part: digest over the bytes as sent, bounded unpacking, one checked record a line."""

import base64
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import zstandard
from pydantic import ValidationError

from sandbox.messages import RECORD, MediatorRecord, OrderRecord, ParticipantRecord, Record, explain
from sandbox.problems import Problem, invalid_request
from sandbox.words import Network, ProblemType

MAX_LINE_BYTES = 1_000_000
DIGEST = re.compile(r"sha-256=:[A-Za-z0-9+/]{43}=:")
_CHUNK_BYTES = 65_536
# A zstd frame may ask its reader for gigabytes of memory; 8 MiB is what RFC 9659 lets it ask for over HTTP.
_ZSTD_WINDOW_BYTES = 8 * 1024 * 1024
_ZSTD_FEED_BYTES = 256


@dataclass(frozen=True)
class PartRecord:
    """One line of a part: where it stands, what it is about, and the JSON as sent."""

    line: int
    type: str
    subject_id: str
    mediator_id: str | None
    order_id: str | None
    json: str


def digest_of(data: bytes) -> str:
    """Give the RFC 9530 digest of bytes as they travel."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def read_part(
    data: bytes, *, encoding: str | None, network: Network, max_unpacked_bytes: int
) -> list[PartRecord]:
    """Give the records of a part.

    Raises Problem: 413 when it unpacks to more than `max_unpacked_bytes`, 422 invalid-record with the line.
    """
    records: list[PartRecord] = []
    for number, line in enumerate(_lines(data, encoding, max_unpacked_bytes), start=1):
        records.append(_read_line(number, line, network))
    return records


def _read_line(number: int, line: bytes, network: Network) -> PartRecord:
    try:
        record = RECORD.validate_json(line)
    except ValidationError as error:
        raise _invalid_record(number, explain(error)) from None
    if network is Network.JOBNETZWERK and "profile" in record.model_fields_set:
        raise _invalid_record(number, "profile: das Jobnetzwerk nimmt keine Profile an")
    return _describe(number, record, line.decode())


def _describe(number: int, record: Record, text: str) -> PartRecord:
    if isinstance(record, MediatorRecord):
        return PartRecord(number, record.type, record.mediator_id, None, None, text)
    if isinstance(record, OrderRecord):
        return PartRecord(number, record.type, record.order_id, None, None, text)
    if isinstance(record, ParticipantRecord):
        return PartRecord(
            number, record.type, record.participant_id, record.mediator_id, record.order_id, text
        )
    return PartRecord(number, record.type, record.participant_id, None, None, text)


def _invalid_record(line: int, detail: str) -> Problem:
    return Problem(422, ProblemType.INVALID_RECORD, f"Zeile {line}: {detail}", line=line)


def _lines(data: bytes, encoding: str | None, limit: int) -> Iterator[bytes]:
    """Give the lines one by one, never holding more than one of them and a chunk."""
    rest = b""
    number = 1
    for chunk in _unpacked(data, encoding, limit):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line
            number += 1
        if len(rest) > MAX_LINE_BYTES:
            raise _invalid_record(number, f"länger als {MAX_LINE_BYTES} Byte")
    if rest:
        yield rest


def _unpacked(data: bytes, encoding: str | None, limit: int) -> Iterator[bytes]:
    total = 0
    try:
        for chunk in _UNPACKERS[encoding](data):
            total += len(chunk)
            if total > limit:
                raise Problem(413, ProblemType.TOO_LARGE, f"Entpackt größer als {limit} Byte.")
            yield chunk
    except (OSError, EOFError, zlib.error, zstandard.ZstdError):
        raise invalid_request(f"Der Teil lässt sich nicht als {encoding} entpacken.") from None


def _plain(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), _CHUNK_BYTES):
        yield data[start : start + _CHUNK_BYTES]


def _gunzip(data: bytes) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk


def _unzstd(data: bytes) -> Iterator[bytes]:
    """Feed little at a time: 4 bytes of zstd may become 128 KiB. A frame must come to its end."""
    while data:
        frame = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES).decompressobj()
        position = 0
        while not frame.eof and position < len(data):
            yield frame.decompress(data[position : position + _ZSTD_FEED_BYTES])
            position += _ZSTD_FEED_BYTES
        if not frame.eof:
            raise EOFError
        data = frame.unused_data + data[position:]


_UNPACKERS: dict[str | None, Callable[[bytes], Iterator[bytes]]] = {
    None: _plain,
    "gzip": _gunzip,
    "zstd": _unzstd,
}

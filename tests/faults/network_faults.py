"""What a network does wrong at a call, element by element of the row, and what is to be said of it meanwhile."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from portal.domain.delivery_states import DeliveryProblem
from tests.support.proxy import Middle, say_nothing, trickle
from tests.support.rude_server import Manners, answer, make_certificate, reset, tls_context

Begin = Callable[[Middle], Manners]


@dataclass(frozen=True)
class Trouble:
    """How it is brought about; the words of its attempts; what the delivery's page says."""

    words: frozenset[str | None]
    problem: DeliveryProblem
    manners: Begin | None = None
    """How the call is met."""
    before: Callable[[Middle], None] | None = None
    """Instead: what happens to the network right before the call; nobody can call it then."""
    unknown: bool = True
    """Whether a commit so met may have counted."""
    ends_it: bool = False
    """Whether no other attempt would mend it: the delivery has failed, and a person sees to it."""
    status: int | None = None
    tls: bool = False


def passing(
    manners: Begin, *words: str, problem: DeliveryProblem = DeliveryProblem.UNAVAILABLE, unknown: bool = True
) -> Trouble:
    return Trouble(frozenset(words), problem, manners, unknown=unknown)


def unreachable(before: Callable[[Middle], None], word: str, *, tls: bool = False) -> Trouble:
    return Trouble(frozenset({word}), DeliveryProblem.UNAVAILABLE, before=before, unknown=False, tls=tls)


def always(manners: Manners) -> Begin:
    return lambda _: manners


def says(status: str, body: bytes = b"", **headers: str) -> Begin:
    return always(answer(body, status, **headers))


def says_problem(status: str, word: str, **headers: str) -> Begin:
    body = json.dumps({"type": f"https://n/problems/{word}", "title": "Nein"}).encode()
    return says(status, body, Content_Type="application/problem+json", **headers)


def refusal(status: str, word: str, shown: DeliveryProblem = DeliveryProblem.REFUSED) -> Trouble:
    """A 4xx with a problem of the contract."""
    code = int(status.partition(" ")[0])
    return Trouble(
        frozenset({word}), shown, says_problem(status, word), unknown=False, ends_it=True, status=code
    )


def elsewhere(status: str) -> Trouble:
    """A 4xx of something between us, which proves nothing."""
    page = says(status, b"<html>Zugriff verweigert", Content_Type="text/html")
    return passing(page, "not-the-contract", problem=DeliveryProblem.GARBLED)


def rubbish(body: bytes, word: str = "not-the-contract", **headers: str) -> Trouble:
    return passing(says("200 OK", body, **headers), word, problem=DeliveryProblem.GARBLED)


def cut_in_the_middle(connection: socket.socket) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"receipt')


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b" " * 65536)


def somebody_elses_receipt(middle: Middle) -> Manners:
    """The very bytes that another tenant got."""
    return lambda connection: connection.sendall(middle.receipts[0])


def show_a_strangers_certificate(middle: Middle) -> None:
    """One that nobody vouches for."""
    with TemporaryDirectory() as folder:
        middle.show(tls_context(make_certificate(Path(folder))))


def speak_plainly(connection: socket.socket) -> None:
    """In the middle of a secured answer."""
    with socket.socket(fileno=connection.detach()) as plain:
        plain.sendall(b"\x17\x03\x03\x00\x20" + b"x" * 32)


RARE = {
    "502",
    "504",
    "redirect",
    "200 with nothing",
    "200 with another shape",
    "200 that is no gzip",
    "no HTTP",
    *(f"{code} of a wall" for code in (400, 403, 408, 409, 413, 429, 451)),
    "409",
    "409 of another word",
    "413",
    "cut in the middle",
    "TLS, broken",
    "200 without end",
}
"""Like another one of the row, to everybody but the client, whose own tests know them apart: in the matrix alone."""
TROUBLES: dict[str, Trouble] = {
    "refused": unreachable(Middle.refuse, "no-connection"),
    "DNS": unreachable(Middle.lose_name, "no-connection"),
    "TLS, another certificate": unreachable(show_a_strangers_certificate, "certificate-refused", tls=True),
    "TLS, broken": replace(passing(always(speak_plainly), "tls-failed", "connection-lost"), tls=True),
    "reset": passing(always(reset), "connection-lost"),
    "cut in the middle": passing(always(cut_in_the_middle), "connection-lost"),
    "no answer": passing(lambda it: say_nothing(it.server), "no-answer", "too-slow"),
    "one byte at a time": passing(lambda it: trickle(it.server), "too-slow", problem=DeliveryProblem.GARBLED),
    "429": passing(
        says_problem("429 Slower", "too-many-requests", Retry_After="20"),
        "throttled",
        problem=DeliveryProblem.THROTTLED,
        unknown=False,
    ),
    "429 of a wall": passing(
        says("429 Slower", Retry_After="20"), "throttled", problem=DeliveryProblem.THROTTLED
    ),
    "503": passing(says("503 Later", Retry_After="20"), "throttled", problem=DeliveryProblem.THROTTLED),
    "500": passing(says("500 Oh"), "server-error"),
    "502": passing(says("502 Oh", b"<html>gateway"), "server-error"),
    "504": passing(says("504 Oh"), "server-error"),
    "redirect": passing(
        says("307 There", Location="http://127.0.0.1:1/"), "redirect", problem=DeliveryProblem.GARBLED
    ),
    "200 with a page": rubbish(b"<html>Anmelden"),
    "200 with nothing": rubbish(b""),
    "200 with another shape": rubbish(b'{"ok": true}'),
    "200 that is no gzip": rubbish(b"no gzip", "not-decodable", Content_Encoding="gzip"),
    "200 without end": passing(always(endless), "too-long", "too-slow", problem=DeliveryProblem.GARBLED),
    "no HTTP": passing(
        always(lambda it: it.sendall(b"\x16\x03\x01" * 99)), "not-http", problem=DeliveryProblem.GARBLED
    ),
    "another tenant's receipt": Trouble(
        frozenset({None}), DeliveryProblem.FOREIGN_RECEIPT, somebody_elses_receipt, status=202
    ),
    "401": refusal("401 Who", "unauthorised", DeliveryProblem.UNAUTHORISED),
    "403": refusal("403 No", "licence-expired", DeliveryProblem.NETWORK_LICENCE_EXPIRED),
    **{f"{code} of a wall": elsewhere(f"{code} No") for code in (400, 403, 404, 408, 409, 413, 451, 499)},
    "409": refusal("409 No", "already-committed"),
    "409 of another word": replace(
        passing(says_problem("409 No", "something-new"), "not-the-contract", problem=DeliveryProblem.GARBLED),
        status=409,
    ),
    "413": refusal("413 Much", "too-large"),
    "422": refusal("422 No", "invalid-request"),
}

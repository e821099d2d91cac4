"""What goes wrong with a request as a whole, and with each kind of bad line: a clear answer, never an error of ours."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections import Counter
from typing import Any

import pytest
import time_machine
from flask import Flask

from portal.core.database import commit, db, scoped_to, utcnow
from portal.domain.actors import Actor
from portal.domain.imports import ImportMode, ImportRun
from portal.domain.participants import Participant
from portal.domain.tenants import Tenant
from portal.imports.running import run_import
from portal.imports.service import keep_export, start_import
from tests.imports.exports import ALL, zipped
from tests.support.database import Cast
from tests.support.door import LINES, Door, ndjson, new_token, read
from tests.support.factories import looking

PERSON = {"tn_id": "T1", "nachname": "Adam"}


def line_of(length: int) -> bytes:
    """A line of exactly so many bytes."""
    line = json.dumps(PERSON).encode()
    return line + b" " * (length - len(line))


BAD_LINES: dict[str, tuple[bytes | str | dict[str, Any], str | None, str]] = {
    "no JSON": ("{", None, "not-json"),
    "two objects": ("{}{}", None, "not-json"),
    "a list": ("[]", None, "not-an-object"),
    "a string": ('"x"', None, "not-an-object"),
    "null": ("null", None, "not-an-object"),
    "a number": ("1", None, "not-an-object"),
    "NaN": ('{"tn_id": NaN}', None, "not-json"),
    "Infinity": ('{"tn_id": -Infinity}', None, "not-json"),
    "a huge number": (b'{"tn_id": ' + b"9" * 60_000 + b"}", "tn_id", "not-text"),
    "a huge exponent": ('{"tn_id": 1e999999999}', "tn_id", "not-text"),
    "a number as identifier": ({"tn_id": 1}, "tn_id", "not-text"),
    "an object as identifier": ({"tn_id": {"a": 1}}, "tn_id", "not-text"),
    "a list as name": ({"tn_id": "T1", "nachname": ["Adam"]}, "nachname", "not-text"),
    "yes as name": ({"tn_id": "T1", "nachname": True}, "nachname", "not-text"),
    "no identifier": ({"nachname": "Adam"}, "tn_id", "missing"),
    "null as identifier": ({"tn_id": None}, "tn_id", "missing"),
    "an address as identifier": ({"tn_id": "a@example.org"}, "tn_id", "identifier-is-email"),
    "a key twice": ('{"tn_id": "T1", "tn_id": "T2"}', None, "key-twice"),
    "a key twice inside": ('{"tn_id": "T1", "profil": [{"art": "x", "art": "y"}]}', None, "key-twice"),
    "nested without end": (b'{"tn_id":' + b"[" * 30_000, None, "not-json"),
    "nested deeply": (b'{"tn_id":' + b"[" * 30_000 + b"]" * 30_000 + b"}", None, "not-json"),
    "a BOM inside": (b"\xef\xbb\xbf{}", None, "not-json"),
    "no UTF-8": (b'{"tn_id": "\xff"}', None, "not-utf-8"),
    "UTF-16": ('{"tn_id": "T1"}'.encode("utf-16-le")[:-1], None, "not-json"),
    "a lone surrogate": ('{"tn_id": "\\ud800"}', "tn_id", "control-characters"),
    "a NUL": ('{"tn_id": "a\\u0000"}', "tn_id", "control-characters"),
    "a bare NUL": (b'{"tn_id": "\0"}', None, "not-json"),
    "a control character": ({"tn_id": "T1", "ort": "a\x1bb"}, "ort", "control-characters"),
    "a long field": ({"tn_id": "T1", "ort": "x" * 501}, "ort", "too-long"),
    "201 keys": ({"tn_id": "T1", **{f"k{n}": "" for n in range(200)}}, None, "too-many-keys"),
    "over 64 KiB": (line_of(64 * 1024 + 1), None, "line-over-limit"),
    "a megabyte": (b"x" * 1_000_000, None, "line-over-limit"),
    "a profile that is none": ({"tn_id": "T1", "profil": "x"}, "profil", "not-a-list"),
    "an entry that is none": ({"tn_id": "T1", "profil": [1]}, "profil[0]", "not-an-object"),
    "an entry without a title": (
        {"tn_id": "T1", "profil": [{"art": "sprache"}]},
        "profil[0].bezeichnung",
        "missing",
    ),
    "an order that is not there": ({"tn_id": "T7", "auftrag_id": "A9"}, "auftrag_id", "order-unknown"),
    "a lost letter": ({"tn_id": "T1", "ort": "K\ufffdln"}, "ort", "characters-lost"),
    "a letter encoded twice": ({"tn_id": "T1", "nachname": "MÃ¼ller"}, "nachname", "encoded-twice"),
    "a sign encoded twice": ({"tn_id": "T1", "strasse": "Weg 1 â€“ 3"}, "strasse", "encoded-twice"),
    "a letter of a profile encoded twice": (
        {"tn_id": "T1", "profil": [{"art": "sprache", "bezeichnung": "TÃ¼rkisch"}]},
        "profil[0].bezeichnung",
        "encoded-twice",
    ),
    "a wrong check digit": ({"tn_id": "T1", "svnr": "15070649C104"}, "svnr", "check-digit-wrong"),
}


def test_each_kind_of_bad_line_is_told_by_its_number(app: Flask, door: Door) -> None:
    lines = [line for line, _, _ in BAD_LINES.values()]
    found = door.put("participants", lines)
    announced = [(item["line"], item["column"], item["code"]) for item in found["rejected"]]
    wanted = [(at, column, code) for at, (_, column, code) in enumerate(BAD_LINES.values(), 1)]
    repeated = {at for at, _, code in announced if code == "repeated"}  # T1 comes often
    assert [item for item in announced if item[2] != "repeated"] == wanted
    assert repeated
    assert (found["read"], found["applied"], found["unchanged"]) == (len(lines), 0, 0)
    with looking():
        assert db.session.query(Participant).count() == 0


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"tn_id": "T1"}\n{"tn_id": "T2"}',
        b'\xef\xbb\xbf\xef\xbb\xbf{"tn_id": "T1"}\n{"tn_id":\r"T2"}\r\n',
        b'\r\n{"tn_id": "T1"}\r\n\r\n  \n{"tn_id": "T2"}\r\n',
        line_of(64 * 1024) + b"\r\n" + b'{"tn_id": "T2"}\n',
    ],
    ids=["BOM and no last end", "two BOMs and a CR between", "CRLF and blank lines", "just short enough"],
)
def test_what_is_unusual_and_right(sqlite_app: Flask, door: Door, body: bytes) -> None:
    found = read(door.ask("PUT", "/participants", data=body, content_type=LINES), 200)
    assert (found["read"], found["applied"], found["rejected"]) == (2, 2, [])


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (b"\xff\xfe" + '{"tn_id": "T1"}\n'.encode("utf-16-le"), "encoding-utf-16-lines", "UTF-16"),
        ('{"tn_id": "T1"}\n'.encode("utf-16-be"), "encoding-utf-16-lines", "UTF-16"),
        (b'{"tn_id": "T1"}\r{"tn_id": "T2"}\r', "line-ends", "CR"),
    ],
    ids=["UTF-16", "UTF-16 without BOM", "CR"],
)
def test_a_body_without_lines_of_utf_8_fails_with_the_reason(
    sqlite_app: Flask, door: Door, body: bytes, code: str, said: str
) -> None:
    found = read(door.ask("PUT", "/participants?mode=full", data=body, content_type=LINES), 200)
    assert (found["state"], found["applied"]) == ("failed", 0)
    assert [(item["line"], item["code"]) for item in found["rejected"]] == [(0, code)]
    assert said in found["message"]


@pytest.mark.parametrize(
    ("path", "options", "status", "problem"),
    [
        ("/participants", {"data": b""}, 400, "import-body-empty"),
        ("/participants", {"data": b"\n \r\n\n"}, 400, "import-body-empty"),
        ("/participants?mode=all", {}, 400, "mode-unknown"),
        ("/participants?mode=full&mode=delta", {}, 400, "mode-unknown"),
        ("/participants?mode=%00", {}, 400, "control-characters"),
        ("/participants", {"content_type": "application/json"}, 415, "content-type"),
        ("/participants", {"content_type": ""}, 415, "content-type"),
        ("/participants", {"content_type": f"{LINES}; charset=latin1"}, 415, "content-type"),
        ("/participants", {"headers": {"Content-Encoding": "br"}}, 415, "content-encoding"),
        ("/participants", {"headers": {"Content-Encoding": "gzip"}}, 400, "body-not-gzip"),
        ("/participants", {"headers": {"Idempotency-Key": ""}}, 400, "idempotency-key"),
        ("/participants", {"headers": {"Idempotency-Key": "x" * 201}}, 400, "idempotency-key"),
        ("/participants", {"headers": {"Accept": "text/html"}}, 406, None),
        ("/people", {}, 404, None),
        ("/participants?x=" + "y" * 5000, {}, 414, None),
    ],
)
def test_a_request_that_is_wrong_as_a_whole(
    sqlite_app: Flask, door: Door, path: str, options: dict[str, Any], status: int, problem: str | None
) -> None:
    sent = {"data": ndjson([PERSON]), "content_type": LINES} | options
    found = read(door.ask("PUT", path, **sent), status)
    assert found["type"] == (f"urn:jobbruecke:problem:{problem}" if problem else "about:blank")
    with looking():
        assert db.session.query(ImportRun).count() == 0


def test_a_wrong_method_is_told_the_right_ones(door: Door) -> None:
    for method in ("GET", "POST", "PATCH", "DELETE"):
        response = door.ask(method, "/participants")
        read(response, 405)
        assert "PUT" in response.headers["Allow"]


def test_a_body_that_breaks_off_is_refused_whole(sqlite_app: Flask, door: Door) -> None:
    """Even where it ends with a line, and the web server says nothing."""
    body = ndjson([PERSON])
    environ = {
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body) + 50),
        "wsgi.input_terminated": True,
    }
    response = door.ask("PUT", "/participants?mode=full", content_type=LINES, environ_overrides=environ)
    assert read(response, 400)["type"].endswith(":body-cut")


def test_a_body_too_large_is_refused(sqlite_app: Flask, door: Door) -> None:
    environ = {"wsgi.input": io.BytesIO(b"{}"), "CONTENT_LENGTH": str(201 * 1024**2)}
    read(door.ask("PUT", "/participants", content_type=LINES, environ_overrides=environ), 413)


def test_packed_bodies_are_unpacked_and_bombs_are_not(sqlite_app: Flask, door: Door) -> None:
    def send(body: bytes, status: int) -> dict[str, Any]:
        headers = {"Content-Encoding": "gzip"}
        return read(door.ask("PUT", "/participants", data=body, content_type=LINES, headers=headers), status)

    assert send(gzip.compress(ndjson([PERSON])), 200)["applied"] == 1
    many = ndjson({"tn_id": f"T{number}", "ort": "x" * 300} for number in range(900))
    assert send(gzip.compress(many), 200)["read"] == 900
    send(gzip.compress(b" " * 30_000_000), 413)
    send(gzip.compress(ndjson([PERSON]))[:-5], 400)
    send(gzip.compress(ndjson([PERSON])) + b"more", 400)
    send(zlib.compress(b"{}"), 400)


# --- again, and beside others ------------------------------------------------------------------------------


def test_the_same_key_with_the_same_lines_gives_the_same_report(app: Flask, door: Door) -> None:
    first = door.put("participants", [PERSON], Idempotency_Key="night-1")
    assert door.put("participants", [PERSON], Idempotency_Key="night-1") == first
    assert door.put("participants", [PERSON], Idempotency_Key="night-2")["import_id"] != first["import_id"]
    for path, lines in (
        ("participants", [{"tn_id": "T2"}]),
        ("participants?mode=full", [PERSON]),
        ("mediators", [PERSON]),
    ):
        found = door.put(path, lines, status=422, Idempotency_Key="night-1")
        assert found["type"].endswith(":import-key-reused")
    with looking():
        assert db.session.query(ImportRun).count() == 2


def test_an_import_that_is_running_has_others_wait(app: Flask, cast: Cast, door: Door) -> None:
    upload = keep_export(zipped(ALL))
    start_import(db.session.get_one(Tenant, cast.alpha), upload, ImportMode.FULL, Actor("SB"), utcnow())
    commit()
    response = door.ask("PUT", "/participants", data=ndjson([PERSON]), content_type=LINES)
    assert read(response, 409)["type"].endswith(":import-running")
    assert int(response.headers["Retry-After"]) > 0
    door.put("participants", [PERSON], status=409, Idempotency_Key="x")


def test_over_a_thousand_lines_are_taken_in_and_reported_later(app: Flask, cast: Cast, door: Door) -> None:
    lines = [{"tn_id": f"T{number}"} for number in range(1001)]
    response = door.ask("PUT", "/participants", data=ndjson(lines), content_type=LINES)
    found = read(response, 202)
    assert (found["state"], found["read"]) == ("waiting", 0)
    assert response.headers["Location"] == f"/api/v1/imports/{found['import_id']}"
    assert int(response.headers["Retry-After"]) > 0
    run_import(found["import_id"])
    found = door.report(found["import_id"])
    assert (found["state"], found["read"], found["applied"]) == ("done", 1001, 1001)


def test_an_import_of_a_file_is_not_reported_here(app: Flask, cast: Cast, door: Door) -> None:
    with scoped_to(cast.alpha):
        run = start_import(
            db.session.get_one(Tenant, cast.alpha),
            keep_export(zipped(ALL)),
            ImportMode.DELTA,
            Actor("SB"),
            utcnow(),
        )
        number = run.id
        commit()
    door.report(number, status=404)
    for text in ("0", "999999999999999999", "9" * 30, "-1", "x"):
        read(door.ask("GET", f"/imports/{text}"), 404)


def test_too_many_requests_are_told_to_wait(sqlite_app: Flask, door: Door) -> None:
    answers = [door.ask("GET", "/imports/1") for _ in range(121)]
    assert [answer.status_code for answer in answers[:120]] == [404] * 120
    read(answers[120], 429)
    assert int(answers[120].headers["Retry-After"]) > 0


def test_one_address_is_told_to_wait_whatever_tokens_it_makes_up(sqlite_app: Flask, cast: Cast) -> None:
    """Wrong tokens count, each another one; whoever comes from elsewhere with a good one is served."""
    good = Door(sqlite_app, new_token(cast.alpha))
    with time_machine.travel(utcnow(), tick=False) as clock:
        answers = Counter(
            Door(sqlite_app, f"jobbruecke_{number}").ask("GET", "/imports/1").status_code
            for number in range(1203)
        )
        assert answers == {401: 1200, 429: 3}
        read(good.ask("GET", "/imports/1"), 429)  # the same address
        read(good.ask("GET", "/imports/1", environ_base={"REMOTE_ADDR": "192.0.2.9"}), 404)
        clock.shift(61)
        read(good.ask("GET", "/imports/1"), 404)

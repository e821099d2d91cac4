"""The attack table through a real server, where tests inside the program cannot tell: two processes, real bytes.

Each test is named after its row; what else is tried of the row stands in docs/security.md.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from flask import Flask, current_app
from werkzeug.routing import Rule

from portal.core.database import commit, db, scoped_to, utcnow
from portal.domain.accounts import Account, LoginSession, Role, SavedView
from portal.domain.bulk import BulkAction, BulkRun, BulkState
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryProblem, DeliveryState, Mode, Trigger
from portal.domain.imports import ImportMode, ImportRun, ImportState
from portal.domain.permissions import GRANTED
from portal.domain.releases import Event, ProtocolEntry, Release
from portal.domain.tenants import Connection
from portal.domain.tokens import ApiToken
from tests.support.door import new_token
from tests.support.factories import looking, make_account, make_mediator, make_person
from tests.support.web_server import Visitor, WebServer

pytestmark = pytest.mark.processes
ROLES = {"caseworker0": Role.CASEWORKER, "supervisor": Role.SUPERVISOR, "administrator": Role.ADMINISTRATOR}
NOT_THERE = 987654
HELD = 7


@dataclass(frozen=True)
class Town:
    """Both tenants, with rows of every kind that an address may name."""

    foreign: dict[str, int]
    """Of the other tenant, by the name in the route."""


@pytest.fixture(scope="module")
def town(server: WebServer) -> Town:
    alpha, beta = server.cast.alpha, server.cast.beta
    make_account("supervisor", Role.SUPERVISOR, alpha)
    make_account("stranger", Role.ADMINISTRATOR, beta)
    make_account("support", Role.SUPPORT, None)
    make_mediator(alpha, "V1", "Muster", "Mia")
    make_person(alpha, "2001", '=HYPERLINK("http://evil.example")', "@SUM(A1)", consent=True)
    make_person(
        alpha, "2002", "<script>alert(1)</script>", '"><img hx-get=/sign-out hx-trigger=load>', consent=True
    )
    supervisor = db.session.query(Account).filter_by(email="supervisor@example.org").one()
    stranger = db.session.query(Account).filter_by(email="stranger@example.org").one()
    held = delivery(
        alpha, HELD, state=DeliveryState.HELD, problem=DeliveryProblem.BRAKE, started_by=supervisor.initials
    )
    held.started_by_account_id, held.shown_digest = supervisor.id, "shown"
    run = ImportRun(
        tenant_id=beta,
        mode=ImportMode.DELTA,
        door="file",
        state=ImportState.HELD,
        started_by="ST",
        created_at=utcnow(),
    )
    bulk = BulkRun(
        tenant_id=beta, action=BulkAction.REVOKE, state=BulkState.DONE, account_id=stranger.id, initials="ST",
        created_at=utcnow(),
    )  # fmt: skip
    view = SavedView(
        tenant_id=beta, account_id=stranger.id, name="Ihre", query="left=1", shared=True, created_at=utcnow()
    )
    session = LoginSession(
        token_hash=b"h" * 32, account_id=stranger.id, data={}, created_at=utcnow(), seen_at=utcnow()
    )
    foreign = delivery(beta, 4711)
    db.session.add_all([run, bulk, view, session])
    db.session.flush()
    rows = {
        "participant_id": make_person(beta, "9001", "Fremd", "Frida", consent=True),
        "mediator_id": make_mediator(beta, "V9", "Fremder", "Fritz"),
        "account_id": stranger.id,
        "import_id": run.id,
        "bulk_id": bulk.id,
        "view_id": view.id,
        "session_id": session.id,
        "connection_id": foreign.connection_id,
        "sequence": foreign.sequence,
    }
    commit()
    new_token(beta, "Fremder Token")
    with looking():
        rows["token_id"] = db.session.query(ApiToken).filter_by(name="Fremder Token").one().id
    return Town(rows)


def delivery(tenant_id: int, sequence: int, **values: Any) -> Delivery:
    connection = db.session.query(Connection).filter_by(tenant_id=tenant_id).one()
    row = {
        "state": DeliveryState.COMPLETE, "started_by": "system", "mode": Mode.FULL, "cause": Trigger.NIGHTLY,
        "idempotency_key": f"{tenant_id}-{sequence}", "created_at": utcnow() - dt.timedelta(hours=1),
    }  # fmt: skip
    found = Delivery(tenant_id=tenant_id, connection_id=connection.id, sequence=sequence, **(row | values))
    db.session.add(found)
    db.session.flush()
    return found


def enter(server: WebServer, name: str) -> tuple[Visitor, str]:
    """Somebody signed in, with the token of forms."""
    visitor = server.visitor(f"192.0.2.{20 + len(name)}")
    assert visitor.sign_in(name).status_code == 303
    return visitor, visitor.form("/account", "/account/password")["csrf_token"]


def routes() -> Iterator[tuple[str, Rule]]:
    app: Flask = current_app
    for rule in app.url_map.iter_rules():
        if getattr(app.view_functions[rule.endpoint], "permission", None) is not None:
            yield "POST" if "POST" in (rule.methods or set()) else "GET", rule


def fill(rule: Rule, values: dict[str, int]) -> str:
    names = {name: values.get(name, "beta" if name == "slug" else NOT_THERE) for name in rule.arguments}
    return str(current_app.url_map.bind("localhost").build(rule.endpoint, names))


def faceless(answer: requests.Response, address: str) -> str:
    """A page without what differs from one to the next by itself: numbers, tokens, its own address."""
    text = answer.text.replace(address, "ADDRESS")
    return re.sub(r'Nummer [0-9A-F]+|value="[^"]*"|datetime="[^"]*"|\d\d:\d\d(:\d\d)?', "", text)


@pytest.mark.parametrize("name", ROLES)
def test_another_tenants_row_on_every_route_is_as_if_it_did_not_exist(
    server: WebServer, town: Town, name: str
) -> None:
    """Pages, fragments, exports, downloads, forms: to the letter the answer that a row gets which never was."""
    visitor, token = enter(server, name)
    tried = 0
    for method, rule in routes():
        named = rule.arguments & set(town.foreign)
        permission = getattr(current_app.view_functions[rule.endpoint], "permission", None)
        if not named or permission not in GRANTED[ROLES[name]]:
            continue
        for headers in ({}, {"HX_Request": "true", "HX_Request_Type": "partial"}):
            said = []
            for values in (town.foreign, {}):
                address = fill(rule, values)
                answer = (
                    visitor.post(address, {"csrf_token": token}, **headers)
                    if method == "POST"
                    else visitor.get(address, **headers)
                )
                assert answer.status_code == 404, (method, address, answer.status_code)
                assert "Frem" not in answer.text and "Frida" not in answer.text
                said.append(faceless(answer, address))
            assert said[0] == said[1], rule.rule
            tried += 1
    assert tried >= 40 if name != "caseworker0" else tried >= 20


def test_another_tenants_people_are_not_chosen_for_many(server: WebServer, town: Town) -> None:
    visitor, token = enter(server, "supervisor")
    form = {"csrf_token": token, "participant": str(town.foreign["participant_id"]), "action": "release"}
    visitor.post("/bulk", form)
    for path in (
        "/participants",
        "/participants/export.csv",
        "/mediators",
        "/deliveries",
        "/imports",
        "/bulk",
    ):
        assert "Frem" not in visitor.get(path).text, path
    with looking():
        assert db.session.query(Release).filter_by(tenant_id=server.cast.beta).count() == 0


def test_a_lower_role_calls_what_is_not_its_own(server: WebServer, town: Town) -> None:
    visitor, token = enter(server, "caseworker0")
    for path in (
        *("/deliveries", f"/deliveries/{HELD}/approve", f"/deliveries/{HELD}/discard", "/settings/token"),
        *("/settings/tokens", "/accounts", "/imports/1/approve"),
    ):
        for headers in ({}, {"HX_Request": "true"}):
            assert visitor.post(path, {"csrf_token": token}, **headers).status_code == 403, path
    for path in (
        "/settings",
        "/settings/tokens",
        "/accounts",
        "/audit",
        "/operations",
        "/tenants",
        "/privacy",
    ):
        assert visitor.get(path).status_code == 403, path


@pytest.mark.parametrize("headers", [{}, {"HX_Request": "true"}, {"Referer": "x"}])
def test_who_started_a_held_delivery_does_not_approve_it(
    server: WebServer, town: Town, headers: dict[str, str]
) -> None:
    visitor, token = enter(server, "supervisor")
    answer = visitor.post(
        f"/deliveries/{HELD}/approve", {"csrf_token": token, "shown_digest": "shown"}, **headers
    )
    assert (answer.status_code, "nicht selbst" in answer.text) == (403, True), answer.text[-1500:]
    with looking(), scoped_to(server.cast.alpha):
        assert db.session.query(Delivery).filter_by(sequence=HELD).one().state is DeliveryState.HELD


def test_a_double_click_and_two_tabs_have_one_effect(server: WebServer, town: Town) -> None:
    """Ten at the same moment on two processes: one is released once, the others are told."""
    visitor, token = enter(server, "caseworker1")
    path = f"/participants/{server.eva}/release"

    def click(_: int) -> int:
        tab = Visitor(server.url, visitor.address)
        tab.cookie = visitor.cookie
        return tab.post(path, {"csrf_token": token}, HX_Request="true").status_code

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(click, range(10)))
    assert all(answer < 500 for answer in answers), answers
    assert len({answer for answer in answers if answer < 400}) == 1, answers
    with looking():
        released = db.session.query(Release).filter_by(participant_id=server.eva).all()
        noted = (
            db.session.query(ProtocolEntry).filter_by(participant_id=server.eva, event=Event.RELEASED).count()
        )
    assert (len(released), noted) == (1, 1)


def test_cells_that_begin_like_a_formula_are_harmless(server: WebServer, town: Town) -> None:
    visitor, _ = enter(server, "supervisor")
    text = visitor.get("/participants/export.csv").text
    assert "HYPERLINK" in text and "@SUM" in text
    assert not re.search(r'(^|;)"?[=+@-]', text, re.MULTILINE)
    sheet = zipfile.ZipFile(io.BytesIO(visitor.get("/participants/export.xlsx").content))
    assert not any(b"<f>" in sheet.read(name) for name in sheet.namelist())


def test_markup_in_names_is_shown_as_text(server: WebServer, town: Town) -> None:
    visitor, _ = enter(server, "supervisor")
    answer = visitor.get("/participants")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    assert "<script>alert" not in answer.text and "<img" not in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy


def test_a_form_of_20_mb_is_too_large_whoever_sends_it(server: WebServer, town: Town) -> None:
    """As a field, as a file, by somebody signed in and by nobody; the server says so instead of cutting the line."""
    visitor, token = enter(server, "caseworker2")
    field = {"csrf_token": token, "text": "x" * 20_000_000}
    for asker in (visitor, server.visitor("198.51.100.7")):
        assert asker.post("/participants/search", field).status_code == 413
    files = {"export": ("export.zip", io.BytesIO(b"x" * 20_000_000))}
    answer = visitor.session.post(
        f"{server.url}/participants/search", data={"csrf_token": token}, files=files, timeout=60
    )
    assert answer.status_code == 413 and "zu groß" in answer.text
    assert visitor.is_in()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("teilnehmer.csv", b"0" * 10**7, "mehr als 100"),
        ("../teilnehmer.csv", b"tn_id\n1\n", "hinausführen"),
    ],
)
def test_a_bomb_and_a_trick_with_paths_are_refused_by_name(
    server: WebServer, town: Town, name: str, content: bytes, sentence: str
) -> None:
    visitor, token = enter(server, "supervisor")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(name, content)
    answer = visitor.session.post(
        f"{server.url}/imports",
        data={"csrf_token": token, "mode": "full"},
        files={"export": ("export.zip", packed.getvalue())},
        allow_redirects=False,
        timeout=60,
    )
    assert answer.status_code == 422 and sentence in answer.text, re.sub(r"\s+", " ", answer.text)[-3000:]
    with looking():
        assert db.session.query(ImportRun).filter_by(tenant_id=server.cast.alpha).count() == 0

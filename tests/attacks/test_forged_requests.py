"""Requests that somebody else made up: foreign forms, GET that changes, forged headers, sent twice."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import Table, func, select

from portal.accounts.queries import get_account
from portal.accounts.service import disable_account
from portal.core.database import EVERY_TENANT, Base, commit, db, utcnow
from portal.core.settings import current_settings
from portal.domain.accounts import Account, OneTimeLink, Role
from portal.domain.permissions import GRANTED
from tests.support.at_once import at_once
from tests.support.factories import House, looking, make_account
from tests.support.pages import PASSWORD, Browser
from tests.support.web_server import PUBLIC_URL, WebServer

SignedIn = Callable[[str], Browser]
NEW = "Dreizehn Kraniche im Nebel"
TYPED = {"email": "neu@example.org", "name": "Nora Neu", "initials": "NN", "role": "caseworker"}


@pytest.mark.processes
def test_a_form_of_another_site_does_nothing(server: WebServer) -> None:
    """Without a token, with a made up one, with that of another session, with that from before signing in."""
    victim, other = server.visitor(), server.visitor("192.0.2.7")
    early = victim.form("/sign-in", "/sign-in")
    victim.sign_in("caseworker9")
    other.sign_in("caseworker10")
    foreign = other.form("/account", "/sign-out")
    for token in ({}, {"csrf_token": ""}, {"csrf_token": "made.up.token"}, foreign, early):
        for path in ("/sign-out", "/account/password", f"/participants/{server.eva}/release"):
            assert victim.post(path, token).status_code == 403
            assert victim.post(path, token, HX_Request="true").status_code == 403
    assert victim.is_in()


@pytest.mark.processes
@pytest.mark.parametrize(
    "headers",
    [
        {"HX_Request": "true"},
        {"HX_Boosted": "true", "HX_Request": "true", "HX_Request_Type": "full"},
        {"X_HTTP_Method_Override": "POST"},
        {"X_Original_URL": "/sign-in", "X_Rewrite_URL": "/sign-in"},
        {"Authorization": "Bearer support", "X_Forwarded_User": "support@example.org"},
    ],
)
def test_forged_headers_give_no_rights(server: WebServer, headers: dict[str, str]) -> None:
    for path in ("/participants", "/accounts", "/operations"):
        assert server.visitor().get(path, **headers).status_code in (302, 401)


@pytest.mark.processes
@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1@evil.example"])
def test_a_forged_host_gets_into_no_link(server: WebServer, host: str) -> None:
    administrator = server.visitor("192.0.2.8")
    administrator.sign_in("administrator")
    with looking():
        number = db.session.query(Account).filter_by(email="caseworker11@example.org").one().id
    form = administrator.form(f"/accounts/{number}", f"/accounts/{number}/link")
    kept = {"Cookie": f"session={administrator.cookie}"}  # whatever the library thinks of the host
    for headers in ({"Host": host} | kept, {"X_Forwarded_Host": host} | kept):
        answer = administrator.post(f"/accounts/{number}/link", form, **headers)
        assert "evil.example" not in answer.text
        assert answer.status_code == 400 or f"{PUBLIC_URL}/set-password/" in answer.text
        away = server.visitor().get("/participants", **headers | {"Cookie": ""})
        assert "evil.example" not in away.headers.get("Location", "")


@pytest.mark.parametrize("host", ["localhost:81", "localhost"])
def test_a_forged_host_gets_into_no_link_where_nobody_said_our_address(
    sqlite_app: Flask, house: House, signed_in: SignedIn, host: str
) -> None:
    """The page has the path alone; a browser knows where it is (tests/browser/test_behaviour.py)."""
    assert current_settings().public_url is None
    administrator = signed_in("administrator")
    form = administrator.get("/accounts/new").form("/accounts") | TYPED
    page = administrator.post("/accounts", form, status=200, X_Forwarded_Host="evil.example", Host=host)
    assert page.text_of("link").startswith("/set-password/")
    assert "evil.example" not in page.html and "http://localhost" not in page.html


@pytest.mark.parametrize(
    "address",
    [
        *("//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example"),
        *(
            "/a\r\nSet-Cookie: x=y",
            "/a%0d%0aSet-Cookie:%20x=y",
            "/\tevil",
            "javascript:alert(1)",
            "/ /evil.example",
        ),
        *("http://localhost/x", "@evil.example", "", "/\u2028x", "/.//evil.example"),
    ],
)
def test_the_way_back_leads_to_no_other_site_and_into_no_header(
    sqlite_app: Flask, house: House, address: str
) -> None:
    browser = Browser(sqlite_app)
    browser.get("/sign-in")
    answer = browser.submit("/sign-in", email="caseworker@example.org", password=PASSWORD, next=address)
    assert answer.location == "/" or (
        answer.location == quote(address, safe="/%:=") and address.startswith("/")
    )
    assert not answer.location.startswith(("//", "/\\"))
    assert all("x=y" not in cookie for cookie in answer.response.headers.getlist("Set-Cookie"))
    assert "\n" not in answer.location and "\r" not in answer.location


def test_get_changes_nothing(sqlite_app: Flask, house: House, signed_in: SignedIn) -> None:
    """Every address that is got, by who may do most: each table has the same rows as before."""
    administrator = signed_in("administrator")
    rows = {"participant_id": house.eva, "account_id": 1, "row_id": 1}
    addresses = [
        str(
            sqlite_app.url_map.bind("localhost").build(
                rule.endpoint,
                {name: rows.get(name, "x" if name in ("slug", "token") else 1) for name in rule.arguments},
            )
        )
        for rule in sqlite_app.url_map.iter_rules()
        if "GET" in (rule.methods or set())
        and rule.endpoint not in ("static", "health.ready")  # which says that these tables were not migrated
        and getattr(sqlite_app.view_functions[rule.endpoint], "permission", None)
        in (None, *GRANTED[Role.ADMINISTRATOR])
    ]
    before = contents()
    for address in addresses:
        assert administrator.ask("GET", address).status_code < 500, address
    assert contents() == before
    assert len(addresses) > 30


def contents() -> dict[str, int]:
    """How many rows each table has; sessions are seen, downloads noted in the audit, and nothing else."""
    noted = {"login_session", "audit_entry", "seal"}
    with looking():
        return {
            table.name: db.session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
            if isinstance(table, Table) and table.name not in noted
        }


def test_a_form_sent_twice_makes_one_account(signed_in: SignedIn) -> None:
    administrator = signed_in("administrator")
    form = administrator.get("/accounts/new").form("/accounts") | TYPED
    administrator.post("/accounts", form, status=200)
    assert "gibt es schon" in administrator.post("/accounts", form, status=422).text
    with looking():
        assert db.session.query(Account).filter_by(email="neu@example.org").count() == 1


def test_two_who_send_a_one_time_link_at_once_are_one(
    sqlite_app: Flask, house: House, signed_in: SignedIn
) -> None:
    administrator = signed_in("administrator")
    page = administrator.get("/accounts/new")
    page = administrator.submit("/accounts", status=200, **TYPED)
    link = page.text_of("link").removeprefix(current_settings().public_url or "http://localhost")
    browsers = [Browser(sqlite_app), Browser(sqlite_app)]
    forms = [each.get(link).form(link) for each in browsers]
    chosen = [NEW, "Vierzehn Reiher am Wehr"]
    answers = at_once(
        EVERY_TENANT,
        *(
            lambda number=number: (
                browsers[number].ask("POST", link, forms[number] | {"password": chosen[number]}).status_code
            )
            for number in range(2)
        ),
    )
    assert sorted(answers, key=str) == [303, 409]
    with looking():
        assert db.session.query(OneTimeLink).filter(OneTimeLink.used_at.is_(None)).count() == 0
    Browser(sqlite_app).sign_in("neu@example.org", chosen[answers.index(303)])


def test_two_administrators_cannot_take_each_other_away(app: Flask, cast: object) -> None:
    """On both databases: at the same moment, and the tenant still has one."""
    alpha: int = cast.alpha  # type: ignore[attr-defined]
    for name in ("anna", "berta"):
        make_account(name, Role.ADMINISTRATOR, alpha)
    commit()
    first, second = (row.id for row in db.session.query(Account).order_by(Account.id))
    db.session.rollback()
    outcomes = at_once(
        alpha,
        lambda: disable_account(get_account(first), second, utcnow()),
        lambda: disable_account(get_account(second), first, utcnow()),
    )
    assert [outcome is None for outcome in outcomes].count(True) == 1, outcomes
    with looking():
        assert db.session.query(Account).filter(Account.disabled_at.is_(None)).count() == 1

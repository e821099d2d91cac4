"""Every route × every role, and × another tenant's rows: made from the route map, so that no new one is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from portal.core.database import commit, db
from portal.domain.accounts import Account, Role
from portal.domain.permissions import GRANTED, Permission
from tests.support.factories import House, looking, make_account
from tests.support.pages import Browser

SignedIn = Callable[[str], Browser]
CAST = {
    Role.CASEWORKER: "caseworker",
    Role.SUPERVISOR: "supervisor",
    Role.ADMINISTRATOR: "administrator",
    Role.SUPPORT: "support",
    Role.SUPPORT_READER: "reader",
}


def routes(app: Flask) -> list[tuple[str, Rule, Permission]]:
    found = []
    for rule in app.url_map.iter_rules():
        permission = getattr(app.view_functions[rule.endpoint], "permission", None)
        if permission is not None:
            method = "POST" if "POST" in (rule.methods or set()) else "GET"
            found.append((method, rule, permission))
    return sorted(found, key=lambda item: (item[1].rule, item[0]))


def address(app: Flask, rule: Rule, **values: Any) -> str:
    """The route's address, rows that do not exist in it unless they are given."""
    filled = {name: values.get(name, "nobody" if name == "slug" else 987654) for name in rule.arguments}
    return str(app.url_map.bind("localhost").build(rule.endpoint, filled))


@pytest.fixture
def reader(sqlite_app: Flask, house: House) -> None:
    make_account("reader", Role.SUPPORT_READER, None)
    commit()


@pytest.mark.sampled(5)
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("fragment", [False, True])
def test_a_role_gets_where_the_table_says_and_nowhere_else(
    sqlite_app: Flask, house: House, reader: None, signed_in: SignedIn, role: Role, fragment: bool
) -> None:
    browser = signed_in(CAST[role])
    if role is Role.SUPPORT_READER:
        browser.get("/tenants")
        browser.submit("/tenants/alpha")
    token = browser.get("/account").form("/account/password")["csrf_token"]
    for method, rule, permission in routes(sqlite_app):
        if rule.endpoint == "accounts.sign_out":
            continue
        data = {"csrf_token": token} if method == "POST" else None
        path = address(sqlite_app, rule)
        status = browser.ask(method, path, data, fragment=fragment).status_code
        assert (status == 403) == (permission not in GRANTED[role]), (method, path, status)
        assert status < 500, (method, path)


@pytest.mark.parametrize("fragment", [False, True])
def test_another_tenants_rows_are_as_if_they_did_not_exist(
    sqlite_app: Flask, house: House, signed_in: SignedIn, fragment: bool
) -> None:
    """The same answer as for a row that was never there, on every route that names one."""
    with looking():
        strangers = db.session.query(Account).filter_by(email="stranger@example.org").one().id
    foreign = {"participant_id": house.stranger_person, "account_id": strangers}
    administrator = signed_in("administrator")
    token = administrator.get("/account").form("/account/password")["csrf_token"]
    tried = 0
    for method, rule, permission in routes(sqlite_app):
        names = rule.arguments & set(foreign)
        if not names or permission not in GRANTED[Role.ADMINISTRATOR]:
            continue
        data = {"csrf_token": token} if method == "POST" else None
        path = address(sqlite_app, rule, **foreign)
        response = administrator.ask(method, path, data, fragment=fragment)
        assert response.status_code == 404, (method, path)
        assert "Fremd" not in response.text and "Stranger" not in response.text
        tried += 1
    assert tried >= 14


def test_nobody_gets_anywhere_without_signing_in(sqlite_app: Flask, house: House) -> None:
    browser = Browser(sqlite_app)
    for method, rule, _ in routes(sqlite_app):
        response = browser.ask(method, address(sqlite_app, rule))
        assert response.status_code in ((302,) if method == "GET" else (302, 403)), (method, rule.rule)


def test_a_post_without_its_token_does_nothing(sqlite_app: Flask, house: House, signed_in: SignedIn) -> None:
    browser = signed_in("administrator")
    for method, rule, permission in routes(sqlite_app):
        if method == "POST" and permission in GRANTED[Role.ADMINISTRATOR]:
            path = address(sqlite_app, rule)
            assert browser.ask("POST", path, {"csrf_token": "forged"}).status_code == 403, path
    browser.get("/account")

"""A page client with opinions: each HTML answer is valid, labelled, without inline script and style."""

from __future__ import annotations

import contextvars
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from lxml.html import document_fromstring, fragment_fromstring
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.accounts.signing_in import let_in
from portal.accounts.users import find_user
from portal.core.database import EVERY_TENANT, db, scoped_to
from portal.domain.accounts import Account

PASSWORD = "a good long password"
"""Of every account in tests."""
_ENVIRON = {"REMOTE_ADDR": "127.0.0.1"}
_CONTROLS = {"input", "select", "textarea", "meter", "output", "progress"}
_WITHOUT_LABEL = {"hidden", "submit", "button", "image", "reset"}
_NAMED = {"a", "button"}
_valid: set[tuple[str, bool]] = set()
"""The structures, whole or of fragments, that a validator has seen: tags, and the names of attributes."""
_VALUE, _TEXT = re.compile('="[^"]*"'), re.compile(">[^<>]+<")
_STATE = re.compile(' (?:selected|checked|disabled|hidden|open|autofocus)(?:="")?(?=[ >])')
_REPEATED = re.compile(r"(<(tr|li|option)\b(?:(?!<\2\b).)*?</\2>)\1+", re.DOTALL)
_BARE_AMPERSAND = re.compile("&(?!#[0-9]+;|#x[0-9a-fA-F]+;|[a-zA-Z]+;)")


@dataclass
class Page:
    """An answer, and what it says."""

    response: TestResponse
    tree: Element | None

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def location(self) -> str:
        return self.response.headers.get("Location", "")

    @property
    def html(self) -> str:
        return self.response.get_data(as_text=True)

    @property
    def text(self) -> str:
        """What is to be read, with single spaces."""
        assert self.tree is not None
        return _text(self.tree)

    def find_all(self, tag: str, **attributes: str) -> list[Element]:
        """Elements with this tag and these attributes (`class_` for class: one of the element's)."""
        assert self.tree is not None
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [item for item in self.tree.iter(tag) if all(_has(item, *pair) for pair in wanted.items())]

    def find(self, tag: str, **attributes: str) -> Element:
        found = self.find_all(tag, **attributes)
        assert found, f"no <{tag}> with {attributes}"
        return found[0]

    def by_id(self, name: str) -> Element:
        assert self.tree is not None
        for item in self.tree.iter():
            if item.get("id") == name:
                return item
        raise AssertionError(f"nothing called #{name}")

    def text_of(self, name: str) -> str:
        """What the element called `name` says."""
        return _text(self.by_id(name))

    def buttons(self) -> list[str]:
        """What the buttons are called."""
        return [item.get("aria-label") or _text(item) for item in self.find_all("button")]

    def form(self, action: str) -> dict[str, str]:
        """The hidden fields of the form that goes to `action`."""
        assert self.tree is not None
        return form_fields(self.tree, action)


class Browser:
    """Somebody's browser: keeps cookies, checks every page, follows no redirect unasked.

    Each request has a context of its own, as in a server: nothing of the test's session leaks into it.
    """

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        self.last: Page | None = None

    def get(self, path: str, *, fragment: bool = False, status: int = 200, **headers: str) -> Page:
        return self._open("GET", path, fragment=fragment, status=status, headers=headers)

    def post(
        self,
        path: str,
        data: dict[str, Any] | None = None,
        *,
        fragment: bool = False,
        status: int = 303,
        **headers: str,
    ) -> Page:
        """Send a form as it is: without token, unless `data` has it. See `submit`."""
        return self._open("POST", path, fragment=fragment, status=status, data=data or {}, headers=headers)

    def ask(
        self,
        method: str,
        path: str,
        data: dict[str, Any] | None = None,
        *,
        fragment: bool = False,
        **more: str,
    ) -> TestResponse:
        """The bare answer, whatever it is: for tests that go through all routes."""
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        headers |= {"HX-Request": "true", "HX-Request-Type": "partial"} if fragment else {}
        return contextvars.Context().run(
            self.client.open, path, method=method, data=data, headers=headers, buffered=True
        )

    def submit(self, action: str, /, *, fragment: bool = False, status: int = 303, **values: Any) -> Page:
        """Fill and send the form of the last page that goes to `action`."""
        assert self.last is not None
        data = self.last.form(action) | values
        return self.post(
            action, data, fragment=fragment, status=status, Referer=f"http://localhost{self.last_path}"
        )

    def follow(self) -> Page:
        """Go where the last answer leads."""
        assert self._redirect is not None
        return self.get(self._redirect)

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        """Sign in by the page, as its users do."""
        self.get("/sign-in")
        self.submit("/sign-in", email=email, password=password)

    def enter(self, email: str) -> None:
        """Begin the session that signing in by the page would begin: a tenth of its cost."""
        contextvars.Context().run(self._enter, email)

    def _enter(self, email: str) -> None:
        app = self.client.application
        with app.test_request_context("/sign-in", method="POST", environ_base=_ENVIRON):
            with scoped_to(EVERY_TENANT):
                number = db.session.scalars(select(Account.id).where(Account.email == email)).one()
            user = find_user(str(number))
            assert user is not None
            response = app.process_response(let_in(user, None))
            token = re.match("session=([^;]+);", response.headers["Set-Cookie"])
            assert token is not None
        self.client.set_cookie("session", token[1])
        self._redirect = response.headers["Location"]

    def _open(
        self,
        method: str,
        path: str,
        *,
        fragment: bool,
        status: int,
        headers: dict[str, str],
        data: Any = None,
    ) -> Page:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if fragment:
            sent |= {"HX-Request": "true", "HX-Request-Type": "partial"}
        response = contextvars.Context().run(
            self.client.open, path, method=method, data=data, headers=sent, buffered=True
        )
        assert response.status_code == status, f"{method} {path}: {response.status_code}, not {status}"
        page = Page(response, None)
        self._redirect = page.location or None
        if response.mimetype == "text/html" and response.data and not page.location:
            page.tree = check_html(page.html, fragment=fragment)
            check_headers(response)
            if not fragment:
                self.last, self.last_path = page, path
        return page


def form_fields(tree: Element, action: str) -> dict[str, str]:
    """The hidden fields of the form of a page that goes to `action`."""
    forms = list(tree.iter("form"))
    for form in forms:
        if form.get("action") == action and form.get("method") == "post":
            fields = (item for item in form.iter("input") if item.get("type") == "hidden")
            return {item.get("name", ""): item.get("value", "") for item in fields}
    raise AssertionError(f"no form to {action}; there are {[form.get('action') for form in forms]}")


def check_headers(response: TestResponse) -> None:
    """What every page says to the browser."""
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert response.headers["Cache-Control"] == "no-store"
    assert "HX-Request" in response.headers["Vary"]


def check_html(html: str, *, fragment: bool = False) -> Element:
    """The tree of `html`; fails on what a validator, a screen reader or the policy would stumble over."""
    _check_valid(html, fragment)
    tree: Element = fragment_fromstring(html, create_parent=True) if fragment else document_fromstring(html)
    elements = [item for item in tree.iter() if isinstance(item.tag, str)]
    ids = Counter(item.get("id") for item in elements if item.get("id"))
    assert not [name for name, count in ids.items() if count > 1], f"ids twice: {ids.most_common(3)}"
    for item in elements:
        _check_element(item)
    _check_labels(elements, ids)
    if not fragment:
        assert len(list(tree.iter("h1"))) == 1, "one h1"
        assert re.fullmatch(r"\S.* – Jobbrücke", _text(next(tree.iter("title"))))
        assert next(tree.iter("html")).get("lang") in ("de", "en")
    return tree


def _check_valid(html: str, fragment: bool) -> None:
    """Fail on what a validator finds; once for each structure, as that is a third of the cost of a test of pages."""
    assert not _BARE_AMPERSAND.search(html), "& that begins no character reference"
    structure = _TEXT.sub("><", _VALUE.sub('=""', html))
    structure = _REPEATED.sub(r"\1", _STATE.sub("", structure))
    if (structure, fragment) not in _valid:
        parser = html5lib.HTMLParser(strict=True)
        parser.parseFragment(structure) if fragment else parser.parse(structure)
        _valid.add((structure, fragment))


def _check_element(item: Element) -> None:
    assert item.tag != "style", "inline style sheet"
    assert item.tag != "script" or item.get("src"), "inline script"
    for name in item.attrib:
        assert name != "style", f"style= on <{item.tag}>"
        assert not name.startswith(("on", "hx-on")), f"{name}= on <{item.tag}>"
    if item.tag in _NAMED:
        assert item.get("aria-label") or _text(item), f"<{item.tag}> without a name"
    if item.tag == "form" and item.get("method") == "post":
        names = [field.get("name") for field in item.iter("input")]
        assert "csrf_token" in names, f"form to {item.get('action')} without token"
    if item.tag == "img":
        assert item.get("alt") is not None


def _check_labels(elements: list[Element], ids: Counter[str | None]) -> None:
    labelled = {item.get("for") for item in elements if item.tag == "label"}
    for item in elements:
        if item.tag in _CONTROLS and item.get("type") not in _WITHOUT_LABEL:
            assert item.get("id") in labelled or item.get("aria-label"), (
                f"<{item.tag} {item.get('name')}> unlabelled"
            )
        for name in ("aria-labelledby", "aria-describedby", "for"):
            for target in (item.get(name) or "").split():
                assert target in ids, f"{name}={target} leads nowhere"


def _has(item: Element, name: str, value: str) -> bool:
    found = item.get(name)
    return value in (found or "").split() if name == "class" else found == value


def _text(item: Element) -> str:
    return " ".join("".join(item.itertext()).split())

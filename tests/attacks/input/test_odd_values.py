"""Odd numbers, dates and texts in every parameter of every route, as every role that may: never an error of ours.

Routes come from the map, names from what the code asks of a request and from the forms of the pages, so that no new
one is forgotten.
"""

from __future__ import annotations

import contextvars
import itertools
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote, urlencode
from xml.etree.ElementTree import Element

import pytest
from flask import Flask, request
from lxml.html import document_fromstring
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from portal.core.database import EVERY_TENANT, commit, db, scoped_to, utcnow
from portal.domain.accounts import Account, Role
from portal.domain.notice_kinds import NoticeKind
from portal.domain.notices import Notice
from portal.domain.permissions import GRANTED
from portal.domain.tenants import Connection
from portal.tokens.service import make_token
from portal.webkit.limits import LimitedRequest
from portal.webkit.security import limiter
from tests.imports.exports import ALL, start
from tests.support.door import LINES, Door, new_token
from tests.support.factories import House, make_account
from tests.support.pages import Browser
from tests.web.test_deliveries import make_delivery
from tests.web.test_every_route import CAST, SignedIn

NUMBERS = {
    "5,000 digits": "9" * 5000,
    "2^31": str(2**31),
    "2^63": str(2**63),
    "2^63 - 1": str(2**63 - 1),
    "10^30": str(10**30),
    "0": "0",
    "-1": "-1",
    "+1": "+1",
    "1_0": "1_0",
    " 1 ": " 1 ",
    "1.5": "1.5",
    "1e400": "1e400",
    "NaN": "NaN",
    "Infinity": "-Infinity",
    "0x10": "0x10",
    "Arabic": "\u0661",
    "full width": "\uff11",
    "superscript": "\u00b2",
    "Kelvin": "\u212a1",
    "long s": "\u017f1",
    "Roman": "\u2167",
}
DATES = {
    "first day": "0001-01-01",
    "last day": "9999-12-31",
    "no such day": "2026-02-30",
    "a week": "2026-W01-1",
    "packed": "20260101",
    "year 0": "0000-01-01",
    "year 10000": "10000-01-01",
    "a year of 5,000 digits": "9" * 5000 + "-01-01",
    "negative": "-2026-01-01",
    "with a time": "2026-01-01T25:61:61+99:99",
    "in full-width digits": "\uff12026-01-01",
    "24:00": "24:00",
    "Arabic time": "\u0660\u0669:\u0663\u0660",
    "99:99": "99:99",
}
TEXTS = {
    "NUL": "a\0b",
    "half of a pair": "a\ud800b",
    "64 KiB": "x" * 65536,
    "format characters": "\u200b\u200d\ufeff\u2060\u00ad",
    "right to left": "\u202e\u2067abc\u2069",
    "a lone mark": "\u0301",
    "beyond the plane": "\U0010ffff\U0001f600",
    "lines": "a\r\nb\u2028c\u0085d",
    "percent": "%00%ff%zz{}%s%(x)s",
    "a path": "../../../../etc/passwd",
    "an address": "http://[::1%25eth0]:99999/",
    "upper folds": "\u0130\u0131\u017f\ufb01\u1e9e",
}
ODD = NUMBERS | DATES | TEXTS
CORE = (
    "5,000 digits", "2^63", "10^30", "-1", "NaN", "full width", "Kelvin", "first day", "last day", "no such day",
    "24:00", "format characters",
)  # fmt: skip
"""What went wrong most often elsewhere; all of them, each alone, are for `make test-all`."""
GAPS = (
    "5,000 digits",
    "2^63",
    "10^30",
    "-1",
    "Arabic",
    "full width",
    "Kelvin",
    "half of a pair",
    "64 KiB",
    "NUL",
)
SEED = 20261128
HEADERS = (
    "Accept", "Accept-Language", "Authorization", "Cookie", "Content-Type", "HX-Current-URL", "HX-PTag", "HX-Request",
    "HX-Request-Type", "Idempotency-Key", "If-Modified-Since", "If-None-Match", "Origin", "Range", "Referer",
    "User-Agent", "X-Forwarded-For", "X-Forwarded-Host",
)  # fmt: skip
NOT_TRIED = {"static", "accounts.sign_out"}


class Recording(ImmutableMultiDict[str, str]):
    """The parameters of a request; takes down which names are asked for."""

    asked: ClassVar[dict[str, set[str]]] = defaultdict(set)

    def _note(self, name: str) -> None:
        self.asked[str(request.endpoint)].add(name)

    def get(self, key: str, *args: Any, **options: Any) -> Any:
        self._note(key)
        return super().get(key, *args, **options)

    def getlist(self, key: str, *args: Any, **options: Any) -> Any:
        self._note(key)
        return super().getlist(key, *args, **options)

    def __getitem__(self, key: str) -> str:
        self._note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._note(str(key))
        return super().__contains__(key)


Form = dict[str, str]
Ids = dict[str, str]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """Names that the code asks of a request, by endpoint, as they become known; limits on guessing are off."""
    monkeypatch.setattr(LimitedRequest, "parameter_storage_class", Recording)
    monkeypatch.setattr(Recording, "asked", defaultdict(set))
    monkeypatch.setattr(limiter, "enabled", False)
    return Recording.asked


@pytest.fixture
def ids(house: House) -> Ids:
    """A row for every gap in an address."""
    make_account("reader", Role.SUPPORT_READER, None)
    with scoped_to(EVERY_TENANT):
        colleague = db.session.query(Account).filter_by(email="colleague@example.org").one().id
        connection = db.session.query(Connection).filter_by(tenant_id=house.tenant_id).one().id
        token, _ = make_token(house.tenant_id, "token", "ADM", utcnow(), 30)
        notice = Notice(
            tenant_id=house.tenant_id,
            kind=NoticeKind.IMPORT_HELD,
            subject="import:1",
            level=1,
            data={},
            opened_at=utcnow(),
        )
        db.session.add(notice)
        db.session.flush()
        rows = {
            "token_id": token.id,
            "notice_id": notice.id,
            "account_id": colleague,
            "connection_id": connection,
        }
        commit()
    make_delivery(house, 1)
    return {name: str(row) for name, row in rows.items()} | {
        "participant_id": str(house.eva),
        "mediator_id": str(house.mediator),
        "import_id": str(start(house.tenant_id, ALL)),
        "bulk_id": "1",
        "session_id": "1",
        "view_id": "1",
        "sequence": "1",
        "slug": "alpha",
        "token": "link",
    }


@dataclass
class Attacker:
    """Somebody signed in, who signs in anew where an answer says that they are not."""

    app: Flask
    signed_in: SignedIn
    role: Role
    browser: Browser | None = None
    token: str = ""

    def send(
        self, method: str, path: str, query: Form | None = None, form: Form | None = None
    ) -> TestResponse:
        if self.browser is None:
            self.browser = self.signed_in(CAST[self.role])
            if self.role is Role.SUPPORT_READER:
                self.browser.get("/tenants")
                self.browser.submit("/tenants/alpha")
            self.token = self.browser.get("/account").form("/account/password")["csrf_token"]
        url = f"{path}?{_encoded(query)}" if query else path
        body = _encoded((form or {}) | {"csrf_token": self.token}) if method == "POST" else None
        kind = "application/x-www-form-urlencoded" if body else None
        client = self.browser.client
        answer = contextvars.Context().run(
            client.open, url, method=method, data=body, content_type=kind, buffered=True
        )
        if answer.status_code == 401 or "/sign-in" in answer.headers.get("Location", ""):
            self.browser = None
        return answer

    def page(self, path: str) -> Element | None:
        answer = self.send("GET", path)
        if answer.mimetype != "text/html" or answer.status_code != 200:
            return None
        tree: Element = document_fromstring(answer.text)
        return tree


def _encoded(values: Mapping[str, str] | None) -> str:
    return urlencode(list((values or {}).items()), errors="surrogatepass")


def routes(app: Flask) -> list[tuple[Rule, str, list[Role]]]:
    """Each route with its method, and the roles that may."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in NOT_TRIED or rule.rule.startswith("/api/"):
            continue
        method = "POST" if "POST" in (rule.methods or set()) else "GET"
        permission = getattr(app.view_functions[rule.endpoint], "permission", None)
        roles = [role for role in Role if permission is None or permission in GRANTED[role]]
        found.append((rule, method, roles))
    return sorted(found, key=lambda item: (item[0].rule, item[1]))


def address(rule: Rule, ids: Ids, **odd: str) -> str:
    """The route's address; `odd` values as they are, whatever its converters want."""
    values = {name: quote((ids | odd)[name], safe="", errors="surrogatepass") for name in rule.arguments}
    return re.sub(r"<(?:[^:<>]+:)?(\w+)>", lambda gap: values[gap.group(1)], rule.rule)


def forms_of(tree: Element) -> Iterator[tuple[str, Form]]:
    """The forms of a page: where each goes, and what it sends when nothing is typed."""
    elsewhere = [field for field in tree.iter() if field.get("form")]
    for form in tree.iter("form"):
        values: Form = {}
        for field in (*form.iter(), *(field for field in elsewhere if field.get("form") == form.get("id"))):
            name = field.get("name") if isinstance(field.tag, str) else None
            if name and field.tag == "select":
                options = [option.get("value", "") for option in field.iter("option")]
                values[name] = next(filter(None, options), "")
            elif name and field.tag in ("input", "textarea", "button"):
                values.setdefault(name, field.get("value", ""))  # of several to choose from, the first
        yield (form.get("action") or "").partition("?")[0], values


def usual_forms(attackers: Mapping[Role, Attacker], app: Flask, ids: Ids) -> dict[str, Form]:
    """What the forms of all pages send, by address."""
    found: dict[str, Form] = defaultdict(dict)
    for rule, method, roles in routes(app):
        for role in {Role.SUPERVISOR, Role.ADMINISTRATOR, Role.SUPPORT}.intersection(roles):
            if method == "GET" and (page := attackers[role].page(address(rule, ids))) is not None:
                for action, values in forms_of(page):
                    found[action] = values | found[action]
    return found


@dataclass
class Fuzz:
    """Sends odd values to a route, as its roles in turn, and takes down what became of them."""

    rule: Rule
    method: str
    attackers: list[Attacker]
    usual: Form
    ids: Ids
    sent: int = 0

    def send(self, changed: Form, path: str | None = None) -> None:
        attacker = self.attackers[self.sent % len(self.attackers)]
        self.sent += 1
        where = path or address(self.rule, self.ids)
        if self.method == "GET":
            answer = attacker.send("GET", where, query=changed)
        else:
            answer = attacker.send("POST", where, form=self.usual | changed)
        what = [f"{name}={value[:40]!r}" for name, value in changed.items()][:5]
        assert answer.status_code < 500 or self.rule.endpoint == "health.ready", (
            self.method,
            where[:80],
            what,
        )

    def gaps(self, kinds: Iterable[str]) -> None:
        """Every gap of the address, with each of these values."""
        for name, kind in itertools.product(sorted(self.rule.arguments), kinds):
            self.send({}, address(self.rule, self.ids, **{name: ODD[kind]}))

    def all_at_once(self, names: list[str], kinds: Sequence[str]) -> None:
        """Every name with each of these values once, all names odd at the same time."""
        for turn in range(len(kinds) if names else 0):
            self.send({name: ODD[kinds[(turn + n) % len(kinds)]] for n, name in enumerate(names)})

    def one_by_one(self, names: list[str], kinds: Sequence[str], each: int) -> None:
        """Every name alone with so many of these values, beside what the page would send."""
        for (n, name), more in itertools.product(enumerate(names), range(each)):
            self.send({name: ODD[kinds[(n * each + more) % len(kinds)]]})


def fuzzes(app: Flask, ids: Ids, signed_in: SignedIn) -> Iterator[Fuzz]:
    """One for each route; the names that a route asks for are known once a usual request was sent."""
    app.testing = False  # an error of ours is answered, as in production
    attackers = {role: Attacker(app, signed_in, role) for role in Role}
    attackers[Role.SUPERVISOR].send("POST", "/bulk", form={"action": "release", "whom": "all"})
    forms = usual_forms(attackers, app, ids)
    for rule, method, roles in routes(app):
        fuzz = Fuzz(rule, method, [attackers[role] for role in roles], forms.get(address(rule, ids), {}), ids)
        for _ in fuzz.attackers[:2]:
            fuzz.send({})
        yield fuzz


@pytest.mark.slow
@pytest.mark.parametrize(
    ("gaps", "core", "fewest"),
    [(1, 1, 400), pytest.param(len(GAPS), len(CORE), 1000, marks=pytest.mark.thorough)],
    ids=["some", "all"],
)
def test_odd_values_in_every_parameter_are_no_error_of_ours(
    app: Flask,
    house: House,
    ids: Ids,
    signed_in: SignedIn,
    asked: dict[str, set[str]],
    gaps: int,
    core: int,
    fewest: int,
) -> None:
    tried, dice = 0, random.Random(SEED)
    for fuzz in fuzzes(app, ids, signed_in):
        names = sorted(asked[fuzz.rule.endpoint] | set(fuzz.usual))
        fuzz.gaps(dice.sample(GAPS, gaps))
        kinds = dice.sample(CORE, core)
        fuzz.all_at_once(names, kinds)
        fuzz.one_by_one(names, kinds, 1)
        tried += fuzz.sent
    assert tried > fewest
    assert {"from", "to", "before"} <= asked["audit.list_page"]
    assert {"participant", "whom", "action"} <= asked["bulk.choose"]
    assert {"transfer_time", "brake_days"} <= asked["tenants.set_transfers"]


@pytest.mark.matrix
@pytest.mark.slow
def test_each_odd_value_alone_in_every_parameter_is_no_error_of_ours(
    app: Flask, house: House, ids: Ids, signed_in: SignedIn, asked: dict[str, set[str]]
) -> None:
    for fuzz in fuzzes(app, ids, signed_in):
        fuzz.gaps(ODD)
        names = sorted(asked[fuzz.rule.endpoint] | set(fuzz.usual))
        fuzz.one_by_one(names, list(ODD), len(ODD))


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "address", ["/sign-in", "/participants", "/api/v1/imports/1", "/nowhere", "/health/live"]
)
def test_odd_headers_are_no_error_of_ours(
    sqlite_app: Flask, house: House, signed_in: SignedIn, address: str
) -> None:
    sqlite_app.testing = False
    browser = signed_in("supervisor")
    for turn, value in enumerate(ODD.values()):
        written = value.encode("utf-8", "surrogatepass").decode("latin-1")[:3000]
        if set(written) & set("\r\n\0"):
            continue  # no server would let them through
        for names in (HEADERS, HEADERS[turn % 2 :: 2], (HEADERS[turn % len(HEADERS)],)):
            headers = dict.fromkeys(names, written)
            answer = contextvars.Context().run(browser.client.get, address, headers=headers, buffered=True)
            assert answer.status_code < 500, (names, value[:40])


def test_odd_values_at_the_http_door(sqlite_app: Flask, house: House) -> None:
    sqlite_app.testing = False
    door = Door(sqlite_app, new_token(house.tenant_id))
    for value in ODD.values():
        quoted = quote(value, safe="", errors="surrogatepass")
        assert door.ask("GET", f"/imports/{quoted}").status_code in (400, 404, 414)
        answer = door.ask("PUT", f"/orders?mode={quoted}", data=b"{}", content_type=LINES)
        assert answer.status_code in (400, 414)
        line = json.dumps(dict.fromkeys(("tn_id", "geburtsdatum", "svnr", "auftrag_id"), value)).encode()
        answer = door.ask("PUT", "/participants", data=line, content_type=LINES)
        assert answer.status_code == 200
        assert answer.get_json()["applied"] == 0


def test_five_thousand_digits_are_no_row(sqlite_app: Flask, house: House, signed_in: SignedIn) -> None:
    browser = signed_in("supervisor")
    browser.get("/participants")
    rows = {"action": "release", "whom": "marked", "participant": ["9" * 5000, str(house.eva), "\u0661"]}
    page = browser.post("/bulk", rows | {"csrf_token": browser.last.form("/bulk")["csrf_token"]})  # type: ignore[union-attr]
    assert "Adam" in browser.get(page.location).text
    assert "Zorn" not in browser.get(page.location).text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-02-30", "2026-W01-1", "20260101"])
@pytest.mark.parametrize("name", ["from", "to"])
def test_a_day_that_is_none_narrows_nothing(
    sqlite_app: Flask, house: House, signed_in: SignedIn, name: str, day: str
) -> None:
    browser = signed_in("administrator")
    whole = browser.get("/audit").text
    assert "Administrator" in whole
    assert "Administrator" in browser.get(f"/audit?{name}={day}").text

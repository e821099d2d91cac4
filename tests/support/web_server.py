"""The pages in processes of their own, two of them, as behind a proxy; nothing else runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import requests

from portal.core.database import commit
from portal.domain.accounts import Role
from tests.support.database import Cast, make_cast, make_settings, running_app, settings_environment
from tests.support.factories import make_account, make_person
from tests.support.installed import Installed
from tests.support.pages import PASSWORD, check_html, form_fields
from tests.support.running import COMMAND, free_port, wait_for_pages
from tests.support.services import RedisServer

PUBLIC_URL = "https://bruecke.example"
Upload = tuple[str, IO[bytes]]
"""A file to send: its name, and what is in it."""


@dataclass
class WebServer:
    """A running server; the proxy before it says who asks."""

    url: str
    cast: Cast
    eva: int

    def visitor(self, address: str = "192.0.2.1") -> Visitor:
        return Visitor(self.url, address)


@dataclass
class Visitor:
    """Somebody's browser at some network address."""

    url: str
    address: str
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, **headers: str) -> requests.Response:
        return self._ask("GET", path, None, headers)

    def post(
        self, path: str, data: dict[str, str], files: dict[str, Upload] | None = None, **headers: str
    ) -> requests.Response:
        return self._ask("POST", path, data, headers, files)

    def form(self, path: str, action: str) -> dict[str, str]:
        """The hidden fields of a form on a page."""
        return form_fields(check_html(self.get(path).text), action)

    def submit(
        self, path: str, action: str, /, files: dict[str, Upload] | None = None, **values: str
    ) -> requests.Response:
        return self.post(action, self.form(path, action) | values, files)

    def sign_in(self, name: str, password: str = PASSWORD) -> requests.Response:
        return self.submit("/sign-in", "/sign-in", email=f"{name}@example.org", password=password)

    def is_in(self) -> bool:
        return self.get("/account").status_code == 200

    @property
    def cookie(self) -> str:
        return self.session.cookies["session"]

    @cookie.setter
    def cookie(self, value: str) -> None:
        self.session.cookies.clear()
        self.session.cookies.set("session", value, domain="127.0.0.1", path="/")

    def _ask(
        self,
        method: str,
        path: str,
        data: dict[str, str] | None,
        headers: dict[str, str],
        files: dict[str, Upload] | None = None,
    ) -> requests.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent |= {"X-Forwarded-For": self.address, "X-Forwarded-Proto": "http"}
        return self.session.request(
            method, self.url + path, data=data, files=files, headers=sent, allow_redirects=False, timeout=120
        )


@contextmanager
def running_web(folder: Path, database_url: str, redis: RedisServer, *words: str) -> Iterator[WebServer]:
    """Web alone, on a database that was empty: tenants, people, and an account of each role."""
    settings = make_settings(database_url, folder, redis_url=redis.url, trusted_proxies=1)
    environment = settings_environment(settings) | {
        "JOBBRUECKE_TRUSTED_PROXIES": "1",
        "JOBBRUECKE_PUBLIC_URL": PUBLIC_URL,
    }
    command = Installed(COMMAND, folder, environment, is_forked=True)
    command.say("db", "upgrade")
    with running_app(settings):
        cast = make_cast()
        for name, role in (
            *((f"caseworker{number}", Role.CASEWORKER) for number in range(12)),
            ("administrator", Role.ADMINISTRATOR),
        ):
            make_account(name, role, cast.alpha, initials=name[:3] + name[-2:])
        eva = make_person(cast.alpha, "1001", "Adam", "Eva", consent=True)
        commit()
        port = free_port()
        with command.keep("web", "web", "--port", str(port), "--workers", "2", *words):
            url = f"http://127.0.0.1:{port}"
            wait_for_pages(url, command)
            yield WebServer(url, cast, eva)

"""Somebody who reads pages all the while: none may say that it broke, whatever has befallen the system."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

import requests

from portal.core.database import EVERY_TENANT, commit, scope_to
from portal.domain.accounts import Role
from tests.support.bridge import Bridge
from tests.support.factories import make_account
from tests.support.web_server import Visitor

READERS = 3
PATHS = (
    "/participants",
    "/deliveries",
    "/deliveries/next",
    "/deliveries/1",
    "/imports",
    "/notices",
    "/transfer-status",
)
_PATIENCE_SECONDS = 10


class Reader:
    """Supervisors of some tenants, each signed in once, and what they met with."""

    def __init__(self, url: str, bridges: Sequence[Bridge]) -> None:
        self.visitors: list[Visitor] = []
        self.answered = self.away = 0
        self.slowest = 0.0
        self.broken: set[str] = set()
        scope_to(EVERY_TENANT)
        for bridge in bridges[:READERS]:
            make_account(f"reader-{bridge.tenant_id}", Role.SUPERVISOR, bridge.tenant_id)
        commit()
        self._names = [f"reader-{bridge.tenant_id}" for bridge in bridges[:READERS]]
        self._url = url

    def sign_in(self) -> None:
        """Once the pages are up, and nothing has befallen them."""
        end = time.monotonic() + 60
        for number, name in enumerate(self._names):
            visitor = Visitor(self._url, f"192.0.2.{number + 1}")
            while True:
                try:
                    assert visitor.sign_in(name).status_code < 400
                    break
                except (requests.RequestException, AssertionError):
                    if time.monotonic() > end:
                        raise
                    time.sleep(0.2)
            self.visitors.append(visitor)

    def read(self, dice: random.Random) -> None:
        """Open a page. 503 says that the database is away, and no answer that the pages are: both may be."""
        path, visitor = dice.choice(PATHS), dice.choice(self.visitors)
        began = time.monotonic()
        try:
            answer = visitor.session.get(f"{self._url}{path}", timeout=_PATIENCE_SECONDS)
        except requests.RequestException:
            self.away += 1
            return
        self.slowest = max(self.slowest, time.monotonic() - began)
        if answer.status_code in (200, 503) or (path == "/deliveries/1" and answer.status_code == 404):
            self.answered += 1
        else:
            self.broken.add(f"{path} answers {answer.status_code}")

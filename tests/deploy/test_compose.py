"""deploy/compose.yml, with a real PostgreSQL: what its services are told leads to a role that may do little.

Containers are not started: the commands and addresses are the file's, the server is the tests' own.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import URL, make_url

from portal.core.paths import ROOT
from tests.support.database import make_settings, new_database, settings_environment
from tests.support.installed import Installed
from tests.support.running import COMMAND
from tests.support.services import PostgresServer, RedisServer

pytestmark = pytest.mark.conformance

PASSWORD = "of-the-application"


def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yml").read_text(encoding="utf-8"))
    return {name: it for name, it in found["services"].items() if name not in ("postgres", "redis")}


def user_of(service: dict[str, Any]) -> str | None:
    return make_url(service["environment"]["JOBBRUECKE_DATABASE_URL"]).username


def test_only_what_migrates_works_as_the_owner() -> None:
    by_service = {name: user_of(it) for name, it in services().items()}
    assert by_service == dict.fromkeys(("web", "worker", "cron"), "jobbruecke_app") | dict.fromkeys(
        ("migrate", "grant"), "jobbruecke"
    )


def test_nothing_begins_before_the_role_is_made() -> None:
    after = {name: set(it["depends_on"]) for name, it in services().items()}
    assert after["grant"] == {"migrate"} and after["migrate"] == {"postgres"}
    assert all("grant" in after[name] for name in ("web", "worker", "cron"))


@pytest.mark.thorough
@pytest.mark.postgres
def test_the_role_is_made_and_is_restricted(
    postgres_server: PostgresServer, redis_server: RedisServer, tmp_path: Path
) -> None:
    def program(name: str, url: URL) -> Installed:
        address = url.render_as_string(hide_password=False)
        settings = make_settings(address, tmp_path, redis_url=redis_server.url)
        path = f"{COMMAND.parent}:{os.environ['PATH']}"
        more = {"PATH": path, "APP_PASSWORD": PASSWORD}
        return Installed(Path(name), tmp_path, settings_environment(settings) | more)

    found = services()
    with new_database(postgres_server.url) as url:
        for name in ("migrate", "grant", "grant"):  # as at the first start, and at each later one
            command, *words = (word.replace("$$", "$") for word in found[name]["command"])  # as compose does
            program(command, make_url(url)).say(*words)
        as_application = make_url(url).set(username=user_of(found["web"]), password=PASSWORD)
        checks = program("jobbruecke", as_application).run("check", "--json").json["checks"]
    (wall,) = [it for it in checks if it["check"] == "second-wall"]
    assert (wall["level"], "jobbruecke_app" in wall["message"]) == ("ok", True)
    assert {it["level"] for it in checks if it["check"] in ("database", "migrations")} == {"ok"}

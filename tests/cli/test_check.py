"""`check`: what it looks at, what it says of each trouble, and what to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from portal.cli.check_values import Level
from portal.cli.checks import run_checks
from portal.core.database import commit, db, utcnow
from portal.core.migrating import upgrade
from portal.domain.tenants import Heartbeat
from portal.tenants.service import set_token
from tests.support.bridge import Bridge, build_bridge
from tests.support.commands import Commands
from tests.support.database import make_settings, new_database, running_app
from tests.support.door import new_token
from tests.support.sandbox import SandboxServer
from tests.support.services import PostgresServer, RedisServer
from tests.support.strangers import another_provider

pytestmark = pytest.mark.conformance


@pytest.fixture
def sound(
    tmp_path: Path, sandbox: SandboxServer, own_redis_server: RedisServer
) -> Iterator[tuple[Commands, Bridge]]:
    """Everything is there: database, Redis, worker, cron, and a network that knows us."""
    settings = make_settings(
        f"sqlite:///{tmp_path / 'sound.db'}",
        tmp_path,
        redis_url=own_redis_server.url,
        network_jobnetzwerk_url=sandbox.url,
        network_job4you_url=sandbox.url,
    )
    with running_app(settings) as app:
        upgrade()
        bridge = build_bridge(sandbox)
        for kind in ("worker", "cron"):
            db.session.add(Heartbeat(name=f"{kind}:1", kind=kind, started_at=utcnow(), seen_at=utcnow()))
        commit()
        yield Commands(app), bridge


def test_all_is_well(sound: tuple[Commands, Bridge]) -> None:
    commands, _bridge = sound
    found = commands.ask("check")
    assert found["ok"] is True
    assert [(check["check"], check["level"]) for check in found["checks"]] == [
        (name, "ok")
        for name in (
            *("database", "migrations", "redis", "data-folder", "mail", "encryption-keys", "worker", "cron"),
            *("licence", "transfers", "network"),
        )
    ]
    lines = commands.say("check").splitlines()
    assert len(lines) == len(found["checks"]) and all(line.startswith("ok ") for line in lines)


@pytest.mark.postgres
def test_a_database_that_may_forget_is_named(postgres_server: PostgresServer, tmp_path: Path) -> None:
    """The server of the tests does without any care for power cuts."""
    with new_database(postgres_server.url) as url, running_app(make_settings(url, tmp_path)):
        upgrade()
        checks = {check.name: check for check in run_checks()}
    assert checks["durability"].level is Level.WARN
    assert "fsync, full_page_writes, synchronous_commit" in checks["durability"].message


def test_redis_is_away(sound: tuple[Commands, Bridge], own_redis_server: RedisServer) -> None:
    commands, _bridge = sound
    own_redis_server.stop()
    assert _failing(commands) == {"redis": "JOBBRUECKE_REDIS_URL"}


def test_nobody_works(sound: tuple[Commands, Bridge]) -> None:
    commands, _bridge = sound
    db.session.query(Heartbeat).delete()
    commit()
    assert _failing(commands) == {"worker": "jobbruecke worker", "cron": "jobbruecke cron"}


def test_the_token_is_not_accepted(sound: tuple[Commands, Bridge]) -> None:
    commands, bridge = sound
    bridge.sandbox.change_provider(bridge.provider, token=f"another-{bridge.provider}")
    assert _failing(commands) == {"network": "tenant set alpha --token"}


def test_the_token_is_of_another_provider(sound: tuple[Commands, Bridge]) -> None:
    commands, bridge = sound
    _, token = another_provider(bridge.sandbox)
    connection = bridge.connection
    connection.provider_id = bridge.provider
    set_token(connection, token)
    commit()
    assert _failing(commands) == {"network": "network-account show"}


def test_the_network_is_away(sound: tuple[Commands, Bridge]) -> None:
    commands, bridge = sound
    bridge.sandbox.misbehave("status", "readAccount", provider_id=bridge.provider, status=503)
    assert _failing(commands) == {"network": "JOBBRUECKE_NETWORK_JOBNETZWERK_URL"}


def test_the_data_folder_is_a_file(sound: tuple[Commands, Bridge], tmp_path: Path) -> None:
    commands, _bridge = sound
    (tmp_path / "data").write_text("in the way")
    assert _failing(commands) == {"data-folder": "JOBBRUECKE_DATA_FOLDER"}


def test_a_licence_that_ended_is_a_warning(sound: tuple[Commands, Bridge]) -> None:
    """Nothing is broken, so the exit code is 0; but it is said."""
    commands, _bridge = sound
    commands.say("tenant", "set", "alpha", "--licence-from", "2020-01-01", "--licence-until", "2020-12-31")
    found = commands.ask("check")
    (warned,) = [check for check in found["checks"] if check["level"] == "warn"]
    assert (found["ok"], warned["check"], warned["tenant"]) == (True, "licence", "alpha")
    assert "--licence-from" in warned["advice"]


def test_a_token_of_the_http_door_that_ends_is_a_warning(sound: tuple[Commands, Bridge]) -> None:
    """Before its end, and a while after; one that was replaced, revoked or lasts long is not spoken of."""
    commands, bridge = sound
    new_token(bridge.tenant_id, "Jahr")
    new_token(bridge.tenant_id, "Nachtlauf", days=29)
    new_token(bridge.tenant_id, "Probe", days=2)  # nobody has to be told of what was made for so short a time

    def warned_after(days: int) -> list[Any]:
        with time_machine.travel(utcnow() + dt.timedelta(days=days)):
            found = commands.run("check", "--json").json["checks"]
        return [it for it in found if it["check"] == "api-token" and "Probe" not in it["message"]]

    assert "Probe" not in commands.say("check", "--json")
    assert warned_after(14) == [] and warned_after(44) == []
    for days, said in ((15, "läuft am"), (30, "abgelaufen")):
        warned = warned_after(days)
        assert [(it["level"], it["tenant"]) for it in warned] == [("warn", "alpha")]
        assert "Nachtlauf" in warned[0]["message"] and said in warned[0]["message"]
        assert "token create --tenant alpha" in warned[0]["advice"]
    (number,) = [
        it["token"]
        for it in commands.ask("token", "list", "--tenant", "alpha")["tokens"]
        if it["name"] == "Nachtlauf"
    ]
    commands.say("token", "revoke", "--tenant", "alpha", str(number))
    assert "api-token" not in {it["check"] for it in commands.ask("check")["checks"]}


def test_a_database_that_is_not_migrated(tmp_path: Path) -> None:
    """The rest is not asked, since there is nothing to ask."""
    with running_app(make_settings(f"sqlite:///{tmp_path / 'new.db'}", tmp_path)) as app:
        failing = _failing(Commands(app))
    assert failing == {"migrations": "jobbruecke db upgrade", "redis": "JOBBRUECKE_REDIS_URL"}


def test_a_database_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "no-database").write_text("this is text")
    with running_app(make_settings(f"sqlite:///{tmp_path / 'no-database'}", tmp_path)) as app:
        failing = _failing(Commands(app))
    assert failing["database"] == "JOBBRUECKE_DATABASE_URL"


_ADVICE = (
    *("JOBBRUECKE_DATABASE_URL", "JOBBRUECKE_REDIS_URL", "JOBBRUECKE_DATA_FOLDER"),
    *("JOBBRUECKE_NETWORK_JOBNETZWERK_URL", "jobbruecke db upgrade", "jobbruecke worker", "jobbruecke cron"),
    *("tenant set alpha --token", "network-account show"),
)


def _failing(commands: Commands) -> dict[str, str]:
    """What fails, with what the advice names; the exit code is 1, for people and scripts alike."""
    plain, asked = commands.run("check"), commands.run("check", "--json")
    assert (plain.code, asked.code) == (1, 1)
    assert "fail" in plain.out and "→" in plain.out
    found: dict[str, Any] = asked.json
    assert found["ok"] is False
    failing = [check for check in found["checks"] if check["level"] == "fail"]
    return {check["check"]: next(it for it in _ADVICE if it in check["advice"]) for check in failing}

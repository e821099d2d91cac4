"""What machines ask: whether we live, can serve, and what is measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from portal.core.database import commit, db, utcnow
from portal.core.migrating import upgrade
from portal.core.queue import enqueue
from portal.domain.deliveries import Delivery
from portal.domain.tenants import Connection, Heartbeat
from portal.operations.measures import exposition
from tests.support.database import make_cast, make_settings, running_app
from tests.support.services import RedisServer, make_trouble

pytestmark = pytest.mark.conformance

TOKEN = "a token for machines"


def migrated(tmp_path: Path, **settings: object):  # type: ignore[no-untyped-def]
    return running_app(make_settings(f"sqlite:///{tmp_path / 'health.db'}", tmp_path, **settings))


def test_it_is_ready_once_the_database_is_migrated(tmp_path: Path, redis_server: RedisServer) -> None:
    with migrated(tmp_path, redis_url=redis_server.url) as app:
        client = app.test_client()
        assert (client.get("/health/live").text, client.get("/health/live").status_code) == ("live\n", 200)
        assert (client.get("/health/ready").text, client.get("/health/ready").status_code) == (
            "not ready\n",
            503,
        )
        upgrade()
        assert (client.get("/health/ready").text, client.get("/health/ready").status_code) == ("ready\n", 200)
        assert "Set-Cookie" not in client.get("/health/ready").headers


@pytest.mark.parametrize("trouble", ["away", "hanging", "read-only", "full"])
def test_without_redis_it_serves_and_says_that_it_is_degraded(
    tmp_path: Path, own_redis_server: RedisServer, trouble: str
) -> None:
    """As docs/operations.md says. One that answers and takes nothing is found out by the first job."""
    with migrated(tmp_path, redis_url=own_redis_server.url) as app:
        upgrade()
        client = app.test_client()
        assert client.get("/health/ready").text == "ready\n"
        make_trouble(own_redis_server, trouble)
        if trouble in ("read-only", "full"):
            assert not enqueue(own_redis_server.url, Delivery, 1)
        answer = client.get("/health/ready")
        assert (answer.status_code, answer.text) == (200, "degraded\n")
        if trouble == "hanging":
            own_redis_server.thaw()


def test_without_the_database_it_lives_and_is_not_ready(tmp_path: Path) -> None:
    """A cookie that cannot be looked up any more does not change that."""
    away = "postgresql+psycopg://nobody@127.0.0.1:9/nothing"
    with running_app(make_settings(away, tmp_path)) as app:
        client = app.test_client()
        client.set_cookie("session", "x" * 43)
        assert client.get("/health/live").status_code == 200
        answer = client.get("/health/ready")
        assert (answer.status_code, answer.text) == (503, "not ready\n")


def test_measures_are_for_this_machine_alone(sqlite_app: Flask) -> None:
    client = sqlite_app.test_client()
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 404


def test_or_for_who_has_the_token(sqlite_url: str, tmp_path: Path) -> None:
    with running_app(make_settings(sqlite_url, tmp_path, metrics_token=TOKEN)) as app:
        client = app.test_client()
        assert client.get("/metrics").status_code == 404
        assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}x"}).status_code == 404
        elsewhere = {"REMOTE_ADDR": "192.0.2.1"}
        given = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "192.0.2.1"}
        assert client.get("/metrics", headers=given, environ_base=elsewhere).status_code == 200


def test_measures_say_how_it_is_and_name_nobody(app: Flask) -> None:
    cast = make_cast()
    now = utcnow()
    db.session.query(Connection).filter_by(tenant_id=cast.alpha).update({"quarantined_at": now})
    db.session.add(Heartbeat(name="worker:somewhere:1", kind="worker", started_at=now, seen_at=now))
    commit()
    said = exposition(now).decode()
    commit()
    assert 'jobbruecke_connections{trouble="quarantined"} 1.0' in said
    assert 'jobbruecke_heartbeat_age_seconds{kind="worker"} 0.0' in said
    assert 'jobbruecke_deliveries{state="held"} 0.0' in said
    assert "jobbruecke_queue_jobs -1.0" in said
    assert not re.search(r"alpha|beta|somewhere", said, re.IGNORECASE)

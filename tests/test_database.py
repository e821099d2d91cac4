"""What the database does for everybody: after-commit, times, order, reading, writing at the same time."""

import datetime as dt
import threading
import zlib
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import Engine, event, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from portal.core.database import (
    EVERY_TENANT,
    after_commit,
    commit,
    current_scope,
    db,
    reading,
    rollback,
    scope_to,
    utcnow,
)
from portal.core.queue import QUEUE, enqueue, enqueue_after_commit, forget_waiting
from portal.core.settings import current_settings
from portal.domain.deliveries import Delivery
from portal.domain.participants import Participant
from portal.domain.tenants import Tenant
from tests.support.database import NOW, Cast, forget_power_cuts, make_settings, running_app
from tests.support.services import RedisServer

pytestmark = pytest.mark.conformance


def tenant(slug: str) -> Tenant:
    row = Tenant(slug=slug, name=slug, created_at=NOW)
    db.session.add(row)
    return row


# --- after commit ------------------------------------------------------------------------------------------


def test_it_happens_after_the_commit_once_and_in_order(app: Flask) -> None:
    done: list[str] = []
    tenant("one")
    after_commit(lambda: done.append("first"))
    after_commit(lambda: done.append("second"))
    db.session.flush()
    assert done == []
    commit()
    assert done == ["first", "second"]
    commit()
    assert done == ["first", "second"]


def test_others_see_the_rows_when_it_happens(app: Flask) -> None:
    seen: list[list[str]] = []

    def look() -> None:
        with db.engine.connect() as other:
            seen.append(list(other.scalars(select(Tenant.slug))))

    tenant("one")
    after_commit(look)
    commit()
    assert seen == [["one"]]


def test_it_does_not_happen_after_a_rollback(app: Flask) -> None:
    done: list[str] = []
    tenant("one")
    after_commit(lambda: done.append("no"))
    rollback()
    commit()
    assert done == []


def test_it_does_not_happen_after_a_commit_that_fails(app: Flask) -> None:
    done: list[str] = []
    tenant("one")
    commit()
    tenant("one")
    after_commit(lambda: done.append("no"))
    with pytest.raises(IntegrityError):
        commit()
    rollback()
    commit()
    assert done == []


def test_the_ends_of_savepoints_are_no_commits(app: Flask) -> None:
    done: list[str] = []
    after_commit(lambda: done.append("yes"))
    with db.session.begin_nested():
        tenant("one")
    assert done == []
    with pytest.raises(RuntimeError), db.session.begin_nested():
        raise RuntimeError
    assert done == []
    rollback()
    commit()
    assert done == []


def test_a_session_that_is_let_go_forgets_what_waited(app: Flask) -> None:
    done: list[str] = []
    tenant("one")
    after_commit(lambda: done.append("no"))
    db.session.remove()
    commit()
    assert done == []


# --- the queue behind it -----------------------------------------------------------------------------------


@pytest.fixture
def queue_url(redis_server: RedisServer) -> str:
    redis_server.flush()
    return redis_server.url


def waiting(server: RedisServer) -> int:
    with server.client() as client:
        return int(client.llen(f"rq:queue:{QUEUE}"))


def test_a_job_waits_once_until_it_has_begun(
    sqlite_app: Flask, queue_url: str, redis_server: RedisServer
) -> None:
    assert all(enqueue(queue_url, Delivery, 1) for _ in range(10))
    assert waiting(redis_server) == 1
    enqueue(queue_url, Delivery, 2)
    assert waiting(redis_server) == 2
    forget_waiting(queue_url, Delivery, 1)
    enqueue(queue_url, Delivery, 1)
    assert waiting(redis_server) == 3


def test_only_jobs_on_the_list_are_enqueued(sqlite_app: Flask, queue_url: str) -> None:
    with pytest.raises(ValueError, match="is not a job"):
        enqueue(queue_url, "os.system", 1)


def test_redis_holds_the_numbers_of_rows_alone(
    sqlite_app: Flask, queue_url: str, redis_server: RedisServer
) -> None:
    enqueue(queue_url, Delivery, 4711)
    with redis_server.client() as client:
        job = next(client.hgetall(key) for key in client.keys("rq:job:*") if client.type(key) == b"hash")
    assert job[b"description"] == b"run_delivery-4711"
    assert zlib.decompress(job[b"data"]) == b'["worker.jobs.run_delivery", null, [4711], {}]'


def test_without_redis_the_commit_stands(sqlite_app: Flask) -> None:
    """The address of the tests' settings leads nowhere."""
    tenant("one")
    enqueue_after_commit(Delivery, 1)
    commit()
    assert db.session.scalar(select(Tenant.slug)) == "one"
    assert not enqueue(current_settings().redis_url, Delivery, 1)


# --- values ------------------------------------------------------------------------------------------------


def test_times_come_back_aware_and_in_utc(app: Flask) -> None:
    row = tenant("one")
    row.created_at = dt.datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    commit()
    db.session.expire_all()
    assert row.created_at == dt.datetime(2026, 7, 1, 10, tzinfo=dt.UTC)
    assert row.created_at.utcoffset() == dt.timedelta(0)


def test_times_without_a_zone_are_not_taken(app: Flask) -> None:
    tenant("one").created_at = dt.datetime(2026, 7, 1)  # noqa: DTZ001
    with pytest.raises(StatementError, match="times are aware"):
        db.session.flush()


def test_times_compare_alike_on_both_databases(app: Flask) -> None:
    """SQLite compares texts: all of one length and zone."""
    for number in range(3):
        tenant(f"t{number}").created_at = NOW + number * dt.timedelta(microseconds=500_000)
    commit()
    later = select(Tenant.slug).where(Tenant.created_at > NOW).order_by(Tenant.created_at)
    assert list(db.session.scalars(later)) == ["t1", "t2"]


def test_sort_keys_sort_by_their_bytes_on_both_databases(app: Flask, cast: Cast) -> None:
    keys = ["a", "B", "ab", "a b", "Z", "z", "ä", "a\x1fb", "\U0010ffff", "_"]
    db.session.add_all(
        Participant(tenant_id=cast.alpha, number=str(number), sort_key=key) for number, key in enumerate(keys)
    )
    commit()
    found = list(db.session.scalars(select(Participant.sort_key).order_by(Participant.sort_key)))
    assert found == sorted(keys, key=str.encode)


def test_references_lead_to_rows_that_exist(app: Flask, cast: Cast) -> None:
    db.session.add(Participant(tenant_id=cast.alpha, number="1", sort_key="x", order_id=99))
    with pytest.raises(IntegrityError):
        commit()


# --- reading and writing at the same time ------------------------------------------------------------------


def test_what_only_reads_does_not_wait_for_a_writer(app: Flask) -> None:
    tenant("one")
    db.session.flush()
    with reading(), db.engine.connect() as other:
        assert list(other.scalars(select(Tenant.slug))) == []


def test_reading_ends_with_its_block(app: Flask) -> None:
    with reading():
        assert db.session.scalars(select(Tenant)).all() == []
        commit()
    tenant("one")
    commit()


@pytest.mark.postgres
def test_what_only_reads_cannot_write(postgres_url: str, tmp_path: Path) -> None:
    with running_app(make_settings(postgres_url, tmp_path)), reading():
        tenant("one")
        with pytest.raises(DBAPIError, match="read-only"):
            db.session.flush()


def test_many_who_read_and_then_write_lose_nothing(app: Flask) -> None:
    """Each reads, then writes: with a plain BEGIN most fail on SQLite with "database is locked"."""
    tenant("one").brake_days = 0
    commit()
    errors: list[Exception] = []

    def write() -> None:
        with app.app_context():
            try:
                for _ in range(10):
                    scope_to(EVERY_TENANT)
                    row = db.session.scalars(select(Tenant).with_for_update()).one()
                    db.session.execute(update(Tenant).values(brake_days=row.brake_days + 1))
                    commit()
                    db.session.expire_all()
            except Exception as error:  # noqa: BLE001
                errors.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert db.session.scalar(select(Tenant.brake_days).execution_options(populate_existing=True)) == 80


def test_what_is_committed_outlives_a_power_cut(sqlite_app: Flask) -> None:
    """SQLite waits for the disk at each commit; what PostgreSQL does is looked at by `jobbruecke check`."""
    event.remove(Engine, "connect", forget_power_cuts)  # what tests are spared
    db.session.rollback()
    db.engine.dispose()
    try:
        assert db.session.scalar(text("PRAGMA synchronous")) == 2
    finally:
        event.listen(Engine, "connect", forget_power_cuts)
    assert db.session.scalar(text("PRAGMA journal_mode")) == "wal"


def test_now_is_aware() -> None:
    assert utcnow().utcoffset() == dt.timedelta(0)


def test_the_scope_is_said(app: Flask, cast: Cast) -> None:
    assert current_scope() == EVERY_TENANT
    scope_to(cast.alpha)
    assert current_scope() == cast.alpha

"""Signs of life: who stops on purpose is forgotten, who dies is missed for a day."""

from __future__ import annotations

import datetime as dt

import time_machine
from flask import Flask

from portal.core.database import commit, db, utcnow
from portal.domain.tenants import Heartbeat
from worker.process import FORGET_AFTER, Beat, beat

NOW = dt.datetime(2026, 3, 4, 9, tzinfo=dt.UTC)


def names() -> list[str]:
    found = [row.name for row in db.session.query(Heartbeat).order_by(Heartbeat.name)]
    commit()
    return found


def test_who_stops_in_order_is_forgotten(sqlite_app: Flask) -> None:
    beat("worker:dead:1", "worker")
    living = Beat(sqlite_app, "cron")
    living.write_if_due()
    assert living._name in names()
    living.stop()
    assert names() == ["worker:dead:1"]


def test_the_dead_are_missed_for_a_day(sqlite_app: Flask) -> None:
    with time_machine.travel(NOW, tick=False):
        beat("worker:dead:1", "worker")
    with time_machine.travel(NOW + FORGET_AFTER, tick=False):
        beat("worker:living:2", "worker")
        assert names() == ["worker:dead:1", "worker:living:2"]
    with time_machine.travel(NOW + FORGET_AFTER + dt.timedelta(seconds=1), tick=False):
        beat("worker:living:2", "worker")
        assert names() == ["worker:living:2"]
        assert db.session.query(Heartbeat).one().seen_at == utcnow()
        commit()

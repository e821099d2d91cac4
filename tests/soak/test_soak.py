"""A short soak in the ordinary run; `make soak MINUTES=…` is the long one."""

from pathlib import Path

import pytest

from tests.soak.run import running_plant, soak
from tests.support.services import RedisServer

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.thorough]


def test_accidents_every_few_seconds_leave_nothing_undone_or_done_twice(
    tmp_path: Path, own_redis_server: RedisServer
) -> None:
    with running_plant(tmp_path, f"sqlite:///{tmp_path / 'soak.db'}", own_redis_server) as plant:
        result = soak(plant, 30, seed=1)
    assert result.violations == [], result.table()
    assert result.deliveries > 0 and sum(result.accidents.values()) > 0, result.table()

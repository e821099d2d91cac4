"""`make soak MINUTES=…`: accidents every few seconds, then quiet, then the record is read.

Exit code 1 where anything does not fit.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from portal.core.paths import ROOT
from tests.soak.checker import check
from tests.soak.plant import Plant
from tests.support.database import make_settings, new_database, running_app
from tests.support.sandbox import SandboxServer
from tests.support.services import RedisServer, running_postgres, running_redis

ROUND_SECONDS = 45
"""Accidents for so long; then everything has 90 seconds to be quiet."""
PATIENCE_SECONDS = 90
RECONCILING_SECONDS = 300
"""After a backup all tenants at once find out, settle and transfer everything: work, and no fault to recover from."""


@dataclass
class Result:
    accidents: Counter[str] = field(default_factory=Counter)
    recoveries: list[float] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    deliveries: int = 0
    requests: int = 0
    restarts: int = 0
    imports: int = 0
    reconciled: float | None = None
    """Seconds from the restored backup until every tenant had settled and transferred."""
    pages: int = 0
    slowest_page: float = 0

    def table(self) -> str:
        """The result as a table."""
        rows = [
            ("deliveries", str(self.deliveries)),
            ("requests that the network saw", str(self.requests)),
            ("imports", str(self.imports)),
            ("pages read", str(self.pages)),
            ("slowest page", f"{self.slowest_page:.1f} s"),
            ("processes started again", str(self.restarts)),
            ("all reconciled after a backup", f"{self.reconciled:.1f} s" if self.reconciled else "not tried"),
            *((name, str(number)) for name, number in sorted(self.accidents.items())),
            ("longest recovery", f"{max(self.recoveries, default=0):.1f} s"),
            ("violations", str(len(self.violations))),
        ]
        width = max(len(name) for name, _ in rows)
        return "\n".join([f"| {name:<{width}} | {value:>8} |" for name, value in rows] + self.violations)


def soak(plant: Plant, seconds: float, seed: int) -> Result:
    """Rounds of accidents and quiet for about `seconds` of accidents; what came of it."""
    dice, result = random.Random(seed), Result()
    plant.reader.sign_in()
    left = seconds
    with ExitStack() as stack:
        restore: Callable[[], None] | None = None
        while left > 0:
            if (
                result.recoveries and left <= ROUND_SECONDS
            ):  # quiet, and a round is to come that it will not know
                restore = stack.enter_context(plant.backup())
            _disturb(plant, min(left, ROUND_SECONDS), dice, result)
            left -= ROUND_SECONDS
            result.recoveries.append(_recover(plant, result))
        if restore is not None:
            _check_all(plant, result, "before")  # what the backup does not know any more
            restore()
            result.reconciled = _reconcile(plant, result)
    _check_all(plant, result, "after")
    result.requests = len(plant.sandbox.requests_seen())
    result.restarts, result.imports = plant.starts, plant.imports
    result.pages, result.slowest_page = plant.reader.answered, plant.reader.slowest
    result.violations += sorted(plant.reader.broken)
    return result


def _check_all(plant: Plant, result: Result, moment: str) -> None:
    """Check every tenant; all that is known of one that does not fit is kept for whoever looks into it."""
    tenants = [plant.read(bridge) for bridge in plant.bridges]
    result.deliveries = sum(len(tenant.network) for tenant in tenants)
    for tenant in tenants:
        violations = check(tenant)
        if violations:
            kept = ROOT / "build" / "soak" / f"{moment}-{tenant.name}.json"
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(asdict(tenant), indent=1, default=sorted), encoding="utf-8")
            result.violations += [f"{what} ({moment} the backup is restored: {kept})" for what in violations]


def _reconcile(plant: Plant, result: Result) -> float:
    """Everybody wants to transfer, is held, and settles what the network knew alone; then all transfer. Seconds."""
    began = time.monotonic()
    plant.transfer_all()
    while time.monotonic() - began < RECONCILING_SECONDS and not plant.settle_all():
        plant.supervise()
        time.sleep(0.3)
    plant.transfer_all()
    _recover(plant, result, RECONCILING_SECONDS)
    return time.monotonic() - began


def _disturb(plant: Plant, seconds: float, dice: random.Random, result: Result) -> None:
    end, next_accident = time.monotonic() + seconds, 0.0
    while time.monotonic() < end:
        plant.supervise()
        plant.act(dice)
        plant.reader.read(dice)
        if time.monotonic() >= next_accident:
            result.accidents[plant.befall(dice)] += 1
            next_accident = time.monotonic() + dice.uniform(1.5, 4)
        time.sleep(0.1)


def _recover(plant: Plant, result: Result, patience: float = PATIENCE_SECONDS) -> float:
    """Seconds until nothing is under way; a violation where that takes too long."""
    plant.calm()
    began = time.monotonic()
    while time.monotonic() - began < patience:
        plant.supervise()
        if plant.is_quiet():
            return time.monotonic() - began
        time.sleep(0.3)
    result.violations.append(f"not quiet after {patience:.0f} s")
    return time.monotonic() - began


@contextmanager
def running_plant(folder: Path, url: str, redis: RedisServer, tenants: int = 20) -> Iterator[Plant]:
    """A plant on an empty database."""
    with SandboxServer(folder, answer_delay=1) as sandbox:
        urls = {"network_jobnetzwerk_url": sandbox.url, "network_job4you_url": sandbox.url}
        settings = make_settings(url, folder, redis_url=redis.url, **urls)
        with running_app(settings):
            plant = Plant(settings, folder, sandbox, redis, tenants)
            try:
                yield plant
            finally:
                plant.stop()


def main() -> int:
    """Soak, print the table, and say by the exit code whether all was well."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--minutes", type=float, default=5)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    chosen = words.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing that was started is left behind
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jobbruecke-soak-")))
        (folder / "redis").mkdir()
        redis = stack.enter_context(running_redis(folder / "redis"))
        url = f"sqlite:///{folder / 'soak.db'}"
        if chosen.database == "postgres":
            url = stack.enter_context(new_database(stack.enter_context(running_postgres()).url))
        plant = stack.enter_context(running_plant(folder, url, redis))
        result = soak(plant, chosen.minutes * 60, chosen.seed)
    print(result.table())
    return 1 if result.violations else 0


if __name__ == "__main__":
    sys.exit(main())

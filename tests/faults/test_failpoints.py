"""The failpoints themselves: each commit is seen, none is without a story, and processes die where a plan says so."""

from __future__ import annotations

import ast
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal.core.database import commit, db, reading
from portal.domain.tenants import Tenant
from portal.networks.protocol.client import NetworkClient
from portal.networks.protocol.errors import Unavailable
from tests.support import failpoints, forked
from tests.support.database import NOW, make_settings, settings_environment
from worker import schedule

ROOT = Path(__file__).parents[2]
NAMES = failpoints.all_commits()
PLAN_SWEPT = "worker.schedule._each"


def test_each_commit_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(NAMES)
    rooms = {name.partition(".")[0] for name in NAMES}
    assert rooms >= {"bulk", "cli", "deliveries", "domain", "imports", "notices", "releases", "worker"}


def test_what_is_passed_over_is_there() -> None:
    files = [path for folder in ("portal", "worker") for path in (ROOT / folder).rglob("*.py")]
    found = [name for path in files for name in failpoints.names(path)]
    for it in failpoints.UNNOTICED:
        assert it in found or (it.endswith(".") and any(name.startswith(it) for name in found)), it


def test_nothing_else_commits() -> None:
    """Whatever commits by another way than `commit` is not seen."""
    for path in (ROOT / folder for folder in ("portal", "worker")):
        for file in path.rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Attribute) and node.attr == "commit":
                    assert file.relative_to(ROOT) == Path("portal/core/database.py")


def test_each_call_of_the_client_is_seen() -> None:
    code = (ROOT / "portal/networks/protocol/client.py").read_text()
    calls = re.findall(r'self\._call\(\s*f?"(\w+)', code)
    assert sorted(calls) == sorted(set(calls))
    assert len(calls) == len(re.findall(r"self\._call\(", code))


def test_a_commit_comes_to_the_one_before_and_the_one_after_it(sqlite_app: Flask) -> None:
    seen: list[tuple[str, int]] = []

    def note(point: str) -> None:
        with reading(), db.engine.connect() as other:
            seen.append((point, len(other.execute(db.select(Tenant.id)).all())))

    def action() -> None:
        db.session.add(Tenant(slug="one", name="one", created_at=NOW))

    with failpoints.armed(note):
        schedule._each(action)
    assert seen == [(f"{PLAN_SWEPT}.before", 0), (f"{PLAN_SWEPT}.after", 1)]


def test_commits_of_tests_and_those_that_move_nothing_come_to_none(sqlite_app: Flask) -> None:
    seen: list[str] = []
    with failpoints.armed(seen.append):
        commit()
        schedule.tick()
    assert seen == []


def test_a_call_comes_to_the_one_before_and_the_one_after_it_whatever_it_brings() -> None:
    seen: list[str] = []
    nowhere = NetworkClient("http://127.0.0.1:9", "t", read_seconds=1)
    with failpoints.armed(seen.append), nowhere, pytest.raises(Unavailable):
        nowhere.put_part("x", 3, b"", "digest")
    assert seen == ["call.putPart.before", "call.putPart.after"]


@pytest.mark.parametrize(
    ("plan", "reached"),
    [("1", 1), ("3", 3), (f"{PLAN_SWEPT}.before 3", 5), ("7", None), (f"{PLAN_SWEPT}.after 4", None)],
)
def test_a_process_dies_where_its_plan_says(tmp_path: Path, plan: str, reached: int | None) -> None:
    (tmp_path / "4").write_text(plan)
    environment = settings_environment(make_settings(f"sqlite:///{tmp_path}/x.db", tmp_path))
    environment |= failpoints.environment(tmp_path)
    ended, _, _ = forked.run(
        "tests.faults.swept:main", ["4"], cwd=ROOT, env=environment, stdin="", seconds=60
    )
    assert ended == (0 if reached is None else -signal.SIGKILL)
    trace = (tmp_path / "4.trace").read_text().split()
    assert len(trace) == (reached or 6)


def test_nothing_happens_unasked(tmp_path: Path) -> None:
    """Whatever plans there are: the product does not know of them."""
    (tmp_path / "4").write_text("1")
    environment = settings_environment(make_settings(f"sqlite:///{tmp_path}/x.db", tmp_path))
    subprocess.run(
        [sys.executable, "-m", "tests.faults.swept", "4"],
        cwd=ROOT,
        env=environment | {failpoints.PLANS: str(tmp_path)},
        check=True,
    )
    assert not list(tmp_path.glob("*.trace"))
    assert not [it for it in products_words() if "failpoint" in it.lower()]


def products_words() -> Iterator[str]:
    for folder in ("portal", "worker"):
        for path in (ROOT / folder).rglob("*.py"):
            if "words" not in path.parts:
                yield from path.read_text().splitlines()

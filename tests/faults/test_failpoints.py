"""The failpoints themselves: each is named once in the code, none is forgotten, and nothing happens there unasked."""

from __future__ import annotations

import ast
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal.core import failpoints
from portal.core.database import commit, db, reading
from portal.core.settings import SettingsError, load_settings
from portal.domain.tenants import Tenant
from portal.networks.protocol.client import NetworkClient, Unavailable
from tests.support.database import NOW, make_settings, settings_environment

ROOT = Path(__file__).parents[2]
UNNAMED = {
    ("worker/process.py", "beat"),
    ("worker/process.py", "forget"),
    ("worker/schedule.py", "tick"),
    ("worker/schedule.py", "export_audit_heads"),
    ("worker/schedule.py", "_ids"),
}
"""Commits of workers that move nothing: they only look, or tell that a process lives."""
WORKED = (
    "worker",
    *(f"portal/{room}" for room in ("bulk", "deliveries", "imports", "mail", "notices", "privacy")),
)
"""Where the code of jobs lies."""


def commits(folder: str) -> Iterator[tuple[str, str, str | None]]:
    """Each commit in a folder's code: file, function, and the name of its failpoints."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.FunctionDef):
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and getattr(node.func, "id", None) in ("commit", "save"):
                    name = (
                        node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
                    )
                    yield str(path.relative_to(ROOT)), function.name, name


def test_each_commit_of_the_list_is_named_once_in_the_code() -> None:
    named = Counter(name for folder in ("portal", "worker") for _, _, name in commits(folder) if name)
    assert named == Counter(failpoints.COMMITS)


def test_each_commit_of_a_worker_is_on_the_list() -> None:
    found = [it for folder in WORKED for it in commits(folder) if not it[0].endswith("views.py")]
    assert {str(Path(file).parent) for file, *_ in found} >= {"worker", "portal/deliveries", "portal/imports"}
    unnamed = {(file, function) for file, function, name in found if name is None}
    assert unnamed - UNNAMED == set(), 'give it a name in portal.core.failpoints: commit("…")'


def test_each_call_of_the_client_is_on_the_list() -> None:
    code = (ROOT / "portal/networks/protocol/client.py").read_text()
    calls = re.findall(r'self\._call\(\s*f?"(\w+)', code)
    assert sorted(calls) == sorted(failpoints.CALLS)
    assert len(set(failpoints.POINTS)) == len(failpoints.POINTS)


def test_nothing_happens_unasked(sqlite_app: Flask) -> None:
    assert failpoints._action is None
    for point in failpoints.POINTS:
        step, _, side = point.rpartition(".")
        failpoints.reach(step, side)  # type: ignore[arg-type]


def test_a_named_commit_comes_to_the_one_before_and_the_one_after_it(sqlite_app: Flask) -> None:
    seen: list[tuple[str, int]] = []

    def note(point: str) -> None:
        with reading(), db.engine.connect() as other:
            seen.append((point, len(other.execute(db.select(Tenant.id)).all())))

    with failpoints.armed(note):
        db.session.add(Tenant(slug="one", name="one", created_at=NOW))
        commit("plan.swept")
    assert seen == [("plan.swept.before", 0), ("plan.swept.after", 1)]


def test_a_call_comes_to_the_one_before_and_the_one_after_it_whatever_it_brings() -> None:
    seen: list[str] = []
    nowhere = NetworkClient("http://127.0.0.1:9", "t", read_seconds=1)
    with failpoints.armed(seen.append), nowhere, pytest.raises(Unavailable):
        nowhere.put_part("x", 3, b"", "digest")
    assert seen == ["call.putPart.before", "call.putPart.after"]


DIES = """
from portal.app import create_app
from portal.core import failpoints
from portal.core.database import scope_to
with create_app().app_context():
    scope_to(int({tenant}))
    for step in ("send.receipt", "answers.asking", "send.receipt"):
        for side in ("before", "after"):
            failpoints.reach(step, side)
"""


@pytest.mark.parametrize(
    ("plan", "reached"),
    [("1", 1), ("3", 3), ("send.receipt.before 2", 5), ("7", None), ("build.seen.after 1", None)],
)
def test_a_process_dies_where_its_plan_says(tmp_path: Path, plan: str, reached: int | None) -> None:
    (tmp_path / "4").write_text(plan)
    environment = settings_environment(make_settings(f"sqlite:///{tmp_path}/x.db", tmp_path))
    environment["JOBBRUECKE_FAILPOINTS"] = str(tmp_path)
    ended = subprocess.run(
        [sys.executable, "-c", DIES.format(tenant=4)], cwd=ROOT, env=environment, check=False
    ).returncode
    assert ended == (0 if reached is None else -signal.SIGKILL)
    trace = (tmp_path / "4.trace").read_text().split()
    assert len(trace) == (reached or 6)


def test_real_networks_refuse_failpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in settings_environment(make_settings(f"sqlite:///{tmp_path}/x.db", tmp_path)).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("JOBBRUECKE_FAILPOINTS", str(tmp_path))
    assert load_settings().failpoints == str(tmp_path)
    for network in ("JOBNETZWERK", "JOB4YOU"):
        with monkeypatch.context() as patch:
            patch.setenv(f"JOBBRUECKE_NETWORK_{network}_URL", "https://network.example")
            with pytest.raises(SettingsError, match="JOBBRUECKE_FAILPOINTS is for tests alone"):
                load_settings()

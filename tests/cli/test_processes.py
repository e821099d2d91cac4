"""What refuses to start, in processes of its own: exit code 1, one sentence, no traceback, no value repeated."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from tests.imports.exports import folder
from tests.support.database import make_settings, settings_environment
from tests.support.installed import Installed, Said
from tests.support.running import COMMAND
from tests.support.services import RedisServer
from tests.support.workers import wait_until

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with empty tables that say they are migrated."""
    place = tmp_path_factory.mktemp("migrated")
    settings = make_settings(f"sqlite:///{place / 'own.db'}", place)
    Installed(COMMAND, place, settings_environment(settings), is_forked=True).say("db", "upgrade")
    return place / "own.db"


@pytest.fixture
def command(migrated: Path, tmp_path: Path) -> Installed:
    """The command in a process of its own, over a database of its own; Redis is away."""
    settings = make_settings(f"sqlite:///{shutil.copy(migrated, tmp_path)}", tmp_path)
    return Installed(COMMAND, tmp_path, settings_environment(settings), is_forked=True)


NONSENSE = "nonsense-that-is-secret"
SAMPLED = {("DATABASE_URL", NONSENSE), ("SECRET_KEY", None)}
"""In the ordinary run, as each costs a process; in one process they are all in tests/test_settings.py."""


def _refused(said: Said) -> str:
    assert said.code == 1, said
    assert "Traceback" not in said.out + said.err
    return said.err.strip()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param(name, value, marks=() if (name, value) in SAMPLED else pytest.mark.thorough)
        for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ENCRYPTION_KEYS")
        for value in (None, NONSENSE)
    ],
)
def test_a_setting_is_missing_or_wrong(command: Installed, name: str, value: str | None) -> None:
    environment = {key: kept for key, kept in command.environment.items() if key != f"JOBBRUECKE_{name}"}
    if value is not None:
        environment[f"JOBBRUECKE_{name}"] = value
    said = _refused(replace(command, environment=environment).run("check"))
    assert said.startswith(f"JOBBRUECKE_{name} ") and "It wants: " in said
    assert "nonsense" not in said


def test_the_port_is_taken(command: Installed) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"Der Port {port} ist schon belegt" in _refused(command.run("web", "--port", port))
        said = command.run("sandbox", "--port", port, "--data", str(command.folder / "sandbox.db"))
        assert port in _refused(said)


def test_an_address_that_is_not_ours(command: Installed) -> None:
    assert "kann hier nicht gewartet werden" in _refused(command.run("web", "--host", "192.0.2.1"))


def test_the_worker_wants_redis(command: Installed) -> None:
    assert "Redis ist nicht erreichbar" in _refused(command.run("worker"))


@pytest.mark.parametrize(
    "words", [("web",), *(pytest.param((name,), marks=pytest.mark.thorough) for name in ("worker", "cron"))]
)
def test_tables_that_are_not_migrated(command: Installed, words: tuple[str, ...]) -> None:
    """Nothing runs on tables of which it does not know what they are."""
    environment = {**command.environment, "JOBBRUECKE_DATABASE_URL": f"sqlite:///{command.folder / 'new.db'}"}
    said = _refused(replace(command, environment=environment).run(*words))
    assert "jobbruecke db upgrade" in said


@pytest.mark.parametrize("words", [("worker",), ("cron",), ("web", "--port", "0")])
def test_what_runs_stops_cleanly(
    command: Installed, own_redis_server: RedisServer, words: tuple[str, ...]
) -> None:
    """SIGTERM ends it with 0, soon; its log is lines of JSON and nothing else."""
    if words[0] == "web":
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            words = ("web", "--port", str(probe.getsockname()[1]))
    environment = {**command.environment, "JOBBRUECKE_REDIS_URL": own_redis_server.url}
    process = subprocess.Popen(
        [str(COMMAND), *words], cwd=command.folder, env=environment, stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: process.poll() is not None or _is_up(process.pid, words), seconds=60)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=30)[1]
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert all(line.startswith("{") for line in said.splitlines()), said


def _is_up(pid: int, words: tuple[str, ...]) -> bool:
    """Web hands the signal on to processes of its own, which have to be there to hear it."""
    if words[0] != "web":
        return _catches(pid, signal.SIGTERM)
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(f"http://127.0.0.1:{words[2]}/health/live", timeout=30).ok
    return False


def _catches(pid: int, number: signal.Signals) -> bool:
    """Whether the process would do something of its own about the signal: then it is up, however slow the machine."""
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return caught is not None and bool(int(caught[1], 16) >> (number - 1) & 1)


def test_a_reader_that_goes_away_is_no_failure(command: Installed) -> None:
    """`jobbruecke … | head -1`."""
    command.say("tenant", "create", "spree", "--name", "Spree")
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [str(COMMAND), "tenant", "show", "spree"],
        cwd=command.folder,
        env=dict(command.environment),
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(write)
    assert "Traceback" not in done.stderr, done.stderr


def test_long_work_shows_on_a_terminal_how_far_it_is(command: Installed) -> None:
    """A line that is written over and taken away; what follows is the report, and it alone goes into a pipe."""
    command.say("tenant", "create", "spree", "--name", "Spree")
    people = "tn_id;nachname;vorname\n" + "".join(f"T{i};Adam;Eva\n" for i in range(2500))
    export = folder(command.folder / "export", {"teilnehmer.csv": people})
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [str(COMMAND), "import", "--tenant", "spree", str(export)],
        cwd=command.folder,
        env=dict(command.environment),
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    os.close(theirs)
    seen = _read_to_the_end(ours)
    out = process.communicate(timeout=60)[0]
    assert process.returncode == 0, out
    assert re.search(r"\r\[#+-+\] \d+/\d+ wird ", seen) and seen.endswith("\r"), seen[-200:]
    assert out.startswith("Import 1: 2500 Zeilen gelesen") and "\r" not in out


def _read_to_the_end(descriptor: int) -> str:
    seen = b""
    with contextlib.suppress(OSError):  # how a terminal says that nobody writes any more
        while chunk := os.read(descriptor, 4096):
            seen += chunk
    os.close(descriptor)
    return seen.decode()

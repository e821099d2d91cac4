"""Nothing committed is lost: kills, restarts, many at once."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from sandbox.store import ensure_provider
from tests.sandbox.provider import Provider, checked, mediator, ndjson, people, withdrawal
from tests.support.sandbox import SandboxServer

ROOT = Path(__file__).parents[2]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[SandboxServer]:
    """Give a sandbox of one's own, to be killed."""
    with SandboxServer(tmp_path) as running:
        yield running


def test_a_kill_loses_nothing(own: SandboxServer) -> None:
    provider = Provider(own, "job4you")
    done = provider.deliver(1, people("1"))
    answers = provider.answers(done)
    delivery_id = checked(provider.open(2, key="00000000-0000-4000-8000-000000000002"), 201)["delivery_id"]
    part = ndjson(people("1", "2"))
    checked(provider.put(delivery_id, 1, part), 204)
    url = own.url
    own.kill()
    own.restart()
    assert own.url == url
    assert provider.answers(done) == answers
    again = provider.open(2, key="00000000-0000-4000-8000-000000000002")
    assert checked(again, 200)["parts"] == [1]
    receipt = checked(provider.commit(delivery_id, [part], people("1", "2")), 202)
    own.kill()
    own.restart()
    assert checked(provider.commit(delivery_id, [part], people("1", "2")), 202) == receipt
    assert set(provider.outcomes(delivery_id)) == {"1", "2"}
    assert checked(provider.call("GET", "/v1/account"), 200)["last_sequence"] == 2


def test_rules_and_settings_outlive_a_restart(own: SandboxServer) -> None:
    provider = Provider(own)
    own.misbehave("answers-held")
    own.set_mediator(provider.provider_id, "M1", False)
    own.set_answer_delay(0.2)
    own.restart()
    delivery_id = provider.deliver(1, people("1"))
    time.sleep(0.3)
    assert provider.page(delivery_id)["items"] == []
    own.behave()
    assert provider.outcomes(delivery_id) == {"1": ("archived", "mediator-unknown")}


@pytest.mark.parametrize("milliseconds", [5, 20, 40, 80])
def test_a_kill_in_the_middle_leaves_all_or_nothing(own: SandboxServer, milliseconds: int) -> None:
    provider = Provider(own)
    records = people(*(str(number) for number in range(3000)))
    part = ndjson(records)
    delivery_id = checked(provider.open(1), 201)["delivery_id"]
    checked(provider.put(delivery_id, 1, part), 204)
    killer = threading.Timer(milliseconds / 1000, own.kill)
    killer.start()
    with suppress(OSError):
        provider.commit(delivery_id, [part], records)
        provider.page(delivery_id)
    killer.join()
    own.restart()
    checked(provider.commit(delivery_id, [part], records), 202)
    assert len(provider.outcomes(delivery_id)) == 3000
    assert len(provider.state()) == 3000


def test_many_at_once_do_not_disturb_each_other(server: SandboxServer) -> None:
    providers = [Provider(server) for _ in range(8)]

    def work(provider: Provider) -> int:
        for sequence in range(1, 6):
            provider.outcomes(provider.deliver(sequence, people(*map(str, range(sequence)))))
        return len(provider.state())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, providers)) == [5] * 8


def test_only_one_of_many_commits_under_one_number_counts(jobnetzwerk: Provider) -> None:
    ids = [checked(jobnetzwerk.open(1), 201)["delivery_id"] for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda one: jobnetzwerk.commit(one, [], []).status_code, ids))
    assert sorted(statuses) == [202, 409, 409, 409, 409, 409]


def test_one_commit_sent_many_times_has_one_receipt(jobnetzwerk: Provider) -> None:
    delivery_id = checked(jobnetzwerk.open(1), 201)["delivery_id"]
    part = ndjson([withdrawal("1"), mediator()])
    checked(jobnetzwerk.put(delivery_id, 1, part), 204)
    with ThreadPoolExecutor(6) as pool:
        replies = pool.map(
            lambda _: checked(jobnetzwerk.commit(delivery_id, [part], [withdrawal("1"), mediator()]), 202),
            range(6),
        )
    assert len({reply["receipt_id"] for reply in replies}) == 1
    assert len(jobnetzwerk.answers(delivery_id)) == 2


def test_two_processes_share_one_file(own: SandboxServer, tmp_path: Path) -> None:
    other = SandboxServer(tmp_path)
    other.log = tmp_path / "other.log"
    with other:
        provider = Provider(own)
        delivery_id = provider.deliver(1, people("1"))
        provider.server = other
        assert provider.outcomes(delivery_id) == {"1": ("active", None)}


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_soon_even_while_a_request_waits(tmp_path: Path, stop: signal.Signals) -> None:
    own = SandboxServer(tmp_path).start()
    provider = Provider(own)
    own.misbehave("delay", "readAccount", seconds=60)

    def wait_for_an_answer() -> None:
        with suppress(OSError):
            provider.call("GET", "/v1/account")

    waiting = threading.Thread(target=wait_for_an_answer)
    waiting.start()
    time.sleep(0.3)
    process = own._process
    assert process is not None
    os.kill(process.pid, stop)
    assert process.wait(5) == 0
    waiting.join(5)
    own.stop()


def test_it_says_why_it_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--data", str(tmp_path / "file" / "x.sqlite3")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 1
    assert "cannot use" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_provider_is_made_once_and_keeps_its_token(tmp_path: Path) -> None:
    database = tmp_path / "sandbox.sqlite3"
    for made in (True, False):
        assert made is ensure_provider(
            database,
            provider_id="demo",
            name="Demo",
            network="jobnetzwerk",
            token="demo-token-1",
            unknown_mediators=["M1"],
            forced_outcomes=[("2", "rejected", "invalid-data")],
        )
    with SandboxServer(tmp_path) as server:
        provider = Provider(server)
        provider.provider_id, provider.token = "demo", "demo-token-1"
        assert provider.outcomes(provider.deliver(1, people("1", "2"))) == {
            "1": ("archived", "mediator-unknown"),
            "2": ("rejected", "invalid-data"),
        }
    assert b"demo-token-1" not in database.read_bytes()

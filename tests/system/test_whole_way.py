"""The main job through real processes, installed from the wheel: export, release, Online, and back."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.database import APP_ROLE, as_application, make_settings, new_database, settings_environment
from tests.support.installed import Installed
from tests.support.running import FAST, free_port
from tests.support.sandbox import SandboxServer
from tests.support.services import PostgresServer, RedisServer

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.thorough]

PASSWORD = "Dreizehn Kraniche im Nebel"
WHO = ("--tenant", "spree", "--participant", "10001")
PATIENCE = 60
_STORY = ["released", "sent", "answered-active", "revoked", "sent-withdrawal", "answered-archived"]


@dataclass
class House:
    """A tenant `spree` with its network, installed and set up by the command line alone."""

    installed: Installed
    sandbox: SandboxServer
    redis: RedisServer

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.installed.ask("status", *WHO)
        return found

    def wait_for(self, true: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < deadline, (
                f"{what} did not come: {self.status()} {self.installed.logs()}"
            )
            time.sleep(0.3)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def house(
    request: pytest.FixtureRequest, installed_command: Path, own_redis_server: RedisServer, tmp_path: Path
) -> Iterator[House]:
    """Database migrated from nothing, tenant, account and export there; no process runs yet."""
    with contextlib.ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'spree.db'}"
        if request.param == "postgres":
            server: PostgresServer = request.getfixturevalue("postgres_server")
            url = stack.enter_context(new_database(server.url))
            owner = Installed(
                installed_command, tmp_path, settings_environment(make_settings(url, tmp_path)) | FAST
            )
            owner.say("db", "upgrade")
            owner.say("db", "grant", APP_ROLE)
            url = as_application(url)
        sandbox = stack.enter_context(
            SandboxServer(tmp_path, answer_delay=0.2, command=(str(installed_command), "sandbox"))
        )
        settings = make_settings(
            url,
            tmp_path,
            redis_url=own_redis_server.url,
            network_jobnetzwerk_url=sandbox.url,
            network_job4you_url=sandbox.url,
        )
        installed = Installed(installed_command, tmp_path, settings_environment(settings) | FAST)
        if request.param == "sqlite":
            assert installed.run("tenant", "show", "spree").code == 1  # says that tables are missing
        installed.say("db", "upgrade")
        token = sandbox.create_provider("jobnetzwerk", "spree")
        installed.say(
            *(
                "tenant",
                "create",
                "spree",
                "--name",
                "Lernwerk Spreetal",
                "--network",
                "jobnetzwerk",
                "--token",
            ),
            *("--licence-from", "2026-01-01", "--federal-state", "BE"),
            stdin=f"{token}\n",
        )
        for initials, name, role in (("SB", "Sabine Berg", "caseworker"), ("LT", "Lena Tal", "supervisor")):
            installed.say(
                *("account", "create", "--tenant", "spree", "--name", name, "--initials", initials),
                *("--email", f"{initials.lower()}@spree.example", "--role", role),
                stdin=f"{PASSWORD}\n",
            )
        report = installed.ask("import", "--tenant", "spree", str(_export(tmp_path / "export")), "--full")
        assert (report["applied"], report["rejected"]) == (3, []), report
        yield House(installed, sandbox, own_redis_server)


def test_from_export_to_online_and_back(house: House) -> None:
    """Import, release, transfer, Online; revoke, transfer, Online archiviert, Offline - archiviert."""
    run = house.installed
    assert house.status()["status"] == "offline"
    with run.keep("worker", "worker"), run.keep("cron", "cron"):
        run.say("release", *WHO, "--by", "SB")
        released = house.status()
        assert (released["status"], released["released"], released["released_by"]) == ("offline", True, "SB")

        first = run.ask("deliver", "--tenant", "spree", "--wait", "--by", "LT")
        online = house.status()
        assert (online["status"], online["findings"]) == ("online", [])
        assert online["applicant_id"] == house.sandbox.applicants("spree")["10001"]["applicant_id"]

        run.say("revoke", *WHO, "--by", "SB")
        assert house.status()["status"] == "online"  # what is not confirmed has not happened
        second = run.ask("deliver", "--tenant", "spree", "--wait", "--by", "LT")
        offline = house.status()
        assert (offline["status"], offline["released"]) == ("offline-archived", False)
        assert house.sandbox.applicants("spree")["10001"]["state"] == "archived"
        assert second["number"] > first["number"]

    entries = run.ask("protocol", *WHO)["entries"]
    times = [entry["at"] for entry in entries]
    assert times == sorted(times, reverse=True)
    assert [entry["event"] for entry in reversed(entries)] == _STORY
    assert [found["number"] for found in run.ask("deliveries", "--tenant", "spree")["deliveries"]] == [
        second["number"],
        first["number"],
    ]
    assert run.run("why", *WHO).code == 0


def test_killed_worker_and_lost_redis_lose_nothing(house: House) -> None:
    """`kill -9` to the worker and its job with a delivery under way, Redis emptied: the next one goes on."""
    run = house.installed
    house.sandbox.misbehave("delay", "putPart", count=1, seconds=20)
    run.say("release", *WHO, "--by", "SB")
    with run.keep("cron", "cron"):
        with run.keep("worker", "worker") as worker:
            run.say("deliver", "--tenant", "spree", "--by", "LT")
            house.wait_for(lambda: _part_is_asked(house.sandbox), "the part")
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait(10)
        house.redis.flush()
        with run.keep("worker-again", "worker"):
            house.wait_for(lambda: house.status()["status"] == "online", "Online")
    assert len(house.sandbox.deliveries("spree")) == 1


def test_pages_of_the_installed_wheel(house: House) -> None:
    """Sign in, release by form and "Jetzt übertragen": with all templates, styles and translations there."""
    run = house.installed
    port = free_port()
    with run.keep("worker", "worker"), run.keep("cron", "cron"), run.keep("web", "web", "--port", str(port)):
        base = f"http://127.0.0.1:{port}"
        house.wait_for(lambda: _answers(f"{base}/sign-in"), "the pages")
        visitor = requests.Session()
        visitor.trust_env = False
        page = visitor.get(f"{base}/sign-in").text
        _post(visitor, f"{base}/sign-in", page, email="sb@spree.example", password=PASSWORD)
        english = requests.get(f"{base}/sign-in", cookies={"language": "en"}, timeout=10).text
        assert "Password" in english and "Passwort" in page
        for address in set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page)):
            assert visitor.get(base + address).ok, address
        person = visitor.get(f"{base}/participants").text
        link = re.search(r'href="(/participants/\d+)', person)
        assert link, person
        shown = visitor.get(base + link[1]).text
        form = _form(shown, "release")
        _post(visitor, base + form, shown)
        shown = visitor.get(base + link[1]).text
        _post(visitor, base + _form(shown, "transfer"), shown)
        house.wait_for(lambda: house.status()["status"] == "online", "Online")
        number = house.status()["applicant_id"]
        assert number in visitor.get(base + link[1]).text


def _part_is_asked(sandbox: SandboxServer) -> bool:
    return any(seen["operation"] == "putPart" for seen in sandbox.requests_seen("spree"))


def _answers(url: str) -> bool:
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(url, timeout=5).ok
    return False


def _form(page: str, word: str) -> str:
    found = re.search(rf'<form[^>]+action="([^"]*{word}[^"]*)"', page)
    assert found, f"no form for {word}"
    return found[1].replace("&amp;", "&")


def _post(visitor: requests.Session, url: str, page: str, **fields: str) -> requests.Response:
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token, "no form token"
    answer = visitor.post(url, data={"csrf_token": token[1]} | fields)
    assert answer.ok, answer.text
    return answer


def _export(folder: Path) -> Path:
    """Two participants whom nothing blocks, their order and their mediator."""
    folder.mkdir()
    files = {
        "vermittler.csv": "vermittler_id;kuerzel;nachname;vorname;email;telefon;aktiv\n"
        "V-1;SB;Berg;Sabine;berg@example.org;030 5550101;ja\n",
        "auftraege.csv": "auftrag_id;bezeichnung;massnahmenummer;traeger;beginn;ende;zustaendig\n"
        "A-1;Neustart;123/21/1/11;Lernwerk Spreetal gGmbH;06.05.2026;02.03.2099;SB\n",
        "teilnehmer.csv": "tn_id;anrede;nachname;vorname;geburtsdatum;svnr;strasse;plz;ort;email;telefon;betreuer;"
        "auftrag_id;austritt;einverstaendnis_am;einverstaendnis_bis;einverstaendnis_widerrufen_am\n"
        "10001;Frau;Gotthard;Eva;23.09.2002;;Lindenweg 4;10437;Berlin;eva@example.org;030 5550102;SB;A-1;;"
        "12.02.2026;;\n",
    }
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8-sig")
    return folder

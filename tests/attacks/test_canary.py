"""A known number and a known token go through every path; nowhere but where they belong are they found.

They belong at the network, on the one page that shows a number for a reason, and encrypted in database and data folder.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests
from flask import current_app
from redis import Redis
from sqlalchemy import inspect, text

from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.domain.imports import ImportRun, ImportState
from portal.domain.releases import Event, ProtocolEntry
from portal.domain.rules.status import Status
from tests.imports.exports import MEDIATORS, folder, zipped
from tests.support.all_pages import PAGES
from tests.support.commands import Commands
from tests.support.database import new_database
from tests.support.door import LINES, ndjson, new_token
from tests.support.mail_server import MailServer, running_mail_server
from tests.support.pages import PASSWORD, check_html, form_fields
from tests.support.running import Running, running_system
from tests.support.services import RedisServer
from tests.support.workers import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.slow]
NUMBER, SPACED = "65170839J003", "65 170839 J 003"
MISTYPED = "65170839J009"
"""With a wrong check digit: refused, and told without being repeated."""
TOKEN = "canary-token-4711-that-nobody-else-has"
_HEADS = "tn_id;nachname;vorname;svnr;email;auftrag_id;betreuer;einverstaendnis_am\n"


class Visitor:
    """Somebody's browser without scripts; what it is shown is kept, to be searched."""

    def __init__(self, url: str, name: str) -> None:
        self.url, self.session, self.seen = url, requests.Session(), dict[str, bytes]()
        self.session.trust_env = False
        self.post("/sign-in", {"email": f"{name}@example.org", "password": PASSWORD}, form="/sign-in")

    def get(self, path: str) -> requests.Response:
        return self._kept(self.session.get(f"{self.url}{path}", timeout=30))

    def post(
        self,
        path: str,
        data: dict[str, str],
        *,
        form: str = "/account",
        files: object = None,
        keep: bool = True,
    ) -> requests.Response:
        token = re.search(
            r'name="csrf_token" value="([^"]+)"', self.session.get(f"{self.url}{form}", timeout=30).text
        )
        assert token, form
        answer = self.session.post(
            f"{self.url}{path}",
            data=data | {"csrf_token": token[1]},
            files=files,  # type: ignore[arg-type]
            headers={"Referer": f"{self.url}{form}"},
            timeout=30,
        )
        return self._kept(answer) if keep else answer

    def keep(self, answer: requests.Response) -> None:
        """What somebody else was told, who put it into the address himself."""
        self.seen[f"answer #{len(self.seen)}"] = answer.content + str(answer.headers).encode()

    def _kept(self, answer: requests.Response) -> requests.Response:
        for one in (*answer.history, answer):
            content = one.content
            if content.startswith(b"PK"):
                with zipfile.ZipFile(io.BytesIO(content)) as archive:
                    content = b"".join(archive.read(name) for name in archive.namelist())
            self.seen[f"{one.request.method} {one.url} #{len(self.seen)}"] = (
                content + one.url.encode() + str(one.headers).encode()
            )
        return answer


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with running_mail_server() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def system(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    own_redis_server: RedisServer,
    mails: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[Running, Path]]:
    place = tmp_path_factory.mktemp("canary")
    (place / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(place / "tmp"))
    more = {
        "JOBBRUECKE_PUBLIC_URL": "https://jobbruecke.example",
        "JOBBRUECKE_SMTP_HOST": "127.0.0.1",
        "JOBBRUECKE_SMTP_PORT": str(mails.port),
        "JOBBRUECKE_SMTP_TLS": "none",
        "JOBBRUECKE_SMTP_FROM": "Jobbrücke <jobbruecke@example.org>",
    }
    with contextlib.ExitStack() as stack:
        url = f"sqlite:///{place}/main.db"
        if request.param == "postgres":
            url = stack.enter_context(new_database(request.getfixturevalue("postgres_server").url))
        yield stack.enter_context(running_system(place, url, own_redis_server, **more)), place


def test_a_known_number_and_a_known_token_are_found_nowhere(
    system: tuple[Running, Path], own_redis_server: RedisServer, mails: MailServer, tmp_path: Path
) -> None:
    running, place = system
    bridge, commands = running.bridge, Commands(current_app._get_current_object())  # type: ignore[attr-defined]
    said, visitor = [], Visitor(running.url, "administrator")

    def run(*words: str, stdin: str = "") -> None:
        result = commands.run(*words, stdin=stdin)
        said.append(f"{words} {result.out} {result.err}".encode())

    # A token, and a tenant that uses numbers.
    running.sandbox.change_provider(bridge.provider, token=TOKEN)
    run("tenant", "set", "alpha", "--token", "--svnr", stdin=f"{TOKEN}\n")
    visitor.post("/settings/token", {"token": TOKEN}, form="/settings")

    # In by folder on the command line, by ZIP on the page, with lines that are refused, and what is no export.
    good = f"C1;Kanari;Karla;{NUMBER};k@example.org;A1;VM;01.02.2026\n"
    bad = f"C2;Kanari;Kurt;{MISTYPED};k@example.org;A1;VM;01.02.2026\nC3;{SPACED};X;{SPACED};k;A9;VM;32.13.2026\n"
    run(
        "import",
        "--tenant",
        "alpha",
        str(folder(tmp_path / "export", {"teilnehmer.csv": _HEADS + good + bad})),
    )
    files = {"vermittler.csv": MEDIATORS, "teilnehmer.csv": _HEADS + good.replace("Karla", "Klara") + bad}
    for content in (
        zipped(files).read(),
        zipped({"teilnehmer.csv": f"{NUMBER};\0\n"}).read(),
        NUMBER.encode(),
    ):
        visitor.post("/imports", {"mode": "delta"}, form="/imports", files={"export": ("e.zip", content)})
        said.append(_redis(own_redis_server))
    scope_to(bridge.tenant_id)
    wait_until(_imports_ended, 90)

    # Released, sent with the number, answered.
    person = bridge.id("C1")
    commit()
    visitor.post(f"/participants/{person}/release", {}, form=f"/participants/{person}")
    visitor.post(f"/participants/{person}/transfer", {}, form=f"/participants/{person}")
    said.append(_redis(own_redis_server))
    wait_until(lambda: bridge.status("C1") is Status.ONLINE, 90)
    assert NUMBER in str(bridge.held("C1")), "the canary does not sing: the network was not told"

    # In through the HTTP door, with lines that are refused.
    door = {"Authorization": f"Bearer {new_token(bridge.tenant_id)}", "Content-Type": LINES}
    line = {"tn_id": "C1", "nachname": "Kanari", "svnr": SPACED}
    another = line | {"tn_id": "C6", "svnr": NUMBER, "einverstaendnis_am": "2026-02-01"}
    sent = ndjson([line, another, line | {"tn_id": "C4", "svnr": MISTYPED}, {NUMBER: NUMBER}, NUMBER])
    for path in ("/api/v1/participants", f"/api/v1/participants?mode={NUMBER}", f"/api/v1/{NUMBER}"):
        visitor.keep(requests.put(f"{running.url}{path}", sent, headers=door, timeout=30))

    # The network quotes the number: in an answer, in a reason, and where it refuses the record.
    said_of_it = f"svnr {NUMBER} ({SPACED}) unbekannt"
    for outcome, reason in (("rejected", f"nr-{NUMBER}"), ("refused", None)):
        running.sandbox.force(bridge.provider, "C1", outcome, reason, said_of_it)
        scope_to(bridge.tenant_id)
        bridge.person("C1", city=f"Ort {outcome}")
        visitor.post(f"/participants/{person}/transfer", {}, form=f"/participants/{person}")
        event = Event.ANSWERED_REJECTED if outcome == "rejected" else Event.RECORD_REFUSED
        wait_until(lambda event=event: _noted(person, event), 90)  # type: ignore[misc]
        visitor.get(f"/participants/{person}")
    running.sandbox.force(bridge.provider, "C1", None)

    # Decided for many, with a report; told by mail.
    second = bridge.id("C6")
    commit()
    chosen = visitor.post("/bulk", {"participant": str(second), "action": "release"}, form="/participants")
    run_page = chosen.url.removeprefix(running.url)
    visitor.post(
        f"{run_page}/start", form_fields(check_html(chosen.text), f"{run_page}/start"), form=run_page
    )
    wait_until(lambda: "report.csv" in visitor.get(run_page).text, 90)
    visitor.get(f"{run_page}/report.csv")
    run("account", "link", "--email", "caseworker@example.org")
    run("tenant", "set", "alpha", "--licence-until", (utcnow() + dt.timedelta(days=2)).date().isoformat())
    wait_until(lambda: len(mails.mails) >= 2, 90)

    # Shown for a reason, searched for, asked for in addresses.
    shown = visitor.post(
        f"/participants/{person}/social-insurance-number",
        {"reason": "person"},
        form=f"/participants/{person}/social-insurance-number",
        keep=False,
    )
    assert NUMBER in shown.text
    for typed in (NUMBER, SPACED, f"Kanari {NUMBER}"):
        visitor.post("/participants/search", {"text": typed}, form="/participants")
    visitor.post("/bulk", {"participant": str(person), "action": "revoke"}, form="/participants")

    # A job that cannot go on: what it was about to send does not open.
    _spoil(person)
    scope_to(bridge.tenant_id)
    bridge.person("C1", city="Anderswo")
    visitor.post(f"/participants/{person}/transfer", {}, form=f"/participants/{person}")
    wait_until(lambda: b"job_failed" in (place / "worker.log").read_bytes(), 60)
    said.append(_redis(own_redis_server))

    for address in _addresses(person):
        visitor.get(address)
    for words in _commands():
        run(*words)

    found = {
        **{f"page {name}": content for name, content in visitor.seen.items()},
        **{f"said {index}": content for index, content in enumerate(said)},
        "redis": _redis(own_redis_server),
        "database": _database(),
        "metrics": requests.get(f"{running.url}/metrics", timeout=30).content,
        **{f"mail {index}": _letter(mail) for index, mail in enumerate(mails.mails)},
        **{str(path.relative_to(place)): path.read_bytes() for path in _files(place)},
    }
    assert {"web.log", "worker.log", "cron.log"} <= set(found)
    assert (
        b"Kanari" in found["database"]
        and b"jobbruecke_" in found["metrics"]
        and said_of_it[:5].encode() in (found["database"])
    ), "the search looks into what is there"
    for canary in (NUMBER, SPACED, MISTYPED, TOKEN):
        assert [name for name, content in found.items() if _sings(content, canary)] == [], canary
    kept = b"".join(path.read_bytes() for path in place.glob("sandbox.sqlite3*"))
    assert _sings(kept, NUMBER), "the search would find it"


def _sings(content: bytes, canary: str) -> bool:
    """Whether it is in there: as text, in both byte orders of UTF-16, or in base64 at any offset."""
    plain = canary.encode()
    forms = [plain, canary.encode("utf-16-le"), canary.encode("utf-16-be"), plain.hex().encode()]
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + plain).rstrip(b"=")
        forms.append(coded[4 if shift else 0 : -1])
    return any(form in content for form in forms)


def test_the_search_finds_a_canary_however_it_is_written() -> None:
    for hidden in (NUMBER.encode(), base64.b64encode(f"ab{NUMBER}c".encode()), NUMBER.encode("utf-16-le")):
        assert _sings(b"..." + hidden + b"...", NUMBER)
    assert not _sings(b"65170839J00", NUMBER)


def _redis(server: RedisServer) -> bytes:
    """All keys and values, and what is packed in them."""
    found = bytearray()
    with server.client() as client:
        for key in client.scan_iter():
            found += key
            for value in _values(client, key):
                found += value
                try:
                    found += zlib.decompress(value)
                except zlib.error:
                    continue
    return bytes(found)


def _values(client: Redis, key: bytes) -> list[bytes]:
    kind = client.type(key)
    if kind == b"hash":
        return [part for pair in client.hgetall(key).items() for part in pair]
    if kind == b"list":
        return list(client.lrange(key, 0, -1))
    if kind == b"set":
        return list(client.smembers(key))
    if kind == b"zset":
        return list(client.zrange(key, 0, -1))
    return [client.get(key) or b""] if kind == b"string" else []


def _letter(mail: EmailMessage) -> bytes:
    """As it came, and unpacked."""
    return mail.as_bytes() + str(mail.get_content()).encode()


def _database() -> bytes:
    """Every value of every table, as a dump would have it."""
    found = bytearray()
    with db.engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):  # noqa: S608 - a name of ours
                for value in row:
                    found += bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                    found += b"\n"
    return bytes(found)


def _noted(person: int, event: Event) -> bool:
    """Whether the person's protocol has a line of this kind."""
    found = db.session.query(ProtocolEntry).filter_by(participant_id=person, event=event).count()
    commit()
    return found > 0


def _files(place: Path) -> list[Path]:
    """Database, logs, uploads, temporary files; what the network keeps is its own."""
    return [path for path in place.rglob("*") if path.is_file() and not path.name.startswith("sandbox.")]


def _imports_ended() -> bool:
    states = db.session.scalars(db.select(ImportRun.state)).all()
    commit()
    return bool(states) and all(
        state not in (ImportState.WAITING, ImportState.STAGING, ImportState.APPLYING) for state in states
    )


def _spoil(person: int) -> None:
    """An encrypted number is moved to another place, where it cannot be decrypted."""
    scope_to(EVERY_TENANT)
    db.session.execute(
        text(
            "UPDATE participant SET social_insurance_number_encrypted = "
            "(SELECT token_encrypted FROM connection WHERE token_encrypted IS NOT NULL LIMIT 1) WHERE id = :person"
        ),
        {"person": person},
    )
    commit()


def _addresses(person: int) -> list[str]:
    numbers = {"person": person, "delivery": 1, "import_id": 1, "bulk": 1, "account": 1, "link": "none"}
    pages = [page.address.format_map(_Any(numbers)) for page in PAGES if page.account]
    return [
        *pages,
        "/participants/export.csv",
        "/participants/export.xlsx",
        "/imports/1/rejected.csv",
        "/imports/2/rejected.csv",
        "/imports/1/rejected.xlsx",
        "/bulk/1/report.xlsx",
        "/imports/2",
        "/nowhere",
    ]


class _Any(dict[str, object]):
    def __missing__(self, key: str) -> object:
        return 1


def _commands() -> list[tuple[str, ...]]:
    who = ("--tenant", "alpha", "--participant", "C1")
    return [
        *((word, *who) for word in ("status", "why", "protocol")),
        *((word, *who, "--json") for word in ("status", "why", "protocol")),
        ("tenant", "show", "alpha", "--json"),
        ("deliveries", "--tenant", "alpha", "--json"),
        ("delivery", "show", "--tenant", "alpha", "1", "--json"),
        ("keys", "status"),
        ("audit", "verify", "--json"),
        ("check", "--json"),
        ("status", "--tenant", "alpha", "--participant", "C9"),
    ]

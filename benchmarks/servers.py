"""The servers that are compared, each on a port of its own, over the same database."""

from __future__ import annotations

import re
import subprocess
import time
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import requests
from sqlalchemy import make_url

from benchmarks.data.database import logins
from benchmarks.load import Page
from demo.logins import PASSWORD
from portal.core.paths import ROOT
from portal.domain.accounts import Role
from tests.support.installed import Installed
from tests.support.running import free_port, wait_for_pages
from tests.support.web_server import Visitor

PEERS = ROOT / "build" / "peers"
WORKERS, THREADS = "2", "32"
_START_SECONDS = 60


@dataclass
class Server:
    """A running server and the pages that are asked of it."""

    name: str
    port: int
    process: int
    pages: dict[str, Page] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """What the addresses of the pages depend on."""

    tenant_id: int
    people: int
    before_200: tuple[int, str]
    """Participant before page 200, by row and sort key; None where there are fewer."""
    before_last: tuple[int, str]
    number: str
    """TN-ID of a participant."""
    person: int


SEARCHED = {"name prefix": "Schm", "part of a name": "Sabine", "nothing found": "Xyzzyqq"}


# --- the product --------------------------------------------------------------------------------------------


@contextmanager
def running_product(command: Installed, facts: Facts) -> Iterator[Server]:
    """The product as it is documented, with a supervisor of the largest tenant signed in."""
    port = free_port()
    words = ("web", "--port", str(port), "--workers", WORKERS, "--threads", THREADS)
    with command.keep("web", *words) as process:
        wait_for_pages(f"http://127.0.0.1:{port}", command)
        server = Server("product", port, process.pid)
        server.pages = _product_pages(f"http://127.0.0.1:{port}", facts)
        yield server


def _product_pages(url: str, facts: Facts) -> dict[str, Page]:
    browser = Visitor(url, "127.0.0.1")
    email = logins()[Role.SUPERVISOR]
    assert browser.submit("/sign-in", "/sign-in", email=email, password=PASSWORD).status_code == 303
    said = {"Cookie": f"session={browser.cookie}", "Accept-Encoding": "gzip"}
    addresses = {
        "first page": "/participants",
        "page 200": f"/participants?after={facts.before_200[0]}",
        "last page": f"/participants?after={facts.before_last[0]}",
        "TN-ID": f"/participants?number={facts.number}",
        "Online": "/participants?status=online",
        "needs action": "/participants?action=1",
        "person": f"/participants/{facts.person}",
    }
    for name, text in SEARCHED.items():
        found = browser.submit("/participants", "/participants/search", text=text)
        addresses[name] = found.headers["Location"]
    pages = {name: Page(address, said) for name, address in addresses.items()}
    html = browser.get(addresses["person"]).text
    pages["person, unchanged"] = _live(browser, html, "person", said)
    pages["head, unchanged"] = _live(browser, html, "transfer-status", said)
    return pages


def _live(browser: Visitor, html: str, name: str, said: Mapping[str, str]) -> Page:
    """A live part as a browser asks for it that has it already: nothing new is answered."""
    found = re.search(rf'<[a-z]+ id="{name}"[^>]*>', html)
    assert found, name
    address = re.findall(r'hx-get="([^"]*)"', found[0])[0].replace("&amp;", "&")
    asking = {"HX-Request": "true"}
    tag = browser.get(address, **asking).headers["HX-PTag"]
    return Page(address, {**said, **asking, "HX-PTag": tag}, 304)


# --- the peers ----------------------------------------------------------------------------------------------


def install_peers() -> None:
    """Install what the peers need into an environment of their own."""
    wanted = ROOT / "benchmarks" / "peers" / "requirements.txt"
    mark = PEERS / "installed.txt"
    if mark.exists() and mark.read_text() == wanted.read_text():
        return
    venv.create(PEERS, with_pip=True, clear=True)
    subprocess.run([PEERS / "bin" / "pip", "install", "--quiet", "--requirement", wanted], check=True)
    mark.write_text(wanted.read_text())


@contextmanager
def running_peer(name: str, module: str, database_url: str, facts: Facts, folder: Path) -> Iterator[Server]:
    """A peer under gunicorn, with as many processes and threads as the product."""
    url, port = make_url(database_url), free_port()
    environment = {
        "PEER_DATABASE": f"dbname={url.database} user={url.username} host={url.query.get('host', url.host)}",
        "PEER_TENANT": str(facts.tenant_id),
        "PEER_PEOPLE": str(facts.people),
        "PYTHONPATH": str(ROOT),
    }
    words = ["--bind", f"127.0.0.1:{port}", "--workers", WORKERS, "--threads", THREADS, "--no-control-socket"]
    command = [str(PEERS / "bin" / "gunicorn"), *words, "--keep-alive", "75", f"{module}:application"]
    with (folder / f"{name}.log").open("ab") as log:
        if module.endswith("django_admin"):
            prepare = [str(PEERS / "bin" / "python"), "-m", module]
            subprocess.run(prepare, cwd=ROOT, env=environment, check=True, stdout=log, stderr=log)
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        _wait(port, process, folder / f"{name}.log")
        yield Server(name, port, process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            requests.get(f"http://127.0.0.1:{port}/", timeout=30)
        except requests.ConnectionError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"did not start: {log.read_text(errors='replace')[-2000:]}")


def django_pages(server: Server, facts: Facts, model: str) -> dict[str, Page]:
    """The change list, signed in as its administrator."""
    url = f"http://127.0.0.1:{server.port}"
    browser = requests.Session()
    browser.get(f"{url}/admin/login/", timeout=60)
    token = browser.cookies["csrftoken"]
    values = {"username": "bench", "password": "bench", "csrfmiddlewaretoken": token, "next": "/admin/"}
    browser.post(f"{url}/admin/login/", values, timeout=60).raise_for_status()
    said = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}
    start = f"/admin/auth/{model}/"
    return _numbered(start, "p={page}", "q={text}", facts, said, first=1)


def flask_admin_pages(facts: Facts) -> dict[str, Page]:
    """Its list; it knows no users by itself."""
    return _numbered("/admin/state/", "page={page}", "search={text}", facts, {}, first=0)


def bare_pages(facts: Facts) -> dict[str, Page]:
    """Pages by key."""
    found = {"first page": Page("/list")}
    for name, (_row, key) in {"page 200": facts.before_200, "last page": facts.before_last}.items():
        found[name] = Page(f"/list?after={quote(key)}")
    return found


def _numbered(
    start: str, paging: str, searching: str, facts: Facts, said: Mapping[str, str], first: int
) -> dict[str, Page]:
    last = (facts.people - 1) // 50
    found = {
        "first page": Page(start, said),
        "page 200": Page(f"{start}?{paging.format(page=min(199, last) + first)}", said),
        "last page": Page(f"{start}?{paging.format(page=last + first)}", said),
    }
    for name, text in {"TN-ID": facts.number, **SEARCHED}.items():
        found[name] = Page(f"{start}?{searching.format(text=text)}", said)
    return found

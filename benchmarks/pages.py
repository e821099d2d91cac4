"""Measure the list of participants at the largest tenant, and peers over the same database.

`python -m benchmarks.pages --people 100000`; raw results go to build/pages.json. Load goes to loopback alone, and
ends by itself. Rounds are interleaved, and medians of them are printed: compare within one run only.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, func, make_url, select, text

from benchmarks.load import Page, ask, measure
from benchmarks.servers import (
    Facts,
    Server,
    bare_pages,
    django_pages,
    flask_admin_pages,
    install_peers,
    running_peer,
    running_product,
)
from portal.core.paths import ROOT
from portal.domain.participants import Participant
from portal.domain.releases import Registration
from portal.domain.states import ParticipantState
from portal.domain.tenants import Tenant
from tests.support.database import make_settings, new_database, settings_environment
from tests.support.installed import Installed
from tests.support.running import COMMAND
from tests.support.services import running_postgres

_APPLICATION = "bench_app"
_PAGE = 50
_STATEMENT = re.compile(r"LOG: +(?:statement|execute [^:]*):\s*(\w+)")
_BRACKETS = {"BEGIN", "COMMIT", "ROLLBACK"}
_LOG_SECONDS = 0.5


def main() -> None:
    """Fill a database, serve, ask, print."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the servers end with it
    install_peers()
    results: list[dict[str, Any]] = []
    with _database(options) as (url, log), tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        servers = list(_servers(stack, url, Path(name)))
        counts = {
            (it.name, page): _count(url, log, it, it.pages[page]) for it in servers for page in it.pages
        }
        for number in range(options.rounds):
            for server in servers[number % len(servers) :] + servers[: number % len(servers)]:
                for page, address in server.pages.items():
                    found = measure(server.port, server.process, address, options.seconds)
                    place = {"round": number, "server": server.name, "page": page}
                    results.append(place | {"statements": counts[server.name, page]} | asdict(found))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"options": vars(options), "results": results}, indent=1, default=str))
    _print(results)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000, help="participants of the largest tenant")
    parser.add_argument("--participants", type=int, help="of all tenants; a tenth more without it")
    parser.add_argument("--tenants", type=int, default=20)
    parser.add_argument("--protocol", default="5-10", help="entries of each protocol")
    parser.add_argument("--seconds", type=float, default=3, help="for each page and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", help="address of a filled PostgreSQL database, for the tables' owner")
    parser.add_argument("--log", type=Path, help="log of its server; without it statements are not counted")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "pages.json")
    return parser.parse_args()


@contextmanager
def _database(options: argparse.Namespace) -> Iterator[tuple[str, Path | None]]:
    """A filled database for its owner, and the log of its server."""
    if options.database:
        yield options.database, options.log
        return
    total = options.participants or options.people * 11 // 10
    sizes = ("--participants", str(total), "--tenants", str(options.tenants))
    with (
        running_postgres() as server,
        new_database(server.url) as url,
        tempfile.TemporaryDirectory() as folder,
    ):
        command = _command(url, Path(folder))
        command.say("db", "upgrade")
        largest = ("--people-of-largest", str(options.people), "--protocol", options.protocol)
        print(command.say("bench-data", *sizes, *largest, seconds=7200), flush=True)
        yield url, server.folder / "log"


def _command(url: str, folder: Path) -> Installed:
    settings = make_settings(url, folder)
    return Installed(COMMAND, folder, settings_environment(settings))


def _servers(stack: ExitStack, url: str, folder: Path) -> Iterator[Server]:
    """The product as the application's own role, and the peers."""
    _command(url, folder).say("db", "grant", _APPLICATION)
    facts = _find_facts(url)
    own = make_url(url).set(username=_APPLICATION).render_as_string(hide_password=False)
    yield stack.enter_context(running_product(_command(own, folder), facts))
    for name, module in (
        ("Django admin", "django_admin"),
        ("Flask-Admin", "flask_admin_list"),
        ("bare Flask", "bare"),
    ):
        server = stack.enter_context(running_peer(name, f"benchmarks.peers.{module}", url, facts, folder))
        if module == "django_admin":
            server.pages = django_pages(server, facts, "state")
            yield Server(
                f"{name}, no count", server.port, server.process, django_pages(server, facts, "plain")
            )
        else:
            server.pages = flask_admin_pages(facts) if module != "bare" else bare_pages(facts)
        yield server


def _find_facts(url: str) -> Facts:
    """Ask the database whom the addresses name."""
    engine = create_engine(url)
    with engine.connect() as connection:
        tenant = connection.scalar(select(Tenant.id).where(Tenant.slug == "bench-001"))
        own = (ParticipantState.tenant_id == tenant, ParticipantState.listed)
        people = connection.scalar(select(func.count()).select_from(ParticipantState).where(*own)) or 0
        listed = select(ParticipantState.participant_id, ParticipantState.sort_key).where(*own)
        by_name = listed.order_by(ParticipantState.sort_key).limit(1)
        before = [
            max(0, min(199, (people - 1) // _PAGE) * _PAGE - 1),
            max(0, (people - 1) // _PAGE * _PAGE - 1),
        ]
        places = [connection.execute(by_name.offset(place)).one() for place in before]
        person, number = connection.execute(
            select(Participant.id, Participant.number)
            .join(Registration, Registration.participant_id == Participant.id)
            .where(Registration.announced, Participant.tenant_id == tenant)
            .offset(people // 20)
            .limit(1)
        ).one()
    engine.dispose()
    first, last = ((int(row), str(key)) for row, key in places)
    return Facts(int(tenant or 0), people, first, last, number, person)


def _count(url: str, log: Path | None, server: Server, page: Page) -> int | None:
    """Return how many statements a page asks, by the log of the database's server; warm, and without transactions."""
    for _ in range(4):  # once in each process, so that nothing is asked for the first time
        status, said = ask(server.port, page)
        assert status == page.status, (server.name, page.path, status, said[:300])
    if log is None:
        return None
    _log_statements(url, "all")
    try:
        began = log.stat().st_size
        ask(server.port, page)
        time.sleep(_LOG_SECONDS)
        with log.open("rb") as file:
            file.seek(began)
            found = _STATEMENT.findall(file.read().decode(errors="replace"))
    finally:
        _log_statements(url, "none")
    return sum(word.upper() not in _BRACKETS for word in found)


def _log_statements(url: str, which: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"ALTER SYSTEM SET log_statement = '{which}'"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()
    time.sleep(_LOG_SECONDS)


def _print(results: list[dict[str, Any]]) -> None:
    print(
        f"{'server':24}{'page':20}{'/s':>8}{'p50 ms':>9}{'p95 ms':>9}{'CPU ms':>8}{'SQL':>5}{'kB':>7}{'failed':>8}"
    )
    for server, page in dict.fromkeys((it["server"], it["page"]) for it in results):
        rounds = [it for it in results if (it["server"], it["page"]) == (server, page)]
        middle = {
            name: statistics.median(it[name] for it in rounds)
            for name in ("per_second", "p50_ms", "p95_ms", "cpu_ms", "size")
        }
        failed, statements = sum(it["failed"] for it in rounds), rounds[0]["statements"]
        print(
            f"{server:24}{page:20}{middle['per_second']:8.1f}{middle['p50_ms']:9.1f}{middle['p95_ms']:9.1f}"
            f"{middle['cpu_ms']:8.1f}{statements if statements is not None else '-':>5}"
            f"{middle['size'] / 1000:7.1f}{failed:8}"
        )


if __name__ == "__main__":
    main()

"""Real databases for tests: an application on SQLite and on PostgreSQL, with a fixed cast.

Fixtures: `app` (both databases, inside its context), `sqlite_app` (SQLite alone, for what does not depend on
the database), `cast` (tenants alpha and beta, with licence and network). Each test has a database of its own,
copied from one that was made once.
"""

from __future__ import annotations

import base64
import datetime as dt
import os
import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from sqlalchemy import URL, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy import Connection as SqlConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import Compiled
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from portal.app import create_app
from portal.core.database import EVERY_TENANT, Base, commit, db, scope_to
from portal.core.grants import grant
from portal.core.settings import Settings
from portal.domain.tenants import Connection, Tenant
from portal.networks.registry import Network

APP_ROLE = "jobbruecke_app"
"""As whom the application works on PostgreSQL: neither a superuser nor the owner of the tables."""
NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
"""The time on which the cast was made: a Monday morning."""


@dataclass(frozen=True)
class Cast:
    """The numbers of the tenants that every test knows: alpha uses Jobnetzwerk, beta Job4You."""

    alpha: int
    beta: int


class _OwnSettings(Settings):
    """Settings that ask neither the environment nor a file: that is half of what making them costs."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        **_others: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def make_settings(database_url: str, folder: Path, **overrides: object) -> Settings:
    """Settings for a test, independent of the environment and of any `.env`."""
    values: dict[str, object] = {
        "database_url": database_url,
        "redis_url": f"unix://{folder}/no-redis.sock",
        "secret_key": "a secret of tests, long enough for them",
        "encryption_keys": "test:" + base64.b64encode(b"k" * 32).decode(),
        "network_jobnetzwerk_url": "http://127.0.0.1:9",
        "network_job4you_url": "http://127.0.0.1:9",
        "data_folder": str(folder / "data"),
        "secure_cookies": False,
    }
    return _OwnSettings(**(values | overrides))  # type: ignore[arg-type]


def settings_environment(settings: Settings) -> dict[str, str]:
    """The environment that gives another process the same settings; made for subprocesses of tests."""
    keys = ",".join(f"{name}:{key.get_secret_value()}" for name, key in settings.encryption_keys.items())
    own = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "ENCRYPTION_KEYS": keys,
        "NETWORK_JOBNETZWERK_URL": settings.network_jobnetzwerk_url,
        "NETWORK_JOB4YOU_URL": settings.network_job4you_url,
        "DATA_FOLDER": settings.data_folder,
        "SECURE_COOKIES": "false",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JOBBRUECKE_")}
    return kept | {f"JOBBRUECKE_{name}": value for name, value in own.items()}


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables and no rows."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    _create_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: object) -> Iterator[str]:
    """Address of a PostgreSQL database with all tables and no rows, for their owner."""
    with new_database(str(getattr(postgres_server, "url", postgres_server))) as url:
        _create_tables(url)
        grant_application(url)
        yield url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Address of an SQLite database of the test's own."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'test.db')}"


class _Lending:
    """PostgreSQL databases that one test after another has: to empty one costs a tenth of a new one."""

    MOST_BYTES = 4_000_000
    """A database that has grown by so much is not lent again."""

    def __init__(self, template: str) -> None:
        self._template = make_url(template)
        self._free: list[Engine] = []
        self._fresh = self._look(self._engine(self._template))

    @contextmanager
    def lend(self) -> Iterator[str]:
        """An empty database, as a copy of the template is."""
        owner = self._free.pop() if self._free else self._new()
        yield _render(owner.url)
        if self._empty(owner):
            self._free.append(owner)
        else:
            _drop_database(owner.url)

    def _new(self) -> Engine:
        return self._engine(_create_database(self._template, self._template.database))

    def _engine(self, url: URL) -> Engine:
        return create_engine(url, poolclass=NullPool)

    def _empty(self, owner: Engine) -> bool:
        """Take all rows away; False where the test has left something else, or a lock."""
        try:
            with owner.begin() as connection:
                connection.execute(text("SET LOCAL lock_timeout = '2s'"))
                connection.execute(text(_END_OTHERS))
                connection.execute(text("SET LOCAL session_replication_role = replica"))
                for table in reversed(Base.metadata.sorted_tables):
                    connection.execute(table.delete())
                connection.execute(text(_RESTART))
            schema, size = self._look(owner)
        except DBAPIError:
            return False
        return schema == self._fresh[0] and size < self._fresh[1] + self.MOST_BYTES

    def _look(self, owner: Engine) -> tuple[list[tuple[Any, ...]], int]:
        """What the schema is, as far as copies of the template are alike, and how large the database is."""
        with owner.begin() as connection:
            size = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
            return [tuple(row) for row in connection.execute(text(_SCHEMA))], size


_END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_RESTART = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"
_SCHEMA = " UNION ALL ".join(
    f"SELECT '{catalog}', count(*), max(xmin::text::bigint) FROM {catalog}"  # noqa: S608 - names of ours
    for catalog in (
        "pg_class",
        "pg_attribute",
        "pg_proc",
        "pg_trigger",
        "pg_policy",
        "pg_constraint",
        "pg_index",
    )
)


@pytest.fixture(scope="session")
def postgres_databases(postgres_template: str) -> _Lending:
    """The PostgreSQL databases of a process."""
    return _Lending(postgres_template)


@pytest.fixture
def postgres_url(postgres_databases: _Lending) -> Iterator[str]:
    """Address of a PostgreSQL database of the test's own, for the application's restricted role."""
    with postgres_databases.lend() as url:
        yield as_application(url)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """Address of a database of the test's own, once on each kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """An application on SQLite and on PostgreSQL; the test runs in its context and sees every tenant."""
    with running_app(make_settings(database_url, tmp_path)) as app:
        yield app


@pytest.fixture
def sqlite_app(sqlite_url: str, tmp_path: Path) -> Iterator[Flask]:
    """An application on SQLite alone; the test runs in its context and sees every tenant."""
    with running_app(make_settings(sqlite_url, tmp_path)) as app:
        yield app


@pytest.fixture
def cast(request: pytest.FixtureRequest) -> Cast:
    """The fixed cast, in the database of whichever application the test uses."""
    request.getfixturevalue("sqlite_app" if "sqlite_app" in request.fixturenames else "app")
    return make_cast()


class _Compiled(BytecodeCache):
    """Templates compiled by any application of this process: each test makes one, and the files do not change."""

    def __init__(self) -> None:
        self._found: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if (key := self._key(bucket)) in self._found:
            bucket.bytecode_from_string(self._found[key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._found[self._key(bucket)] = bucket.bytecode_to_string()

    def _key(self, bucket: Bucket) -> str:
        return f"{getattr(bucket.environment, 'language', None)} {bucket.key}"


_COMPILED = _Compiled()


def _compile_routes_once() -> None:
    """Let all applications of this process share the code of their routes: compiling it is most of what one costs."""
    compile_builder, known = Rule._compile_builder, dict[object, Any]()

    def remember(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, rule.subdomain, repr(rule.defaults), append_unknown)
        if key not in known:
            known[key] = compile_builder(rule, append_unknown)
        return known[key]

    Rule._compile_builder = remember  # type: ignore[method-assign]


_compile_routes_once()


class _SharedStatements(LRUCache[Any, Compiled]):
    """Statements compiled for any engine of one kind of database: compiling them is a quarter of a test of pages.

    SQLAlchemy compiles anew for each engine, as the key begins with its dialect; here all engines are alike.
    """

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __getitem__(self, key: Any) -> Compiled:
        return super().__getitem__(key[1:])

    def __setitem__(self, key: Any, value: Compiled) -> None:
        super().__setitem__(key[1:], value)


_STATEMENTS = {name: _SharedStatements(5000) for name in ("sqlite", "postgresql")}


@contextmanager
def running_app(settings: Settings) -> Iterator[Flask]:
    """An application and its context; closes every connection afterwards."""
    app = create_app(settings)
    app.jinja_env.bytecode_cache = _COMPILED
    with app.app_context():
        db.engine._compiled_cache = _STATEMENTS[db.engine.dialect.name]
        scope_to(EVERY_TENANT)
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()


def make_cast() -> Cast:
    """Tenants alpha and beta, committed."""
    scope_to(EVERY_TENANT)
    alpha = make_tenant("alpha", Network.JOBNETZWERK)
    beta = make_tenant("beta", Network.JOB4YOU)
    commit()
    return Cast(alpha.id, beta.id)


def make_tenant(slug: str, network: Network) -> Tenant:
    """A licensed tenant with an open connection to `network`; not committed."""
    tenant = Tenant(slug=slug, name=slug.title(), licence_from=dt.date(2020, 1, 1), created_at=NOW)
    db.session.add(tenant)
    db.session.flush()
    db.session.add(Connection(tenant_id=tenant.id, network=network, opened_at=NOW))
    db.session.flush()
    return tenant


def _create_tables(url: str) -> None:
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    engine.dispose()


def grant_application(owner_url: str) -> None:
    """Make the application's role, and let it do what it needs in this database."""
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        grant(connection, APP_ROLE)
    engine.dispose()


def as_application(url: str) -> str:
    """The same database for the application's role; SQLite knows none."""
    parsed = make_url(url)
    return url if parsed.get_backend_name() == "sqlite" else _render(parsed.set(username=APP_ROLE))


@contextmanager
def as_owner() -> Iterator[SqlConnection]:
    """A transaction as who owns the tables of the current application; on SQLite that is everybody."""
    url = db.engine.url
    engine = create_engine(url if url.get_backend_name() == "sqlite" else url.set(username="postgres"))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _render(url: URL) -> str:
    return url.render_as_string(hide_password=False)


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """A new database on `server`, dropped afterwards."""
    url = _create_database(make_url(server))
    try:
        yield _render(url)
    finally:
        _drop_database(url)


def _create_database(server: URL, template: str | None = None) -> URL:
    url = server.set(drivername="postgresql+psycopg", database=f"test_{uuid.uuid4().hex}")
    _say(url, f'CREATE DATABASE "{url.database}"' + (f' TEMPLATE "{template}"' if template else ""))
    return url


def _drop_database(url: URL) -> None:
    _say(url, f'DROP DATABASE IF EXISTS "{url.database}" WITH (FORCE)')


def _say(url: URL, statement: str) -> None:
    admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:  # a new one each time: a test may have ended the server meanwhile
        connection.execute(text(statement))


@event.listens_for(Engine, "connect")
def forget_power_cuts(connection: object, _record: object) -> None:
    """What tests commit themselves need not outlive a power cut; processes of the product are as delivered."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")

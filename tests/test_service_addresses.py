"""Addresses of services are parsed where settings are read; a wrong one is refused, and no part of it repeated."""

import codecs
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from portal.app import create_app
from portal.core.database import db
from portal.core.migrating import upgrade
from portal.core.refusal import Refusal
from portal.core.schema import check_database
from portal.core.service_addresses import (
    base_address,
    database_address,
    is_host,
    redis_address,
    split_address,
)
from portal.core.settings import SettingsError, load_settings
from tests.support.database import make_settings, new_database
from tests.test_settings import GOOD, environment, refusal  # noqa: F401 - its fixture

SECRET = "hunter2"


@pytest.mark.parametrize(
    "value",
    [
        "http://[::1%25eth0]/",
        "http://[::1%eth0]/",
        "https://[fe80::1%25eth0]/",
        "https://x/\r\nHost: y",
        "https://x/\nHost: y",
        "https://x\r\n",
        "https://x\t.example",
        "https://x /",
        " https://x",
        "https://x.example/a b",
        "https://x\u00a0.example",
        "https://x\u200b.example",
        "https://x.example\\@y.example",
        "https://:hunter2@x.example",
        "https://@x.example",
        "https://x.example:hunter2",
        "https://x.example:99999",
        "https://x.example:0",
        "https://x..example",
        "https://-x.example",
        "https://x%0d%0ay.example",
        "https://x.example?",
        "https://x.example#",
    ],
)
def test_an_address_that_others_may_read_differently_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"^wants ") as raised:
        base_address(value)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    "value",
    [
        "https://x.example",
        "https://x:8443/a/b",
        "http://[::1]:5001",
        "https://[2001:db8::1]",
        "https://bücher.example",
    ],
)
def test_an_address_is_taken_as_it_is(value: str) -> None:
    assert base_address(value + "/") == value
    assert split_address(value + "/?a=%20b").hostname


@pytest.mark.parametrize("value", ["", "a b", "a\n", "a/b", "a:25", "user@a", "::1%eth0", "ä..b"])
def test_what_is_no_host(value: str) -> None:
    assert not is_host(value)


@pytest.mark.parametrize(
    "value",
    [
        "sqlite:///:memory:",
        "sqlite:///~/hunter2.db",
        "sqlite:///~hunter2/x.db",
        "sqlite:///",
        "sqlite://",
        "sqlite:////var/lib/",
        "sqlite:///file:hunter2?mode=memory&uri=true",
        "sqlite:///x.db?uri=true",
        "postgresql://u:hunter2@h:port/db",
        "postgresql://u:p@hunter2@h/db",
        "postgresql://u:hunter2@h:99999/db",
        "postgresql://u:hunter2@h:0/db",
        "postgresql://u@h/db?hunter2=1",
        "postgresql://u@h/db?sslmod=hunter2",
        "postgresql://u:hunter2@h ost/db",
        "postgresql://u:hunter2@h%25eth0/db",
        "postgresql+psycopg2://u:hunter2@h/db",
        "postgres:hunter2",
    ],
)
def test_an_address_of_no_database_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"^wants ") as raised:
        database_address(value)
    assert SECRET not in str(raised.value)
    assert "p@" not in str(raised.value)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("postgres://u:p@h:6432/db", "postgresql+psycopg://u:p@h:6432/db"),
        ("postgresql://u@/db?host=/run/postgresql", "postgresql+psycopg://u@/db?host=/run/postgresql"),
        (
            "postgresql+psycopg://u@[::1]/db?sslmode=require",
            "postgresql+psycopg://u@[::1]/db?sslmode=require",
        ),
        ("postgresql://u:p%40ss@db_1/db", "postgresql+psycopg://u:p%40ss@db_1/db"),
    ],
)
def test_an_address_of_postgresql_is_taken(value: str, read: str) -> None:
    assert database_address(value) == read


def test_a_relative_file_is_of_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert database_address("sqlite:///a b/x.db") == f"sqlite:///{tmp_path}/a b/x.db"
    app = create_app(make_settings("sqlite:///sub/x.db", tmp_path))
    with app.app_context():
        upgrade()
    assert (tmp_path / "sub" / "x.db").exists()


@pytest.mark.parametrize(
    "value",
    [
        "redis://:hunter2/6@h",
        "redis://:hunter2@h:port",
        "redis://:hunter2@h:99999",
        "redis://h/hunter2",
        "redis://h/0/1",
        "redis://",
        "redis:///0",
        "redis://h ost",
        "redis://h/0#hunter2",
        "redis://h/?hunter2=1",
        "redis://h/?socket_timeout=hunter2",
        "unix://hunter2",
        "unix://",
        "http://hunter2",
    ],
)
def test_an_address_of_no_redis_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"^wants ") as raised:
        redis_address(value)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    "value",
    [
        "redis://h",
        "redis://:p%2Fq@h:6380/3",
        "rediss://u:p@[::1]/0?ssl_cert_reqs=none",
        "unix:///run/r.sock?db=2",
    ],
)
def test_an_address_of_redis_is_taken_as_it_is(value: str) -> None:
    assert redis_address(value) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", "redis://h\r"),
        ("SECRET_KEY", "hunter2" * 9 + "\r\n"),
        ("LOCALE", "en\r"),
        ("PUBLIC_URL", "https://x.example\n"),
        ("SMTP_HOST", "hunter2 mail"),
        ("DATA_FOLDER", "~/hunter2"),
        ("SMTP_CA_FILE", "~hunter2"),
        ("NETWORK_JOB4YOU_PAGE", "https://x.example/{applicant_id} hunter2"),
        ("NETWORK_JOB4YOU_PAGE", "https://{applicant_id}@hunter2.example/"),
    ],
)
def test_every_setting_is_one_line_and_each_address_is_one(
    name: str,
    value: str,
    environment: pytest.MonkeyPatch,  # noqa: F811
) -> None:
    if name == "SMTP_HOST":
        environment.setenv("JOBBRUECKE_PUBLIC_URL", "https://x.example")
    environment.setenv(f"JOBBRUECKE_{name}", value)
    said = refusal()
    assert said.startswith(f"JOBBRUECKE_{name} wants ")
    assert SECRET not in said


@pytest.mark.parametrize("before", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_of_another_system_is_read(before: bytes, end: str, environment: pytest.MonkeyPatch) -> None:  # noqa: F811
    for name in GOOD:
        environment.delenv(f"JOBBRUECKE_{name}")
    lines = [f"JOBBRUECKE_{name}={value}" for name, value in GOOD.items()]
    Path(".env").write_bytes(before + end.join([*lines, ""]).encode())
    settings = load_settings()
    assert settings.redis_url == GOOD["REDIS_URL"]
    assert settings.database_url == f"sqlite:///{Path.cwd()}/var/test.db"


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_file_that_is_not_in_utf8_is_refused(encoding: str, environment: pytest.MonkeyPatch) -> None:  # noqa: F811
    Path(".env").write_text("JOBBRUECKE_OIDC_NAME=hunter2 für alle\n", encoding=encoding)
    with pytest.raises(SettingsError, match="UTF-8") as raised:
        load_settings()
    assert SECRET not in str(raised.value)


# --- PostgreSQL ----------------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_no_statement_is_prepared_since_the_next_connection_would_not_know_it(
    postgres_url: str, tmp_path: Path
) -> None:
    with create_app(make_settings(postgres_url, tmp_path)).app_context():
        with db.engine.connect() as connection:
            for number in range(20):
                connection.execute(text("SELECT :number + 1"), {"number": number})
            assert connection.scalar(text("SELECT count(*) FROM pg_prepared_statements")) == 0
        db.engine.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_does_not_hold_every_name_is_refused_by_name(
    encoding: str, postgres_template: str, tmp_path: Path
) -> None:
    with new_database(postgres_template) as url:
        name = url.rpartition("/")[2].partition("?")[0]
        admin = create_engine(postgres_template, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}"'))
            made = f"ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
            connection.execute(text(f'CREATE DATABASE "{name}" {made}'))
        admin.dispose()
        with create_app(make_settings(url, tmp_path)).app_context():
            for look in (check_database, upgrade):
                with pytest.raises(Refusal) as raised:
                    look()
                assert raised.value.code == "database-not-utf8"
                assert raised.value.values == {"encoding": encoding}
            db.engine.dispose()


@pytest.mark.postgres
def test_the_machines_own_character_set_does_not_count(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    with create_app(make_settings(postgres_url, tmp_path)).app_context(), db.engine.connect() as connection:
        assert connection.scalar(text("SELECT :name"), {"name": "Łukasz"}) == "Łukasz"
        connection.close()
        db.engine.dispose()

"""Another encryption key: everything is encrypted again while all runs, and nothing needs the old one any more."""

from __future__ import annotations

import ast
import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import LargeBinary, select, text

from portal.accounts.second_factor import begin
from portal.core.crypto import current_keyring
from portal.core.database import EVERY_TENANT, Base, commit, db, scope_to, utcnow
from portal.core.migrating import upgrade
from portal.core.paths import ROOT
from portal.core.settings import Settings, current_settings
from portal.deliveries.payload import digest_key
from portal.domain.accounts import Account, Role
from portal.domain.imports import ImportRun
from portal.domain.participants import Participant, social_insurance_place
from portal.domain.releases import Registration
from portal.domain.rules.status import Status
from portal.domain.tenants import Connection
from portal.imports.uploads import open_upload
from portal.keys.encrypted_columns import ENCRYPTED, NOT_ENCRYPTED, UPLOADS
from portal.keys.service import UNKNOWN, count_by_key, rotate
from tests.imports.exports import SVNR, run_import, start
from tests.support.bridge import Bridge, build_bridge
from tests.support.commands import Commands
from tests.support.database import as_owner, make_settings, running_app, settings_environment
from tests.support.factories import make_account
from tests.support.installed import Installed
from tests.support.pages import PASSWORD
from tests.support.running import COMMAND, FAST
from tests.support.sandbox import SandboxServer
from tests.support.services import RedisServer
from tests.support.workers import wait_until

OLD = "test:" + base64.b64encode(b"k" * 32).decode()
NEW = "new:" + base64.b64encode(b"n" * 32).decode()
PEOPLE = f"tn_id;nachname;svnr\nT1;Adam;{SVNR}\nT2;Berg;{SVNR}\n"


def renewed(settings: Settings, keys: str) -> Settings:
    return make_settings(
        settings.database_url,
        Path(settings.data_folder).parent,
        encryption_keys=keys,
        redis_url=settings.redis_url,
        network_jobnetzwerk_url=settings.network_jobnetzwerk_url,
        network_job4you_url=settings.network_job4you_url,
    )


@pytest.fixture
def encrypted(bridge: Bridge) -> Iterator[tuple[Bridge, Flask]]:
    """One of each kind encrypted with the old key: token, numbers, line, part, second factor, upload; a new key too."""
    settings = current_settings()
    run_import(start(bridge.tenant_id, {"teilnehmer.csv": PEOPLE}), batch=2)
    scope_to(bridge.tenant_id)
    bridge.person("1")
    bridge.release("1")
    bridge.deliver("1")
    waiting = start(bridge.tenant_id, {"teilnehmer.csv": PEOPLE})
    scope_to(EVERY_TENANT)
    place = social_insurance_place(bridge.tenant_id, "T9")
    db.session.execute(
        text(
            'INSERT INTO import_line (tenant_id, import_id, kind, number, lookup_key, line, good, "values", secret) '
            "VALUES (:tenant, :run, 'participant', 'T9', 't9', 2, true, '{}', :secret)"
        ),
        {
            "tenant": bridge.tenant_id,
            "run": waiting,
            "secret": current_keyring().encrypt(SVNR.encode(), place),
        },
    )
    make_account("device", Role.CASEWORKER, bridge.tenant_id)
    begin(db.session.query(Account).filter_by(email="device@example.org").one(), PASSWORD, utcnow())
    commit()
    db.session.remove()
    with running_app(renewed(settings, f"{NEW},{OLD}")) as app:
        yield bridge, app


def test_every_column_of_bytes_says_whether_it_is_encrypted() -> None:
    columns = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert columns == {place.name for place in ENCRYPTED} | NOT_ENCRYPTED


def test_nothing_else_is_encrypted() -> None:
    """A new caller wants a line in portal.keys.encrypted_columns, and one here."""
    encrypting = {
        str(path.relative_to(ROOT))
        for folder in ("portal", "worker")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "encrypt"
    }
    assert encrypting == {
        "portal/core/crypto.py",
        "portal/accounts/second_factor.py",
        "portal/keys/service.py",
        "portal/mail/outbox.py",
        "portal/imports/staging.py",
        "portal/imports/encrypted_files.py",
        "portal/tenants/service.py",
        "portal/deliveries/building.py",
    }


def test_everything_is_reencrypted_and_still_opens(encrypted: tuple[Bridge, Flask]) -> None:
    bridge, app = encrypted
    revisions = dict(db.session.execute(select(Registration.participant_id, Registration.revision)).all())
    before = count_by_key()
    assert set(before) == {*(place.name for place in ENCRYPTED), UPLOADS}
    empty = {"mail.secret_encrypted"}
    assert {place for place, by_key in before.items() if set(by_key) != {"test"}} == empty, before
    before = {place: by_key for place, by_key in before.items() if place not in empty}
    key, last = digest_key(), {progress.place: progress for progress in rotate()}
    assert {place: progress.done for place, progress in last.items()} == {
        place: by_key["test"] for place, by_key in before.items()
    }
    assert {place: by_key for place, by_key in count_by_key().items() if by_key} == {
        place: {"new": by_key["test"]} for place, by_key in before.items()
    }
    assert list(rotate()) == []
    assert digest_key() == key
    assert (
        dict(db.session.execute(select(Registration.participant_id, Registration.revision)).all())
        == revisions
    )
    db.session.remove()
    with running_app(
        renewed(app.extensions["jobbruecke_settings"], NEW)
    ) as alone:  # the old key is gone for good
        person = db.session.scalars(select(Participant).where(Participant.number == "T1")).one()
        encrypted_number = person.social_insurance_number_encrypted
        assert encrypted_number is not None
        place = social_insurance_place(bridge.tenant_id, "T1")
        assert current_keyring().decrypt(encrypted_number, place) == SVNR.encode()
        (upload,) = db.session.scalars(select(ImportRun.upload).where(ImportRun.upload.is_not(None)))
        folder = Path(alone.extensions["jobbruecke_settings"].data_folder)
        with open_upload(str(upload), folder, current_keyring()) as file:
            assert SVNR.encode() not in file.read(0)
            assert file.read(2) == b"PK"
        scope_to(bridge.tenant_id)
        bridge.person("2")
        bridge.release("2")
        bridge.deliver()
        bridge.hasten()
        assert bridge.status("2") is Status.ONLINE


def test_cut_off_it_goes_on(encrypted: tuple[Bridge, Flask]) -> None:
    left = sum(by_key["test"] for by_key in count_by_key().values())
    next(rotate())  # a batch, and then the process is gone
    db.session.remove()
    scope_to(EVERY_TENANT)
    half = sum(by_key["test"] for by_key in count_by_key().values())
    assert 0 < half < left
    assert sum(progress.done for progress in {it.place: it for it in rotate()}.values()) == half


def test_a_row_that_somebody_is_writing_is_not_waited_for(encrypted: tuple[Bridge, Flask]) -> None:
    """On PostgreSQL it is passed over, and found by the next run; on SQLite nobody else can be writing."""
    if db.engine.dialect.name == "sqlite":
        return
    with as_owner() as other:
        other.execute(text("UPDATE connection SET failures = 0"))
        done = {progress.place: progress.done for progress in rotate()}
        assert "connection.token_encrypted" not in done
        assert count_by_key()["connection.token_encrypted"] == {"test": 1}
    assert [(it.place, it.done) for it in rotate()] == [("connection.token_encrypted", 1)]


def test_the_commands_say_how_far_it_is_and_when_the_old_key_may_go(encrypted: tuple[Bridge, Flask]) -> None:
    _bridge, app = encrypted
    run = Commands(app)
    found = run.ask("keys", "status")
    assert (found["newest"], found["removable"], found["unknown"]) == ("new", [], 0)
    assert found["left"] == sum(by_key.get("test", 0) for by_key in found["places"].values())
    assert "delivery_part.content_encrypted  test: 1" in run.say("keys", "status")
    said = run.say("keys", "rotate")
    assert "participant.social_insurance_number_encrypted: 2" in said
    assert "Alles ist mit „new“ verschlüsselt." in said
    found = run.ask("keys", "rotate")
    assert (found["left"], found["removable"], found["reencrypted"]) == (0, ["test"], {})
    assert "„test“" in run.say("keys", "status")


def test_what_no_key_opens_stays_and_is_told(encrypted: tuple[Bridge, Flask]) -> None:
    _bridge, app = encrypted
    run = Commands(renewed_app := app)
    token = db.session.scalars(select(Connection.token_encrypted)).one()
    assert token is not None
    lost = b"\x04gone" + token[5:]
    db.session.execute(text("UPDATE connection SET token_encrypted = :lost"), {"lost": lost})
    commit()
    assert count_by_key()["connection.token_encrypted"] == {UNKNOWN: 1}
    assert "1 Werte" in run.run("keys", "rotate").err
    assert run.ask("keys", "status")["unknown"] == 1
    scope_to(EVERY_TENANT)
    assert db.session.scalars(select(Connection.token_encrypted)).one() == lost
    assert renewed_app is app


# --- under way ---------------------------------------------------------------------------------------------


@pytest.mark.processes
@pytest.mark.slow
@pytest.mark.thorough
def test_a_delivery_under_way_goes_on_through_it(
    tmp_path: Path, own_redis_server: RedisServer, sandbox: SandboxServer
) -> None:
    """Parts encrypted with the old key wait for a network that is away; then worker, cron and rotation run at once."""
    settings = make_settings(
        f"sqlite:///{tmp_path / 'main.db'}",
        tmp_path,
        redis_url=own_redis_server.url,
        network_jobnetzwerk_url=sandbox.url,
        network_job4you_url=sandbox.url,
        part_records=1,
    )
    with running_app(settings):
        upgrade()
        bridge = build_bridge(sandbox)
        for number in map(str, range(1, 9)):
            bridge.person(number)
            bridge.release(number)
        sandbox.misbehave("status", "putPart", provider_id=bridge.provider, status=503)
        bridge.plan()
        bridge.work(rounds=3)
        sandbox.behave()
        db.session.remove()
        both = Installed(
            COMMAND, tmp_path, settings_environment(renewed(settings, f"{NEW},{OLD}")) | FAST, is_forked=True
        )
        with both.keep("worker", "worker"), both.keep("cron", "cron"):
            found = both.ask("keys", "rotate")
            assert found["left"] == 0, found
            scope_to(bridge.tenant_id)
            wait_until(lambda: bridge.status("8") is Status.ONLINE, 90)
        assert both.ask("keys", "status")["places"]["delivery_part.content_encrypted"]["new"] >= 8
        assert "test" not in str(both.ask("keys", "status")["places"])

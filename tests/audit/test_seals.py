"""The chain: every row sealed once, changes refused by the database, and whatever still changed is named."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from portal.audit.checkpoints import (
    EXPORT_EVERY,
    CheckpointError,
    checkpoints_file,
    export_checkpoints,
    is_due,
    newest_checkpoints,
    read_checkpoints,
)
from portal.audit.recording import Intent, describe, intend, record
from portal.audit.sealing import unpack
from portal.audit.verifying import ChainError, ChainErrorKind, verify
from portal.core.database import EVERY_TENANT, commit, db, rollback, scope_to, utcnow
from portal.core.settings import current_settings
from portal.domain.actors import Actor
from portal.domain.audit import AuditEntry, AuditEvent, ErasedEntry, Seal
from portal.domain.releases import ProtocolEntry
from portal.releases import service
from tests.support.database import Cast, as_owner
from tests.support.factories import make_mediator, make_person

pytestmark = pytest.mark.conformance

ACTOR = Actor("KK", account_id=7)


@pytest.fixture
def person(app: Flask, cast: Cast) -> int:
    """Somebody of alpha, released in one transaction and revoked in the next: two seals."""
    scope_to(cast.alpha)
    make_mediator(cast.alpha, "V-1", "Vogel", "Vera")
    number = make_person(cast.alpha, "1001", "Adam", "Eva", consent=True)
    commit()
    service.release(number, ACTOR, utcnow())
    commit()
    service.revoke(number, ACTOR, utcnow())
    commit()
    scope_to(EVERY_TENANT)
    return number


def tamper(*statements: str, **values: object) -> None:
    """Change rows behind the database's guards, as somebody with its files could."""
    db.session.rollback()
    with as_owner() as connection:
        for statement in statements:
            wanted = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(text(statement), wanted)
    db.session.expunge_all()


def unguard(table: str) -> str:
    """Takes the guard against deletion or change away."""
    if db.engine.dialect.name == "postgresql":
        return f"ALTER TABLE {table} DISABLE TRIGGER ALL"
    return f"DROP TRIGGER {table}_keep_update"


def unguard_deletion(table: str) -> str:
    if db.engine.dialect.name == "postgresql":
        return f"ALTER TABLE {table} DISABLE TRIGGER ALL"
    return f"DROP TRIGGER {table}_keep_delete"


def numbers() -> list[int]:
    return list(db.session.scalars(select(ProtocolEntry.id).order_by(ProtocolEntry.id)))


def test_each_transaction_is_one_seal_of_its_tenants_chain(person: int, cast: Cast) -> None:
    seals = db.session.scalars(select(Seal).order_by(Seal.number)).all()
    assert [(seal.chain, seal.number) for seal in seals] == [(cast.alpha, 1), (cast.alpha, 2)]
    assert [len(list(unpack(seal.contents))) for seal in seals] == [1, 1]
    result = verify()
    assert (result.finding, result.seals, result.entries, result.unsealed) == (None, 2, 2, 0)


def test_a_transaction_that_writes_nothing_of_the_kind_has_no_seal(person: int) -> None:
    db.session.execute(text("UPDATE tenant SET name = 'Anders'"))
    commit()
    assert verify().seals == 2


def test_what_is_undone_leaves_no_seal(person: int, cast: Cast) -> None:
    scope_to(cast.alpha)
    service.release(person, ACTOR, utcnow())
    db.session.flush()
    rollback()
    scope_to(EVERY_TENANT)
    commit()
    assert verify().seals == 2


@pytest.mark.parametrize("table", ["protocol_entry", "seal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_database_refuses_to_change_them(person: int, table: str, statement: str) -> None:
    with pytest.raises(DatabaseError, match=r"append-only|permission denied"):
        db.session.execute(text(statement.format(table)))
    rollback()
    with (
        pytest.raises(DatabaseError, match="append-only"),
        as_owner() as connection,
    ):  # whose right it would be
        connection.execute(text(statement.format(table)))
    assert verify().finding is None


def test_a_changed_entry_is_named(person: int, cast: Cast) -> None:
    first = numbers()[0]
    tamper(unguard("protocol_entry"), "UPDATE protocol_entry SET by = 'XX' WHERE id = :first", first=first)
    assert verify().finding == ChainError(
        ChainErrorKind.ENTRY_CHANGED, cast.alpha, 1, "protocol_entry", first
    )


def test_a_word_that_is_none_is_named_and_breaks_nothing(person: int, cast: Cast) -> None:
    last = numbers()[-1]
    tamper(
        unguard("protocol_entry"), "UPDATE protocol_entry SET event = 'nonsense' WHERE id = :last", last=last
    )
    assert verify().finding == ChainError(ChainErrorKind.ENTRY_CHANGED, cast.alpha, 2, "protocol_entry", last)


def test_a_deleted_entry_is_named(person: int, cast: Cast) -> None:
    first = numbers()[0]
    tamper(unguard_deletion("protocol_entry"), "DELETE FROM protocol_entry WHERE id = :first", first=first)
    assert verify().finding == ChainError(
        ChainErrorKind.ENTRY_MISSING, cast.alpha, 1, "protocol_entry", first
    )


def test_swapped_entries_are_named(person: int, cast: Cast) -> None:
    first, last = numbers()
    swap = "UPDATE protocol_entry SET id = {} WHERE id = {}"
    tamper(
        unguard("protocol_entry"), *(swap.format(*pair) for pair in ((-1, first), (first, last), (last, -1)))
    )
    assert verify().finding == ChainError(
        ChainErrorKind.ENTRY_CHANGED, cast.alpha, 1, "protocol_entry", first
    )


@pytest.mark.parametrize("key", [12345, None], ids=["a-key-of-its-own", "the-key-of-a-seal"])
def test_an_entry_from_outside_is_named(person: int, cast: Cast, key: int | None) -> None:
    tamper(
        "INSERT INTO protocol_entry (tenant_id, participant_id, at, event, by, data, seal_key) "
        "SELECT tenant_id, participant_id, at, event, by, data, coalesce(:key, seal_key) FROM protocol_entry "
        "WHERE id = :first",
        first=numbers()[0],
        key=key,
    )
    finding = verify().finding
    assert finding is not None
    assert (finding.misfit, finding.entry_id) == (ChainErrorKind.ENTRY_ADDED, numbers()[-1])


def test_a_missing_seal_is_named(person: int, cast: Cast) -> None:
    tamper(unguard_deletion("seal"), "DELETE FROM seal WHERE number = 1")
    assert verify().finding == ChainError(ChainErrorKind.SEAL_MISSING, cast.alpha, 1)


def test_a_changed_seal_is_named(person: int, cast: Cast) -> None:
    tamper(unguard("seal"), "UPDATE seal SET key = key + 1 WHERE number = 2")
    assert verify().finding == ChainError(ChainErrorKind.SEAL_CHANGED, cast.alpha, 2)


def test_an_end_cut_off_with_all_it_sealed_shows_by_the_exported_head(person: int, cast: Cast) -> None:
    settings = current_settings()
    export_checkpoints(settings, newest_checkpoints(utcnow()))
    rollback()
    assert verify(read_checkpoints(settings)).finding is None
    tamper(
        unguard_deletion("seal"),
        "DELETE FROM seal WHERE number = 2",
    )
    tamper(
        unguard_deletion("protocol_entry"),
        "DELETE FROM protocol_entry WHERE id = :last",
        last=numbers()[-1],
    )
    assert verify().finding is None  # the chain alone cannot know
    assert verify(read_checkpoints(settings)).finding == ChainError(ChainErrorKind.CUT_OFF, cast.alpha, 2)


def test_a_head_that_we_did_not_sign_is_refused(person: int) -> None:
    settings = current_settings()
    export_checkpoints(settings, newest_checkpoints(utcnow()))
    file = checkpoints_file(settings)
    file.write_text(file.read_text().replace('"number": 2', '"number": 1'))
    with pytest.raises(CheckpointError, match="line 1"):
        list(read_checkpoints(settings))
    rollback()


def test_what_retention_erased_still_fits(person: int, cast: Cast) -> None:
    first = numbers()[0]
    db.session.add(ErasedEntry(tenant_id=cast.alpha, kind="protocol_entry", entry_id=first, at=utcnow()))
    db.session.flush()
    db.session.execute(text("DELETE FROM protocol_entry WHERE id = :first"), {"first": first})
    commit()
    result = verify()
    assert (result.finding, result.erased, result.entries) == (None, 1, 3)


def test_an_erasure_that_nobody_sealed_is_no_excuse(person: int, cast: Cast) -> None:
    first = numbers()[0]
    tamper(
        "INSERT INTO erased_entry (tenant_id, kind, entry_id, at, seal_key) "
        "VALUES (:tenant, 'protocol_entry', :first, '2026-03-02 09:00:00+00', 99)",
        "DELETE FROM protocol_entry WHERE id = :first",
        first=first,
        tenant=cast.alpha,
    )
    finding = verify().finding
    assert finding is not None
    assert (finding.misfit, finding.table) == (ChainErrorKind.ENTRY_ADDED, "erased_entry")


def test_an_intent_is_written_with_the_commit_it_is_for(app: Flask, cast: Cast) -> None:
    intend(Intent(AuditEvent.EXPORTED, "KK", tenant_id=cast.alpha))
    rollback()
    describe(people=3)
    commit()
    commit()
    scope_to(cast.alpha)
    entries = db.session.scalars(select(AuditEntry)).all()
    assert [(entry.event, entry.by, entry.data) for entry in entries] == [
        (AuditEvent.EXPORTED, "KK", {"people": 3})
    ]


def test_tenants_see_their_own_audit_alone(app: Flask, cast: Cast) -> None:
    for tenant_id in (cast.alpha, cast.beta, None):
        record(Intent(AuditEvent.SIGNED_IN, "KK", tenant_id=tenant_id), utcnow())
    commit()
    scope_to(cast.beta)
    assert [entry.tenant_id for entry in db.session.scalars(select(AuditEntry))] == [cast.beta]
    scope_to(EVERY_TENANT)
    assert {seal.chain for seal in db.session.scalars(select(Seal))} == {cast.alpha, cast.beta, 0}
    assert verify().finding is None


def test_many_at_once_make_one_chain_without_a_gap(app: Flask, cast: Cast) -> None:
    failed: list[BaseException] = []

    def work() -> None:
        with app.app_context():
            try:
                for _ in range(10):
                    record(Intent(AuditEvent.LOOKED, "KK", tenant_id=cast.alpha), utcnow())
                    commit()
            except BaseException as error:  # noqa: BLE001 - told below
                failed.append(error)
            finally:
                db.session.remove()

    commit()
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    scope_to(EVERY_TENANT)
    result = verify()
    assert (result.finding, result.seals) == (None, 40)


def test_the_file_of_heads_tells_when_it_is_due(sqlite_app: Flask, tmp_path: Path) -> None:
    settings, now = current_settings(), utcnow()
    assert is_due(settings, now)
    export_checkpoints(settings, [])
    assert not is_due(settings, now)
    assert is_due(settings, now + EXPORT_EVERY + dt.timedelta(seconds=5))

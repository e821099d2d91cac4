"""`jobbruecke bench-data`: what performance is measured with is what the product would have written."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from benchmarks.data.sizes import SizesImpossibleError, tenant_sizes
from portal.cli.errors import BenchDataNotOwner
from portal.core.crypto import current_keyring
from portal.core.database import EVERY_TENANT, Base, commit, db, scope_to
from portal.core.masking import holds_valid_number
from portal.domain.accounts import Account, Role
from portal.domain.participants import Mediator, Order, Participant, ParticipantWord, social_insurance_place
from portal.domain.releases import ProtocolEntry, Registration
from portal.domain.rules.normalise import person_words
from portal.domain.rules.phase import Phase
from portal.domain.rules.preflight import OF_PARTICIPANT, Finding, from_bits
from portal.domain.rules.status import Status
from portal.domain.states import ParticipantState
from portal.domain.tenants import Connection, Tenant
from portal.networks.registry import Network
from tests.support.commands import Commands
from tests.support.database import (
    as_application,
    grant_application,
    make_settings,
    make_tenant,
    new_database,
    running_app,
)

PEOPLE, TENANTS = 1500, 30
_RANDOM = {"participant": {"social_insurance_number_encrypted"}}
"""Columns that are others each time: encryption has nonces."""
_NUMBERED = ("participant", "protocol_entry")
"""Tables whose rows have the same numbers each time."""
_COMPARED = (
    *("participant", "participant_word", "profile", "mediator", "orders", "release", "registration"),
    *("participant_state", "delivery", "delivery_person", "protocol_entry", "seal"),
)
_ON_BOTH = [
    "sqlite",
    pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.conformance]),
]


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file without a row, migrated."""
    folder = tmp_path_factory.mktemp("migrated")
    with _over(f"sqlite:///{folder}/empty.db", folder) as commands:
        commands.say("db", "upgrade")
    return folder / "empty.db"


@pytest.fixture(scope="module", params=_ON_BOTH)
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """The command line over a filled database, for tests that only look."""
    folder = tmp_path_factory.mktemp("filled")
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated"), folder / "test.db")
        with _over(f"sqlite:///{folder}/test.db", folder) as commands:
            _fill(commands)
            yield commands
        return
    with new_database(request.getfixturevalue("postgres_server").url) as url, _over(url, folder) as commands:
        commands.say("db", "upgrade")
        _fill(commands)
        yield commands


@contextmanager
def _over(url: str, folder: Path) -> Iterator[Commands]:
    with running_app(make_settings(url, folder)) as app:
        yield Commands(app)


def _fill(commands: Commands, *words: str) -> str:
    sizes = ("--participants", str(PEOPLE), "--tenants", str(TENANTS), "--protocol", "3-9")
    said = commands.say("bench-data", *sizes, "--processes", "1", *words)
    scope_to(EVERY_TENANT)
    return said


def _rows(table: str) -> list[str]:
    """All rows, but for what is random."""
    own = Base.metadata.tables[table]
    left_out = {"id"} if table not in _NUMBERED else _RANDOM.get(table, set())
    columns = [column for column in own.columns if column.name not in left_out]
    return sorted(str(tuple(row)) for row in db.session.execute(select(*columns)))


def _count(model: Any, *conditions: Any) -> int:
    scope_to(EVERY_TENANT)
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


# --- sizes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("people", "tenants", "largest", "first", "last"),
    [
        (1_000_000, 200, None, 100_000, 40),
        (1_000_000, 200, 600_000, 600_000, 1),
        (2000, 20, None, 200, 45),
        (300, 3, None, 100, 100),
        (10, 10, None, 1, 1),
        (50, 1, None, 50, 50),
    ],
)
def test_tenants_have_a_long_tail(
    people: int, tenants: int, largest: int | None, first: int, last: int
) -> None:
    sizes = tenant_sizes(people, tenants, largest)
    assert (sum(sizes), len(sizes), sizes[0]) == (people, tenants, first)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == last


@pytest.mark.parametrize("numbers", [(9, 10, None), (100, 2, 100), (100, 2, 40)])
def test_a_distribution_that_cannot_be_is_refused(numbers: tuple[int, int, int | None]) -> None:
    with pytest.raises(SizesImpossibleError):
        tenant_sizes(*numbers)


# --- what is written ----------------------------------------------------------------------------------------


def test_sizes_are_as_asked(filled: Commands) -> None:
    assert (_count(Participant), _count(Tenant)) == (PEOPLE, TENANTS)
    by_tenant = select(func.count()).select_from(Participant).group_by(Participant.tenant_id)
    assert sorted(db.session.scalars(by_tenant), reverse=True) == tenant_sizes(PEOPLE, TENANTS)
    assert PEOPLE / 35 < _count(Order) < PEOPLE / 20
    per_person = select(func.count()).select_from(ProtocolEntry).group_by(ProtocolEntry.participant_id)
    entries = db.session.scalars(per_person).all()
    assert (min(entries), max(entries)) == (3, 9)
    assert len(entries) == _count(Registration)


def test_stored_states_are_what_the_rules_say(filled: Commands) -> None:
    assert "stimmen" in filled.say("states", "check")


def test_the_chain_of_seals_holds(filled: Commands) -> None:
    found = filled.ask("audit", "verify")
    assert (found["ok"], found["unsealed"]) == (True, 0)
    assert found["entries"] == _count(ProtocolEntry) > 0


def test_everything_that_lists_can_show_is_there(filled: Commands) -> None:
    states = db.session.execute(
        select(ParticipantState.status, ParticipantState.phase, ParticipantState.findings)
    ).all()
    assert {row.status for row in states} == set(Status)
    shown_of_deliveries = {Phase.HELD, Phase.TRANSFERRING, Phase.OUTCOME_UNKNOWN}
    assert {row.phase for row in states} >= set(Phase) - shown_of_deliveries - {
        Phase.MEDIATOR_UNKNOWN,
        Phase.OVERDUE,
    }
    found = {finding for row in states for finding in from_bits(row.findings)}
    assert found >= set(OF_PARTICIPANT) - {Finding.MEDIATOR_INACTIVE, Finding.ORDER_RESPONSIBLE_MISSING}
    assert _count(Tenant, Tenant.licence_from.is_(None)) and _count(
        Connection, Connection.paused_until.is_not(None)
    )
    assert {network for (network,) in db.session.execute(select(Connection.network))} == set(Network)
    assert _count(Connection) < TENANTS


def test_participants_are_found_as_imported_ones_are(filled: Commands) -> None:
    scope_to(EVERY_TENANT)
    for person in db.session.scalars(select(Participant).limit(100)):
        words = db.session.scalars(select(ParticipantWord.word).filter_by(participant_id=person.id)).all()
        assert sorted(words) == sorted(person_words(person.last_name, person.first_name, person.number))


def test_numbers_are_encrypted_as_imports_do(filled: Commands) -> None:
    scope_to(EVERY_TENANT)
    encrypted = Participant.social_insurance_number_encrypted
    rows = db.session.execute(
        select(Participant.tenant_id, Participant.number, encrypted).where(encrypted.is_not(None))
    ).all()
    assert len(rows) > PEOPLE / 5
    for tenant_id, number, value in rows[:50]:
        plain = current_keyring().decrypt(value, social_insurance_place(tenant_id, number)).decode()
        assert holds_valid_number(plain)


def test_rows_that_come_later_have_numbers_behind(filled: Commands) -> None:
    """So a test that writes; nothing of it stays."""
    scope_to(EVERY_TENANT)
    tenant = db.session.scalars(select(Tenant)).first()
    assert tenant is not None
    db.session.add(
        Mediator(tenant_id=tenant.id, number="new", initials="N", last_name="N", first_name="N", sort_key="n")
    )
    db.session.add(Participant(tenant_id=tenant.id, number="new", sort_key="new"))
    db.session.flush()
    db.session.rollback()


# --- the command --------------------------------------------------------------------------------------------


@pytest.mark.thorough
def test_the_same_seed_gives_the_same_data(migrated: Path, tmp_path: Path) -> None:
    found = []
    for name, seed in (("a", "7"), ("b", "7"), ("c", "8")):
        shutil.copy(migrated, tmp_path / f"{name}.db")
        with _over(f"sqlite:///{tmp_path}/{name}.db", tmp_path) as commands:
            _fill(commands, "--seed", seed, "--today", "2026-03-02")
            found.append({table: _rows(table) for table in _COMPARED})
    assert [table for table in _COMPARED if found[0][table] != found[1][table]] == []
    assert found[0]["participant"] != found[2]["participant"]


def test_every_role_may_sign_in(filled: Commands) -> None:
    scope_to(EVERY_TENANT)
    accounts = {account.role: account for account in db.session.scalars(select(Account))}
    assert set(accounts) == set(Role)
    largest = db.session.scalars(select(Tenant.id).where(Tenant.slug == "bench-001")).one()
    assert {account.tenant_id for account in accounts.values()} == {largest, None}


def test_a_database_in_use_is_refused(migrated: Path, tmp_path: Path) -> None:
    shutil.copy(migrated, tmp_path / "test.db")
    with _over(f"sqlite:///{tmp_path}/test.db", tmp_path) as commands:
        make_tenant("alpha", Network.JOBNETZWERK)
        commit()
        assert "schon Mandanten" in commands.refuse("bench-data", "--participants", "10", "--tenants", "1")
        assert (_count(Tenant), _count(Participant)) == (1, 0)


def test_people_that_cannot_be_distributed_are_refused(migrated: Path, tmp_path: Path) -> None:
    shutil.copy(migrated, tmp_path / "test.db")
    with _over(f"sqlite:///{tmp_path}/test.db", tmp_path) as commands:
        assert "verteilen" in commands.refuse("bench-data", "--participants", "10", "--tenants", "11")
        assert _count(Tenant) == 0


@pytest.mark.postgres
@pytest.mark.conformance
def test_the_role_of_the_application_is_refused(postgres_server: Any, tmp_path: Path) -> None:
    """Row-level security lets no one copy into tables but their owner."""
    with new_database(postgres_server.url) as url:
        with _over(url, tmp_path) as commands:
            commands.say("db", "upgrade")
        grant_application(url)
        with _over(as_application(url), tmp_path) as commands:
            assert commands.refuse("bench-data", "--participants", "10", "--tenants", "1") == str(
                BenchDataNotOwner.sentence
            )

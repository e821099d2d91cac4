"""Every command that shows something is run for whatever there may be, as text and as JSON, in both languages.

People, deliveries and imports are generated from the enums themselves: a member that a command cannot show fails here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.change_lines import CHANGE_LABELS
from portal.cli.import_report import print_report, report_values
from portal.cli.output import print_json
from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.core.refusal import REFUSALS
from portal.domain.audit import AuditEntry, AuditEvent
from portal.domain.deliveries import Attempt, Delivery, DeliveryPerson, OddAnswer
from portal.domain.delivery_states import (
    UNCOMMITTED,
    ChangeKind,
    DeliveryProblem,
    DeliveryState,
    Inclusion,
    Mode,
    Trigger,
)
from portal.domain.import_kinds import Kind
from portal.domain.imports import ImportMode, ImportRejection, ImportRun, ImportState
from portal.domain.participants import Participant
from portal.domain.releases import EndCause, Event, ProtocolEntry, Registration, Release
from portal.domain.rules.brake import Hold
from portal.domain.rules.phase import Phase
from portal.domain.rules.preflight import TENANT_WIDE, Finding
from portal.domain.rules.status import Reason, Status
from portal.domain.tenants import Connection, ConnectionState, Tenant
from portal.imports.codes import Notice
from portal.imports.reports import report
from portal.imports.texts import ABSENT_TEXTS, IMPORT_TEXTS
from portal.releases.filters import Filters
from portal.releases.queries import list_participants
from portal.releases.rows import PersonRow
from portal.tenants.context import TenantContext, load_tenant_context
from portal.tokens.service import make_token
from tests.cli.test_help import EVERY
from tests.support.clock import today
from tests.support.commands import Commands
from tests.support.database import Cast, make_cast, make_settings, running_app
from tests.support.factories import connection_token
from tests.support.people import Crowd

DAY = dt.timedelta(days=1)
SHOWN = {
    *("status", "why", "protocol", "deliveries", "delivery show", "tenant show", "audit list", "token list"),
    *("privacy status", "privacy record", "reconcile show", "network-account show", "import", "imports show"),
}
"""What is run here. Each of the others does one thing, says one sentence, and has tests of its own."""
OTHERS = {
    *("release", "revoke", "mediator", "deliver", "delivery pass", "delivery discard"),
    *("imports pass", "imports discard", "identity", "network-account accept", "delivery stop-waiting"),
    *("reconcile read", "reconcile settle", "tenant create", "tenant set", "token create", "token revoke"),
    *("account create", "account link", "account set", "account disable", "account enable"),
    *("account reset-second-factor", "audit verify", "audit export", "person report", "person erase"),
    *(
        "states check",
        "states refresh",
        "db upgrade",
        "db grant",
        "keys status",
        "keys rotate",
        "check",
        "web",
        "worker",
        "cron",
        "sandbox",
        "demo",
        "bench-data",
    ),
}


def test_no_command_is_forgotten() -> None:
    assert {" ".join(words) for words in EVERY} == SHOWN | OTHERS
    assert not SHOWN & OTHERS


@pytest.fixture(params=["de", pytest.param("en", marks=pytest.mark.thorough)])
def commands(request: pytest.FixtureRequest, sqlite_url: str, tmp_path: Path) -> Iterator[Commands]:
    """The command line over tenants alpha (Jobnetzwerk) and beta (Job4You)."""
    with running_app(make_settings(sqlite_url, tmp_path, locale=request.param)) as app:
        make_cast()
        yield Commands(app)


@pytest.fixture
def cast(commands: Commands) -> Cast:
    rows = db.session.execute(select(Tenant.slug, Tenant.id)).all()
    numbers = {slug: number for slug, number in rows}  # noqa: C416 - rows, not pairs
    return Cast(numbers["alpha"], numbers["beta"])


def both(commands: Commands, *words: str) -> tuple[str, Any]:
    """What a command says as text and as JSON; both must work."""
    return commands.say(*words), commands.ask(*words)


def labels_in(value: Any) -> Iterator[str]:
    """Every label of a JSON value."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name.endswith("label") and item:
                yield item
            else:
                yield from labels_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from labels_in(item)


# --- people -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tenant", ["alpha", "beta"])
def test_people_of_every_kind(commands: Commands, cast: Cast, tenant: str) -> None:
    seen, expected = set[object](), {*Phase, *(set(Finding) - TENANT_WIDE)}
    if tenant == "alpha":  # Jobnetzwerk checks none of these
        expected -= {item for item in Finding if "missing" in item} - {
            Finding.NAME_MISSING,
            Finding.MEDIATOR_MISSING,
        }
        expected.remove(Finding.EMAIL_UNREADABLE)
    for row in _people(getattr(cast, tenant)):
        _ask_about(commands, tenant, row.participant.number)
        seen |= {row.phase, *row.findings}
    missing = expected - seen - {Phase.OUTCOME_UNKNOWN, Phase.HELD}  # those of another delivery under way
    assert not missing


def _people(tenant_id: int) -> list[PersonRow]:
    """Of a crowd, one for each phase, status and finding, and of each event and reason."""
    now = utcnow()
    connection_token(tenant_id)
    context = load_tenant_context(tenant_id, now)
    assert context.connection is not None
    Crowd(tenant_id, context.connection.id, now, context.deadlines).come(400)
    scope_to(tenant_id)
    _under_way(context)
    rows = list_participants(load_tenant_context(tenant_id, now), Filters(), limit=1000).rows
    commit()
    kept: dict[object, PersonRow] = {}
    for row in rows:
        for kind in (row.phase, row.status, *row.findings, (row.phase, row.needs_action)):
            kept.setdefault(kind, row)
    return list({id(row): row for row in kept.values()}.values())


def _under_way(context: TenantContext) -> None:
    """A delivery that is being sent, with some of them in it."""
    assert context.connection is not None
    delivery = _delivery(context.tenant.id, context.connection.id, 1, state=DeliveryState.SENDING)
    row = {
        "tenant_id": context.tenant.id,
        "delivery_id": delivery.id,
        "part": Inclusion.NAMED,
        "novelty": ChangeKind.NEW,
    }
    for number in db.session.scalars(select(Participant.id).where(Participant.id % 7 == 0)):
        db.session.add(DeliveryPerson(**row, participant_id=number))
    commit()


def _ask_about(commands: Commands, tenant: str, number: str) -> None:
    words = ("--tenant", tenant, "--participant", number)
    text, values = both(commands, "status", *words)
    assert not [
        label for label in labels_in(values) if label not in text and label in _shown_of_status(values)
    ]
    text, values = both(commands, "why", *words)
    for finding in values["findings"]:
        assert finding["label"] in text
        assert finding["mended_by"] in text
    assert text.strip()
    both(commands, "protocol", *words)


def _shown_of_status(values: dict[str, Any]) -> set[str]:
    found = {values["status_label"], values["phase_label"]}
    return found | {finding["label"] for finding in values["findings"]}


def test_a_person_with_everything(commands: Commands, cast: Cast) -> None:
    """Every event of the protocol with all that its data may hold, every reason, every end of a release."""
    scope_to(cast.alpha)
    connection = db.session.scalars(select(Connection)).one()
    person = Participant(
        tenant_id=cast.alpha,
        number="1001",
        last_name="",
        first_name="",
        sort_key="x",
        consent_on=today() - 9 * DAY,
        consent_until=today() - DAY,
        consent_withdrawn_on=today() - DAY,
        left_at=utcnow(),
    )
    db.session.add(person)
    db.session.flush()
    about = {"tenant_id": cast.alpha, "connection_id": connection.id, "participant_id": person.id}
    registration = Registration(
        **about,
        released=True,
        announced=True,
        archived=True,
        revision=3,
        refused_revision=3,
        refused_detail="Zeile 7",
        rejection_detail="leer",
        archive_detail="doppelt",
    )
    db.session.add(registration)
    _write_every_event(about)
    commit()
    for end_cause, reason in zip([*EndCause, None] * 2, [*Reason, "new-word", None], strict=False):
        release = Release(**about, released_at=utcnow(), released_by="SB", end_cause=end_cause)
        release.ended_at, release.ended_by = (utcnow(), "Qualli.life") if end_cause else (utcnow(), "SB")
        db.session.add(release)
        db.session.flush()
        word = getattr(reason, "value", reason)
        registration = db.session.scalars(select(Registration)).one()
        registration.release_id, registration.archive_reason, registration.rejection_reason = (
            release.id,
            word,
            word,
        )
        for rejected, clarification in ((0, None), (2, "answers-contradict"), (0, "new-code")):
            registration = db.session.scalars(select(Registration)).one()
            registration.rejected_sequence, registration.clarification = rejected, clarification
            commit()
            _ask_about(commands, "alpha", "1001")
            scope_to(cast.alpha)
    entries = commands.ask("protocol", "--tenant", "alpha", "--participant", "1001")["entries"]
    assert {entry["event"] for entry in entries} == {event.value for event in Event}


def _write_every_event(about: dict[str, int]) -> None:
    everything = {
        "from": "offline",
        "to": "online",
        "reason": "email-missing",
        "detail": "leer",
        "cause": "consent",
        "mediator": "V-1",
        "before": "V-2",
        "applicant_id": "B-1",
        "consent_confirmed": True,
        "found": "War dort online.",
        "what": "answer-missing",
        "novelty": "new",
        "number": 3,
        "import": 7,
        "outcome": "active",
    }
    for event in Event:
        for data in (everything, {}, {"reason": "new-word", "to": "new-status", "cause": "new-cause"}):
            db.session.add(ProtocolEntry(**about, at=utcnow(), event=event, by="system", data=data))


# --- deliveries ---------------------------------------------------------------------------------------------


def _delivery(tenant_id: int, connection_id: int, sequence: int, **values: Any) -> Delivery:
    row = Delivery(
        tenant_id=tenant_id,
        connection_id=connection_id,
        sequence=sequence,
        idempotency_key=str(sequence),
        created_at=utcnow(),
        **(
            {"mode": Mode.FULL, "cause": Trigger.NOW, "started_by": "SB", "state": DeliveryState.COMPLETE}
            | values
        ),
    )
    db.session.add(row)
    db.session.flush()
    return row


@pytest.mark.thorough
def test_deliveries_of_every_kind(commands: Commands, cast: Cast) -> None:
    """Every state with every problem, mode and cause; held ones with every hold, leaver and finding."""
    scope_to(cast.alpha)
    connection = db.session.scalars(select(Connection)).one()
    person = _somebody(cast.alpha)
    kinds = [(state, problem) for state in DeliveryState for problem in (*DeliveryProblem, None)]
    causes, modes = list(Trigger), list(Mode)
    for number, (state, problem) in enumerate(kinds, 1):
        scope_to(cast.alpha)
        delivery = _delivery(
            cast.alpha,
            connection.id,
            number,
            state=state,
            problem=problem,
            problem_detail="wie gesagt" if problem else None,
            mode=modes[number % 2],
            cause=causes[number % len(causes)],
            shown_digest="d" * 64 if state is DeliveryState.HELD else None,
            outcome_unknown=state is DeliveryState.SENDING,
            brake={"holds": [hold.value for hold in Hold], "limit": 3, "orders": [1]},
            counts={"new": 1, "blocked": 2, "unexplained": 3},
            answered={"active": 1, "archived": 2, "rejected": 3, "missing": 4, "open": 5, "new-word": 6},
        )
        _fill(delivery, person)
        commit()
        text, values = both(commands, "delivery", "show", "--tenant", "alpha", str(number))
        assert values["state_label"] in text
        assert (values["problem_label"] or "") in text
        assert [hold["label"] for hold in values["holds"] if hold["label"] not in text] == []
        assert all(f"{label}" in text for label in labels_in(values["leavers"]))
        assert "1234" in text and "commitDelivery" in text
        if state in UNCOMMITTED:  # one at a time
            scope_to(cast.alpha)
            db.session.get_one(Delivery, delivery.id).state = DeliveryState.DISCARDED
            commit()
    text, values = both(commands, "deliveries", "--tenant", "alpha", "--limit", "10000")
    assert len(values["deliveries"]) == len(kinds) == len(text.splitlines())


def _somebody(tenant_id: int) -> list[int]:
    people = [
        Participant(tenant_id=tenant_id, number=str(n), last_name="A", first_name="B", sort_key=str(n))
        for n in (1, 2)
    ]
    db.session.add_all(people)
    db.session.flush()
    return [person.id for person in people]


def _fill(delivery: Delivery, people: list[int]) -> None:
    """Leavers with every finding, attempts, and every odd answer."""
    row = {"tenant_id": delivery.tenant_id, "delivery_id": delivery.id}
    for person, explained in zip(people, (True, False), strict=True):
        findings = None if explained else [finding.value for finding in Finding]
        db.session.add(
            DeliveryPerson(
                **row,
                participant_id=person,
                part=Inclusion.OMITTED,
                novelty=ChangeKind.LEAVING,
                explained=explained,
                findings=findings,
            )
        )
    calls = (("commitDelivery", 200, None, 1), ("readAcknowledgements", None, "no-answer", 1234))
    for call, status, problem, count in calls:
        db.session.add(
            Attempt(
                **row,
                connection_id=delivery.connection_id,
                at=utcnow(),
                call=call,
                http_status=status,
                problem=problem,
                count=count,
                duration_ms=1,
            )
        )
    for kind in ("stranger", "contradictory", "unknown-word", "new-kind"):
        odd = {"kind": kind, "subject": "participant", "number": "9", "outcome": "active", "reason": None}
        db.session.add(OddAnswer(**row, **odd, at=utcnow()))


def test_a_delivery_found_after_a_loss_is_reconciled(commands: Commands, cast: Cast) -> None:
    scope_to(cast.alpha)
    connection = db.session.scalars(select(Connection)).one()
    connection.reconcile_since = utcnow()
    for number, state in enumerate((DeliveryState.COMMITTED, DeliveryState.COMPLETE), 1):
        found = _delivery(
            cast.alpha, connection.id, number, cause=Trigger.FOUND, started_by="system", state=state
        )
        if state is DeliveryState.COMMITTED:
            _fill(found, _somebody(cast.alpha))
    commit()
    _text, values = both(commands, "reconcile", "show", "--tenant", "alpha")
    assert len(values["deliveries"]) == 2


@pytest.mark.parametrize("doubt", [None, "other-account", "taken-account"])
def test_the_account_at_the_network(commands: Commands, cast: Cast, doubt: str | None) -> None:
    scope_to(cast.alpha)
    connection = db.session.scalars(select(Connection)).one()
    if doubt:
        connection.account_doubt, connection.doubted_since = doubt, utcnow()
        connection.provider_id, connection.found_provider_id = "P-1", "P-2"
    commit()
    _text, values = both(commands, "network-account", "show", "--tenant", "alpha")
    assert values["account_doubt"] == doubt


# --- imports ------------------------------------------------------------------------------------------------


@pytest.mark.thorough
def test_imports_of_every_kind(commands: Commands, cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    """The report of each state and problem, with every reason for which a line may be rejected."""
    scope_to(cast.alpha)
    problems = [
        *(member.value for member in IMPORT_TEXTS),
        *(code for code in REFUSALS if code.startswith("import-")),
        "new-code",
        None,
    ]
    for number, problem in enumerate(problems):
        states = list(ImportState) if problem is None else [ImportState.HELD, ImportState.FAILED]
        for state in states:
            _print_import(cast.alpha, state, problem, number)
            assert capsys.readouterr().out
            db.session.rollback()


_PROBLEM_VALUES = {
    "file": "a.csv",
    "line": 7,
    "column": "x",
    "number": 3,
    "most": 9,
    "before": 9,
    "leaving": 5,
    "people": 2,
    "limit": 9,
    "reason": "x",
    "kind": Kind.PARTICIPANT.value,
    "exported": utcnow().isoformat(),
    "newest": utcnow().isoformat(),
}


def _print_import(tenant_id: int, state: ImportState, problem: str | None, number: int) -> None:
    run = ImportRun(
        tenant_id=tenant_id,
        mode=list(ImportMode)[number % 2],
        door="file",
        dry_run=bool(number % 2),
        state=state,
        started_by="SB",
        created_at=utcnow(),
        problem=problem,
        problem_values=_PROBLEM_VALUES,
        counts={kind.value: {"read": 9, "applied": 3, "left": 1} for kind in Kind},
        notices=[
            {**_PROBLEM_VALUES, "code": member.value, "columns": ["x"], "files": ["b.csv"]}
            for member in IMPORT_TEXTS
            if member is not Notice.ABSENT
        ]
        + [
            {"code": Notice.ABSENT.value, "kind": kind.value, "before": 9, "leaving": 3}
            for kind in ABSENT_TEXTS
        ],
    )
    db.session.add(run)
    db.session.flush()
    for line, member in enumerate(IMPORT_TEXTS):
        db.session.add(
            ImportRejection(
                tenant_id=tenant_id,
                import_id=run.id,
                file="teilnehmer.csv",
                line=line,
                column="x" if line % 2 else None,
                code=member.value,
            )
        )
    db.session.flush()
    print_report(report(run), run)
    print_json(report_values(report(run), run))


# --- tenants, tokens, audit, privacy ------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["none", "bare", "ended", "troubled"])
def test_tenants_of_every_kind(commands: Commands, cast: Cast, state: str) -> None:
    scope_to(cast.alpha)
    tenant = db.session.get_one(Tenant, cast.alpha)
    connection = db.session.scalars(select(Connection)).one()
    if state == "none":
        tenant.licence_from = None
        connection.state, connection.closed_at = ConnectionState.CLOSED, utcnow()
    elif state == "bare":
        tenant.licence_from, connection.token_encrypted = None, None
    elif state == "ended":
        tenant.licence_until = today() - DAY
    else:
        connection.problem, connection.failures = "unauthorised", 9
        connection.quarantined_at = connection.paused_until = connection.reconcile_since = utcnow()
        connection.network_licensed_until = today()
    commit()
    text, values = both(commands, "tenant", "show", "alpha")
    assert all(finding["label"] in text for finding in values["findings"])
    both(commands, "privacy", "status", "--tenant", "alpha")
    text = commands.say("privacy", "record", "--tenant", "alpha")
    assert text.startswith("#")
    assert commands.ask("privacy", "record", "--tenant", "alpha")["sections"]


def test_tokens_of_every_kind(commands: Commands, cast: Cast) -> None:
    scope_to(cast.alpha)
    for name in ("in force", "ended", "revoked", "used"):
        token, _text = make_token(cast.alpha, name, "SB", utcnow())
        if name == "ended":
            token.expires_at = utcnow() - DAY
        if name == "revoked":
            token.revoked_at, token.revoked_by = utcnow(), "SB"
        if name == "used":
            token.last_used_at = utcnow()
    commit()
    text, values = both(commands, "token", "list", "--tenant", "alpha")
    assert all(it["state_label"] in text for it in values["tokens"])
    assert {it["state"] for it in values["tokens"]} == {"valid", "expired", "revoked"}


def test_an_audit_with_everything(commands: Commands, cast: Cast) -> None:
    """Every event, about every kind of thing, and everything that can be set, of every value."""
    pairs = [[None, "set"], ["set", "changed"], [False, True], [1, 2], ["2026-01-01", None]]
    pairs += [["jobnetzwerk", "job4you"], ["caseworker", "new-role"], ["BE", "XX"]]
    scope_to(EVERY_TENANT)
    for number, event in enumerate(AuditEvent):
        for subject in ("participant", "account", "delivery", "api-token", "new-subject", None):
            changes = {name: _fitting(name, pairs[number % len(pairs)]) for name in CHANGE_LABELS}
            db.session.add(
                AuditEntry(
                    tenant_id=cast.alpha,
                    at=utcnow(),
                    event=event,
                    by="SB",
                    subject=subject,
                    subject_id=number if subject else None,
                    data={"changes": changes | {"new.setting": [1, 2]}, "command": "tenant set"},
                )
            )
    commit()
    text, values = both(commands, "audit", "list", "--tenant", "alpha", "--limit", "10000")
    assert {entry["event"] for entry in values["entries"]} == {event.value for event in AuditEvent}
    assert all(entry["event_label"] in text for entry in values["entries"])
    assert all(it["label"] in text for it in values["entries"][0]["changes"])


def _fitting(name: str, pair: list[Any]) -> list[Any]:
    """Values that such a setting may have; a time is a time."""
    if name.endswith("_at") and not {"set", "changed"} & set(map(str, pair)):
        return ["2026-01-01T12:00:00+00:00", None]
    return pair if name not in ("tenant.licence_from", "tenant.licence_until") else ["2026-01-01", None]


def test_status_says_the_advice_that_the_page_says(sqlite_app: Flask) -> None:
    """So that nobody has to open a browser to see what is to be done."""
    cast, commands = make_cast(), Commands(sqlite_app)
    scope_to(cast.alpha)
    person = _somebody(cast.alpha)[0]
    connection = db.session.scalars(select(Connection)).one()
    db.session.add(
        Registration(
            tenant_id=cast.alpha,
            connection_id=connection.id,
            participant_id=person,
            announced=True,
            status=Status.ONLINE,
        )
    )
    commit()
    text, values = both(commands, "status", "--tenant", "alpha", "--participant", "1")
    assert "meldet sie beim Jobportal ab" in values["advice"]
    assert values["advice"] in text

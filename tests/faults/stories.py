"""What jobs do, as stories: how each begins, the steps that it goes through, what is true once it has ended.

Together their steps, and those of `acts.py`, are all that there are: `test_each_step.py` kills at each.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from sqlalchemy import event, select, update
from sqlalchemy.exc import OperationalError

from portal.accounts.links import make_link
from portal.accounts.models import Account, Role
from portal.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.deliveries.models import Delivery
from portal.deliveries.states import DeliveryState, Problem
from portal.notices.invitations import mail_link
from portal.notices.kinds import MailKind, MailState
from portal.notices.models import Mail, Notice
from portal.people.models import Participant
from portal.privacy.models import ErasureRun, ErasureState
from portal.qualli.models import DOOR_FILE, ImportLine, ImportMode, ImportRun, ImportState
from portal.releases.imported import people_changed
from portal.releases.models import Event, Presence
from portal.releases.status import Status
from portal.tenants.models import Heartbeat
from portal.tenants.service import set_licence, set_token
from tests.bulk.test_running import begin_release, released_once
from tests.faults.stand import token_of
from tests.privacy.past import old_person
from tests.privacy.test_erasing import numbers, plan
from tests.qualli.exports import ALL, PEOPLE, bring, people, start
from tests.support.bridge import Bridge
from tests.support.house import make_account
from tests.support.mail_server import MailServer
from tests.support.middle import Middle
from tests.support.promise import assert_promise
from tests.support.rude_server import answer
from worker import attempts, building, schedule, watching
from worker.bulk import run_bulk
from worker.erasing import run_erasure
from worker.imports import run_import
from worker.mails import send_mail, send_overdue

Go = Callable[[], object]
"""What a process does, from wherever it is."""
Meanwhile = dict[str, Callable[[Bridge], object]]
YESTERDAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Outside:
    """Servers that are not ours."""

    middle: Middle
    mail: MailServer


Begin = Callable[[Bridge, Outside], Go]
"""Makes everything ready; gives what a process then does."""


@dataclass(frozen=True)
class Story:
    begin: Begin
    check: Callable[[Bridge], None]
    steps: tuple[str, ...]
    meanwhile: Meanwhile = field(default_factory=dict)
    """What others do when a failpoint is reached for the first time."""
    mails: int | None = None
    """So many different mails arrive, however often each."""


# --- deliveries --------------------------------------------------------------------------------------------


def deliver(bridge: Bridge) -> Go:
    def go() -> None:
        bridge.work()
        bridge.hasten()

    return go


def released(*names: str) -> Begin:
    """These people are released, and a transfer is planned."""

    def begin(bridge: Bridge, _: Outside) -> Go:
        release(bridge, *names)
        bridge.plan()
        return deliver(bridge)

    return begin


def release(bridge: Bridge, *names: str) -> None:
    for name in names:
        bridge.person(name)
    bridge.release(*names)


def online(bridge: Bridge, *names: str) -> None:
    release(bridge, *names)
    bridge.deliver()
    bridge.hasten()


def misbehaving(kind: str, call: str, times: int | None = 1, **more: object) -> Begin:
    """The network misbehaves at this call, so many times, or whenever it is called."""

    def begin(bridge: Bridge, _: Outside) -> Go:
        release(bridge, "1")
        bridge.sandbox.misbehave(kind, call, provider_id=bridge.provider, count=times, **more)
        bridge.plan()
        return deliver(bridge)

    return begin


def ends(state: DeliveryState, problem: Problem | None = None) -> Callable[[Bridge], None]:
    """Where the newest delivery ends; the promise holds, unless it waits for a person."""

    def check(bridge: Bridge) -> None:
        scope_to(bridge.tenant_id)
        newest = bridge.newest()
        assert (newest.state, newest.problem) == (state, problem)
        if state is not DeliveryState.HELD:
            assert_promise(bridge, failed=True)

    return check


def is_online(bridge: Bridge) -> None:
    ends(DeliveryState.COMPLETE)(bridge)
    scope_to(bridge.tenant_id)
    assert bridge.status("1") is Status.ONLINE
    assert bridge.events("1") == [Event.RELEASED, Event.SENT, Event.ANSWERED_ACTIVE]
    commit()


def a_record_is_refused(bridge: Bridge, outside: Outside) -> Go:
    bridge.sandbox.force(bridge.provider, "2", "refused")
    return released("1", "2")(bridge, outside)


def lose_token(bridge: Bridge) -> None:
    bridge.connection.token_sealed = None
    commit()


def somebody_leaves(bridge: Bridge, _: Outside) -> Go:
    online(bridge, "1", "2")
    bridge.revoke("2")
    bridge.plan()
    return deliver(bridge)


def many_leave(bridge: Bridge, outside: Outside) -> Go:
    """More than go into one transaction, which is one."""
    go = somebody_leaves(bridge, outside)

    def one_by_one() -> None:
        building.ROWS = 1  # of the child alone
        go()

    return one_by_one


def has_left(bridge: Bridge) -> None:
    ends(DeliveryState.COMPLETE)(bridge)
    scope_to(bridge.tenant_id)
    assert [bridge.status(it) for it in "12"] == [Status.ONLINE, Status.OFFLINE_ARCHIVED]
    commit()


def nobody_is_left_to_name(bridge: Bridge, _: Outside) -> Go:
    release(bridge, "1")
    bridge.plan("1")
    bridge.person("1", last_name="")
    return deliver(bridge)


def too_many_vanish(bridge: Bridge, _: Outside | None = None) -> Go:
    online(bridge, *"12345")
    rows = list(db.session.scalars(select(Participant).where(Participant.number != "1")))
    for row in rows:
        row.left_at = utcnow()
    people_changed(bridge.tenant_id, [row.id for row in rows], utcnow())
    commit()
    bridge.plan()
    return deliver(bridge)


def an_import_is_taken_over(bridge: Bridge, outside: Outside) -> Go:
    """Building waits for it."""
    go = released("1")(bridge, outside)
    begin_import(bridge)

    def wait_and_go() -> None:
        bridge.work()
        end_import()
        go()

    return wait_and_go


def begin_import(bridge: Bridge) -> None:
    scope_to(bridge.tenant_id)
    row = ImportRun(
        tenant_id=bridge.tenant_id,
        mode=ImportMode.DELTA,
        door=DOOR_FILE,
        state=ImportState.APPLYING,
        started_by="SB",
        created_at=utcnow(),
    )
    db.session.add(row)
    commit()


def end_import() -> None:
    db.session.query(ImportRun).update({"state": ImportState.DONE})
    commit()


def the_licence_has_ended(bridge: Bridge, outside: Outside) -> Go:
    go = released("1")(bridge, outside)
    set_licence(bridge.tenant, dt.date(2020, 1, 1), dt.date(2020, 2, 1))
    commit()
    return go


def it_crashed_three_times(bridge: Bridge, outside: Outside) -> Go:
    go = released("1")(bridge, outside)
    bridge.newest().crashes = 3
    commit()
    return go


def the_database_hinders_it(bridge: Bridge, outside: Outside) -> Go:
    """Once in each process."""
    go = released("1")(bridge, outside)
    times = count()

    def hinder(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO delivery_part") and not next(times):
            raise OperationalError(statement, {}, Exception("disk full"))

    def hindered() -> None:
        event.listen(db.engine, "before_cursor_execute", hinder)
        go()
        db.session.execute(update(Delivery).values(lease_until=None))  # the pause is over
        commit()
        go()

    return hindered


def a_token_of_the_other_network(bridge: Bridge, outside: Outside) -> Go:
    go = released("1")(bridge, outside)
    set_token(bridge.connection, bridge.sandbox.create_provider("job4you"))
    commit()
    return go


def a_wrong_token(bridge: Bridge, outside: Outside) -> Go:
    go = released("1")(bridge, outside)
    set_token(bridge.connection, "another-token")
    commit()
    return go


def the_network_knows_more(bridge: Bridge, _: Outside) -> Go:
    online(bridge, "1")
    bridge.connection.attempted_sequence = 0
    commit()
    bridge.plan()
    return deliver(bridge)


def parts_are_too_large(bridge: Bridge, outside: Outside) -> Go:
    bridge.sandbox.change_provider(bridge.provider, max_part_bytes=320)
    return released(*"1234")(bridge, outside)


def a_commit_is_lost_and_consent_then(bridge: Bridge, _: Outside) -> Go:
    """What may count already is taken back."""
    release(bridge, "1", "2")
    bridge.sandbox.misbehave("drop-before", "commitDelivery", provider_id=bridge.provider, count=1)
    bridge.deliver()
    assert bridge.newest().outcome_unknown
    withdraw(bridge)
    return deliver(bridge)


def withdraw(bridge: Bridge) -> None:
    bridge.person("2", consent_withdrawn_on=utcnow().date() - YESTERDAY)


def only_the_first_is_online(bridge: Bridge) -> None:
    ends(DeliveryState.COMPLETE)(bridge)
    assert bridge.held("2") is None


def a_mediator_is_refused(bridge: Bridge, outside: Outside) -> Go:
    """The network refuses the first line, which is nobody's record."""
    problem = {"type": "https://n/problems/invalid-record", "title": "Nein", "line": 1, "detail": "So nicht"}
    refused = answer(json.dumps(problem).encode(), "422 No")
    outside.middle.misbehave(token_of(bridge), "putPart", refused, taken_in=False)
    return released("1")(bridge, outside)


def the_token_is_gone(bridge: Bridge, _: Outside) -> Go:
    """While answers are awaited; later it is there again."""
    release(bridge, "1")
    token = token_of(bridge)
    bridge.sandbox.misbehave("status", "readAcknowledgements", provider_id=bridge.provider, count=1)
    bridge.deliver()
    connection = bridge.connection
    connection.token_sealed = None
    commit()

    def go() -> None:
        bridge.hasten()
        set_token(bridge.connection, token)
        commit()
        bridge.hasten()

    return go


def it_is_asked_whether_it_is_back(bridge: Bridge, outside: Outside) -> Go:
    go = misbehaving("status", "readAccount", status=500)(bridge, outside)
    bridge.work()
    connection_id = bridge.connection.id
    bridge.connection.probe_at = utcnow()
    commit()

    def probe_and_go() -> None:
        attempts.probe(connection_id)
        scope_to(bridge.tenant_id)
        go()

    return probe_and_go


# --- imports, decisions, erasures --------------------------------------------------------------------------


def an_import(bridge: Bridge, _: Outside) -> Go:
    return partial(run_import, start(bridge.tenant_id, ALL, ImportMode.DELTA), 2)


def is_taken_over(bridge: Bridge) -> None:
    scope_to(bridge.tenant_id)
    run = db.session.query(ImportRun).populate_existing().one()
    assert (run.state, run.problem) == (ImportState.DONE, None)
    assert set(people(bridge.tenant_id)) == {"T1", "T2", "T3"}
    assert db.session.query(ImportLine).count() == 0
    commit()


def an_import_that_fails(bridge: Bridge, _: Outside) -> Go:
    return partial(run_import, start(bridge.tenant_id, {"teilnehmer.csv": PEOPLE[:-9]}))


def has_failed(bridge: Bridge) -> None:
    scope_to(bridge.tenant_id)
    run = db.session.query(ImportRun).populate_existing().one()
    assert (run.state, run.problem, people(bridge.tenant_id)) == (ImportState.FAILED, "cut-off", {})
    commit()


def an_import_that_is_held(bridge: Bridge, _: Outside) -> Go:
    bring(bridge.tenant_id, ALL)
    return partial(run_import, start(bridge.tenant_id, {"teilnehmer.csv": "tn_id\n"}))


def is_held(bridge: Bridge) -> None:
    scope_to(bridge.tenant_id)
    run = db.session.query(ImportRun).populate_existing().order_by(ImportRun.id.desc()).first()
    assert run is not None
    assert (run.state, run.problem) == (ImportState.HELD, "shrinks")
    assert set(people(bridge.tenant_id)) == {"T1", "T2", "T3"}


def a_decision_for_many(bridge: Bridge, _: Outside) -> Go:
    return partial(run_bulk, begin_release(bridge.tenant_id, people=3), 2)


def all_are_released_once(bridge: Bridge) -> None:
    assert released_once(bridge.tenant_id) == [1, 1, 1]


def an_erasure(bridge: Bridge, _: Outside) -> Go:
    for number in "12":
        old_person(bridge.tenant_id, number)
    return partial(run_erasure, plan(bridge.tenant_id), 1)


def an_erasure_beside_an_import(bridge: Bridge, outside: Outside) -> Go:
    erase = an_erasure(bridge, outside)
    begin_import(bridge)

    def wait_and_go() -> None:
        erase()
        scope_to(EVERY_TENANT)
        db.session.query(ErasureRun).update({"lease_until": None})  # it looks again later
        end_import()
        erase()

    return wait_and_go


def are_erased(bridge: Bridge) -> None:
    assert numbers(bridge.tenant_id) == set()
    scope_to(EVERY_TENANT)
    run = db.session.query(ErasureRun).populate_existing().one()
    assert (run.state, run.people, run.problem) == (ErasureState.DONE, 2, None)
    commit()


# --- cron --------------------------------------------------------------------------------------------------


def a_night_is_due(bridge: Bridge, _: Outside) -> Go:
    release(bridge, "1")
    bridge.tenant.next_transfer_at = utcnow()
    commit()
    go = deliver(bridge)

    def sweep_and_go() -> None:
        schedule.sweep()
        scope_to(bridge.tenant_id)
        go()

    return sweep_and_go


def cron_is_silent(bridge: Bridge, _: Outside) -> Go:
    """Somebody is told of it; a worker looks in its place."""
    scope_to(EVERY_TENANT)
    long_ago = utcnow() - YESTERDAY / 2
    db.session.add(Heartbeat(name="cron:x:1", kind="cron", started_at=long_ago, seen_at=long_ago))
    commit()
    return watching.look_if_cron_is_silent


def is_told_once(bridge: Bridge) -> None:
    scope_to(EVERY_TENANT)
    kinds = [row.kind for row in db.session.query(Notice.kind)]
    assert kinds and len(set(kinds)) == len(kinds)
    commit()


# --- mails -------------------------------------------------------------------------------------------------


def a_mail(bridge: Bridge, _: Outside) -> Go:
    """A one-time link to somebody."""
    scope_to(EVERY_TENANT)
    make_account(f"caseworker-{bridge.tenant_id}", Role.CASEWORKER, bridge.tenant_id)
    account, now = db.session.query(Account).one(), utcnow()
    assert mail_link(account, make_link(account, now), now)
    commit()
    return lambda: whatever_the_dead_held(send_mail)


def whatever_the_dead_held(send: Callable[[int], object]) -> None:
    """Time has passed: the lease of the dead is over."""
    scope_to(EVERY_TENANT)
    db.session.query(Mail).update({"lease_until": None})
    number = db.session.query(Mail.id).scalar()
    commit()
    send(number)


def mail_ends(state: MailState) -> Callable[[Bridge], None]:
    def check(_: Bridge) -> None:
        scope_to(EVERY_TENANT)
        assert db.session.query(Mail).populate_existing().one().state is state
        commit()

    return check


def nobody_wants_it(bridge: Bridge, outside: Outside) -> Go:
    go = a_mail(bridge, outside)
    db.session.query(Account).one().disabled_at = utcnow()
    commit()
    return go


def the_server_defers_it(bridge: Bridge, outside: Outside) -> Go:
    outside.mail.data_answer = "451 Later"
    return a_mail(bridge, outside)


def no_worker_takes_it(bridge: Bridge, outside: Outside) -> Go:
    a_mail(bridge, outside)
    db.session.query(Mail).update({"due_at": utcnow() - YESTERDAY})
    commit()
    return lambda: whatever_the_dead_held(lambda _: send_overdue())


def a_morning(bridge: Bridge, outside: Outside) -> Go:
    """Something is open for the caseworker."""
    release(bridge, "1")
    scope_to(EVERY_TENANT)
    make_account(f"caseworker-{bridge.tenant_id}", Role.CASEWORKER, bridge.tenant_id, "VM")
    db.session.query(Presence).update({"clarification": "answer-missing"})
    commit()
    return partial(watching.look, dt.datetime(2027, 3, 2, 9, tzinfo=dt.UTC))


def each_has_one_digest(_: Bridge) -> None:
    scope_to(EVERY_TENANT)
    assert db.session.query(Mail).filter_by(kind=MailKind.DIGEST).count() == 1
    commit()


STORIES: dict[str, Story] = {
    "a delivery": Story(
        released("1"),
        is_online,
        (
            *("delivery.claimed", "delivery.begun", "delivery.let-go"),
            *("build.seen", "build.emptied", "build.frozen", "build.braked", "build.finished"),
            *("send.begun", "send.ready", "send.account", "send.opened", "send.part-read", "send.checked"),
            *("send.receipt", "attempt.noted", "answers.asking", "answers.applied", "answers.complete"),
        ),
    ),
    "a record is refused": Story(a_record_is_refused, is_online, ("refused.record", "send.abandoning")),
    "a record is refused, and the token gone": Story(
        a_record_is_refused,
        ends(DeliveryState.DISCARDED, Problem.NO_CREDENTIALS),
        ("send.nothing-to-abandon",),
        {"refused.record.after": lose_token},
    ),
    "somebody leaves": Story(somebody_leaves, has_left, ("build.omitted-rest",)),
    "many leave": Story(many_leave, has_left, ("build.omitted",)),
    "nobody is left to name": Story(
        nobody_is_left_to_name,
        ends(DeliveryState.DISCARDED, Problem.NOTHING_TO_SEND),
        ("build.nothing",),
    ),
    "too many vanish": Story(too_many_vanish, ends(DeliveryState.HELD, Problem.BRAKE), ("build.digested",)),
    "an import is taken over": Story(an_import_is_taken_over, is_online, ("build.put-off",)),
    "the licence has ended": Story(
        the_licence_has_ended, ends(DeliveryState.DISCARDED, Problem.NOT_LICENSED), ("build.forbidden",)
    ),
    "it crashed three times": Story(
        it_crashed_three_times, ends(DeliveryState.HELD, Problem.CRASHED), ("delivery.stopped",)
    ),
    "the database hinders it": Story(the_database_hinders_it, is_online, ("work.put-off",)),
    "a token of the other network": Story(
        a_token_of_the_other_network, ends(DeliveryState.FAILED, Problem.REFUSED), ("send.wrong-network",)
    ),
    "a wrong token": Story(
        a_wrong_token,
        ends(DeliveryState.FAILED, Problem.UNAUTHORISED),
        ("send.refused", "refused.unauthorised", "refused.failed"),
    ),
    "the network knows more": Story(
        the_network_knows_more, ends(DeliveryState.HELD, Problem.RECONCILE), ("send.reconcile",)
    ),
    "parts are too large": Story(parts_are_too_large, is_online, ("send.too-large",)),
    "consent is lost before the last look": Story(
        released("1", "2"),
        only_the_first_is_online,
        ("send.no-longer-allowed",),
        {"send.account.after": withdraw},
    ),
    "a commit is lost, and consent then": Story(
        a_commit_is_lost_and_consent_then, only_the_first_is_online, ("send.looked-again", "send.taken-back")
    ),
    "the network is away": Story(
        misbehaving("status", "openDelivery", status=500), is_online, ("send.failed", "send.paused")
    ),
    "the network refuses it": Story(
        misbehaving("status", "openDelivery", None, status=403),
        ends(DeliveryState.FAILED, Problem.NETWORK_LICENCE_EXPIRED),
        ("refused.ended",),
    ),
    "the network wants all": Story(
        misbehaving("base-mismatch", "commitDelivery"), is_online, ("refused.rebuilt",)
    ),
    "the network has a higher number": Story(
        misbehaving("sequence-conflict", "openDelivery", None, last_sequence=7),
        ends(DeliveryState.HELD, Problem.RECONCILE),
        ("refused.reconcile",),
    ),
    "a mediator is refused": Story(
        a_mediator_is_refused, ends(DeliveryState.FAILED, Problem.REFUSED_RECORD), ("refused.record-ended",)
    ),
    "answers are away": Story(
        misbehaving("status", "readAcknowledgements", status=500), is_online, ("answers.later",)
    ),
    "the token is gone": Story(the_token_is_gone, is_online, ("answers.no-token",)),
    "it is asked whether it is back": Story(
        it_is_asked_whether_it_is_back, is_online, ("probe.asking", "probe.noted")
    ),
    "an import": Story(
        an_import,
        is_taken_over,
        (
            *(
                "import.claimed",
                "import.begun",
                "import.door",
                "import.staging",
                "import.staged",
                "import.keys",
            ),
            *("import.checked", "import.analysed", "import.piece", "import.ended", "import.lines-deleted"),
            *("import.emptied", "import.beat"),
        ),
    ),
    "an import that fails": Story(an_import_that_fails, has_failed, ("import.explained",)),
    "an import that is held": Story(an_import_that_is_held, is_held, ("import.nothing-to-empty",)),
    "a decision for many": Story(a_decision_for_many, all_are_released_once, ("bulk.claimed", "bulk.piece")),
    "an erasure": Story(an_erasure, are_erased, ("erasure.claimed", "erasure.piece")),
    "an erasure beside an import": Story(an_erasure_beside_an_import, are_erased, ("erasure.put-off",)),
    "a night is due": Story(a_night_is_due, is_online, ("plan.swept",)),
    "a mail": Story(
        a_mail, mail_ends(MailState.SENT), ("mail.claimed", "mail.composed", "mail.noted"), mails=1
    ),
    "nobody wants it": Story(nobody_wants_it, mail_ends(MailState.GIVEN_UP), ("mail.unwanted",), mails=0),
    "the server defers it": Story(
        the_server_defers_it, mail_ends(MailState.WAITING), ("mail.put-off",), mails=0
    ),
    "no worker takes it": Story(no_worker_takes_it, mail_ends(MailState.SENT), ("mail.overdue",), mails=1),
    "a morning": Story(a_morning, each_has_one_digest, ("notices.morning",)),
    "cron is silent": Story(
        cron_is_silent, is_told_once, ("notices.cron-looked", "notices.looked", "notices.kept")
    ),
}

"""Stories of deliveries: every way that one may go."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from itertools import count

from sqlalchemy import event, select, update
from sqlalchemy.exc import OperationalError

from portal.core.database import commit, db, scope_to, utcnow
from portal.deliveries import attempts, building
from portal.deliveries import jobs as steps
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryProblem, DeliveryState
from portal.domain.imports import DOOR_FILE, ImportMode, ImportRun, ImportState
from portal.domain.participants import Participant
from portal.domain.releases import Event
from portal.domain.rules.status import Status
from portal.releases.imported import people_changed
from portal.tenants.service import set_licence, set_token
from tests.faults.scenario import Begin, Go, Outside, Story
from tests.faults.two_tenants import token_of
from tests.histories.test_order_of_answers import online
from tests.support.bridge import Bridge
from tests.support.clock import today
from tests.support.invariants import assert_promise
from tests.support.rude_server import answer
from tests.support.strangers import another_provider

YESTERDAY = dt.timedelta(days=1)


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


def misbehaving(kind: str, call: str, times: int | None = 1, **more: object) -> Begin:
    """The network misbehaves at this call, so many times, or whenever it is called."""

    def begin(bridge: Bridge, _: Outside) -> Go:
        release(bridge, "1")
        bridge.sandbox.misbehave(kind, call, provider_id=bridge.provider, count=times, **more)
        bridge.plan()
        return deliver(bridge)

    return begin


def ends(state: DeliveryState, problem: DeliveryProblem | None = None) -> Callable[[Bridge], None]:
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
    bridge.connection.token_encrypted = None
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


def it_crashed_where_it_may_count(bridge: Bridge, _: Outside) -> Go:
    """A worker that is started tries it at once, rather than in an hour."""
    release(bridge, "1")
    bridge.sandbox.misbehave("drop-after", "commitDelivery", provider_id=bridge.provider, count=1)
    bridge.deliver()
    newest = bridge.newest()
    newest.problem, newest.crashes = DeliveryProblem.CRASHED, steps.CRASHES
    newest.next_step_at = utcnow() + dt.timedelta(hours=1)
    bridge.connection.paused_until = None
    commit()

    def go() -> None:
        steps.try_again_what_crashed(utcnow())
        scope_to(bridge.tenant_id)
        bridge.work()
        bridge.hasten()

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
        for _ in range(3):  # whoever goes on after a death is hindered once as well
            go()
            db.session.execute(update(Delivery).values(lease_until=None))  # the pause is over
            commit()

    return hindered


def a_token_of_the_other_network(bridge: Bridge, outside: Outside) -> Go:
    go = released("1")(bridge, outside)
    set_token(bridge.connection, bridge.sandbox.create_provider("job4you"))
    commit()
    return go


def a_token_of_another_provider(bridge: Bridge, outside: Outside) -> Go:
    online(bridge, "2")
    go = released("1")(bridge, outside)
    _, token = another_provider(bridge.sandbox, "F1")
    set_token(bridge.connection, token)
    commit()
    return go


def another_account_is_taken(bridge: Bridge, _: Outside) -> Go:
    """It holds people whom nobody here told it of."""
    online(bridge, "1")
    bridge.connection.holdings_known = False
    commit()
    bridge.plan()
    return deliver(bridge)


def a_commit_is_lost_and_the_token_set_anew(bridge: Bridge, _: Outside) -> Go:
    release(bridge, "1")
    bridge.sandbox.misbehave("drop-after", "commitDelivery", provider_id=bridge.provider, count=1)
    bridge.deliver()
    set_token(bridge.connection, token_of(bridge))
    commit()
    return deliver(bridge)


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
    bridge.person("2", consent_withdrawn_on=today() - YESTERDAY)


def only_the_first_is_online(bridge: Bridge) -> None:
    ends(DeliveryState.COMPLETE)(bridge)
    assert bridge.held("2") is None


def a_mediator_is_refused(bridge: Bridge, outside: Outside) -> Go:
    """The network refuses the first line, which is nobody's record."""
    problem = {"type": "https://n/problems/invalid-record", "title": "Nein", "line": 1, "detail": "So nicht"}
    refused = answer(json.dumps(problem).encode(), "422 No", Content_Type="application/problem+json")
    outside.middle.misbehave(token_of(bridge), "putPart", refused, taken_in=False)
    return released("1")(bridge, outside)


def the_token_is_gone(bridge: Bridge, _: Outside) -> Go:
    """While answers are awaited; later it is there again."""
    release(bridge, "1")
    token = token_of(bridge)
    bridge.sandbox.misbehave("status", "readAcknowledgements", provider_id=bridge.provider, count=1)
    bridge.deliver()
    connection = bridge.connection
    connection.token_encrypted = None
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


DELIVERIES: dict[str, Story] = {
    "a delivery": Story(
        released("1"),
        is_online,
        (
            "deliveries.jobs.run_delivery",
            "deliveries.jobs._do_step",
            "deliveries.build_step.build",
            "deliveries.building._start_anew",
            "deliveries.building._write",
            "deliveries.build_step.build:2",
            "deliveries.sending.send",
            "deliveries.sending.Sending.check_account",
            "deliveries.sending.Sending.open",
            "deliveries.sending.Sending.put_parts",
            "deliveries.sending.Sending.look_again",
            "deliveries.sending.Sending.commit_delivery",
            "deliveries.attempts._store",
            "deliveries.answers.ask",
            "deliveries.answers.ask:2",
        ),
    ),
    "a record is refused": Story(
        a_record_is_refused,
        is_online,
        ("deliveries.sending.Sending.put_parts:2", "deliveries.jobs.abandon:2"),
    ),
    "a record is refused, and the token gone": Story(
        a_record_is_refused,
        ends(DeliveryState.DISCARDED, DeliveryProblem.NO_CREDENTIALS),
        ("deliveries.jobs.abandon",),
        {"deliveries.sending.Sending.put_parts:2.after": lose_token},
    ),
    "somebody leaves": Story(somebody_leaves, has_left, ("deliveries.building._write_people",)),
    "many leave": Story(many_leave, has_left, ("deliveries.building._write_people",)),
    "nobody is left to name": Story(
        nobody_is_left_to_name,
        ends(DeliveryState.DISCARDED, DeliveryProblem.NOTHING_TO_SEND),
        ("deliveries.build_step.build:2",),
    ),
    "too many vanish": Story(
        too_many_vanish,
        ends(DeliveryState.HELD, DeliveryProblem.BRAKE),
        ("deliveries.build_step.build:2",),
    ),
    "an import is taken over": Story(an_import_is_taken_over, is_online, ("deliveries.build_step.build",)),
    "the licence has ended": Story(
        the_licence_has_ended,
        ends(DeliveryState.DISCARDED, DeliveryProblem.NOT_LICENSED),
        ("deliveries.build_step.build",),
    ),
    "it crashed three times": Story(
        it_crashed_three_times,
        ends(DeliveryState.HELD, DeliveryProblem.CRASHED),
        ("deliveries.jobs._do_step",),
    ),
    "it crashed where it may count": Story(
        it_crashed_where_it_may_count, is_online, ("deliveries.jobs.try_again_what_crashed",)
    ),
    "the database hinders it": Story(the_database_hinders_it, is_online, ("core.db_errors.put_off",)),
    "a token of the other network": Story(
        a_token_of_the_other_network,
        ends(DeliveryState.FAILED, DeliveryProblem.REFUSED),
        ("deliveries.sending.Sending.check_account",),
    ),
    "a token of another provider": Story(
        a_token_of_another_provider,
        ends(DeliveryState.HELD, DeliveryProblem.OTHER_ACCOUNT),
        ("deliveries.sending.Sending.check_account",),
    ),
    "another account is taken": Story(
        another_account_is_taken,
        ends(DeliveryState.HELD, DeliveryProblem.UNKNOWN_HOLDINGS),
        ("deliveries.sending.Sending.check_account",),
    ),
    "a commit is lost, and the token set anew": Story(
        a_commit_is_lost_and_the_token_set_anew,
        is_online,
        ("deliveries.sending.Sending.check_account_again",),
    ),
    "a wrong token": Story(
        a_wrong_token,
        ends(DeliveryState.FAILED, DeliveryProblem.UNAUTHORISED),
        ("deliveries.sending.Sending.explain",),
    ),
    "the network knows more": Story(
        the_network_knows_more,
        ends(DeliveryState.HELD, DeliveryProblem.RECONCILE),
        ("deliveries.sending.Sending.check_account",),
    ),
    "parts are too large": Story(
        parts_are_too_large, is_online, ("deliveries.sending.Sending.check_account",)
    ),
    "consent is lost before the last look": Story(
        released("1", "2"),
        only_the_first_is_online,
        ("deliveries.sending.Sending.look_again",),
        {"deliveries.sending.Sending.check_account.after": withdraw},
    ),
    "a commit is lost, and consent then": Story(
        a_commit_is_lost_and_consent_then,
        only_the_first_is_online,
        ("deliveries.sending.Sending.take_back", "deliveries.sending.Sending.take_back:2"),
    ),
    "the network is away": Story(
        misbehaving("status", "openDelivery", status=500),
        is_online,
        ("deliveries.sending.Sending.explain",),
    ),
    "the network refuses it": Story(
        misbehaving("status", "openDelivery", None, status=403),
        ends(DeliveryState.FAILED, DeliveryProblem.NETWORK_LICENCE_EXPIRED),
        ("deliveries.sending.Sending.explain",),
    ),
    "the network wants all": Story(
        misbehaving("base-mismatch", "commitDelivery"), is_online, ("deliveries.sending.Sending.explain",)
    ),
    "the network gave it up": Story(
        misbehaving("status", "openDelivery", status=404),
        is_online,
        ("deliveries.sending.Sending._rebuild",),
    ),
    "the network has a higher number": Story(
        misbehaving("sequence-conflict", "openDelivery", None, last_sequence=7),
        ends(DeliveryState.HELD, DeliveryProblem.RECONCILE),
        ("deliveries.sending.Sending.explain",),
    ),
    "a mediator is refused": Story(
        a_mediator_is_refused,
        ends(DeliveryState.FAILED, DeliveryProblem.REFUSED_RECORD),
        ("deliveries.sending.Sending.put_parts:2",),
    ),
    "answers are away": Story(
        misbehaving("status", "readAcknowledgements", status=500),
        is_online,
        ("deliveries.unanswered.wait_longer",),
    ),
    "the token is gone": Story(the_token_is_gone, is_online, ("deliveries.answers.ask",)),
    "it is asked whether it is back": Story(
        it_is_asked_whether_it_is_back,
        is_online,
        ("deliveries.attempts.probe", "deliveries.attempts.probe:2"),
    ),
}

"""Stories of everything else that runs without anybody waiting: imports, decisions for many, erasures, cron, mails."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial

from portal.accounts.invitations import mail_link
from portal.accounts.links import make_link
from portal.bulk.jobs import run_bulk
from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.domain.accounts import Account, Role
from portal.domain.erasures import ErasureRun, ErasureState
from portal.domain.imports import ImportLine, ImportMode, ImportRun, ImportState
from portal.domain.notice_kinds import MailKind, MailState
from portal.domain.notices import Mail, Notice
from portal.domain.releases import Registration
from portal.domain.tenants import Heartbeat
from portal.imports.running import run_import
from portal.notices import evaluate as watching
from portal.notices.jobs import send_mail, send_overdue
from portal.privacy.jobs import run_erasure
from tests.bulk.test_running import begin_release, released_once
from tests.faults.deliveries import begin_import, deliver, end_import, is_online, release
from tests.faults.scenario import Go, Outside, Story
from tests.imports.exports import ALL, PEOPLE, bring, people, start
from tests.privacy.past import old_person
from tests.privacy.test_erasing import numbers, plan
from tests.support.bridge import Bridge
from tests.support.factories import make_account
from worker import schedule

YESTERDAY = dt.timedelta(days=1)


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
    bring(bridge.tenant_id, ALL, ImportMode.DELTA)  # the bridge has a mediator of its own
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


def the_server_refuses_it(bridge: Bridge, outside: Outside) -> Go:
    go = a_mail(bridge, outside)
    outside.mail.refused[db.session.query(Account).one().email] = "550 5.1.1 nobody here"
    commit()
    return go


def no_worker_takes_it(bridge: Bridge, outside: Outside) -> Go:
    a_mail(bridge, outside)
    db.session.query(Mail).update({"due_at": utcnow() - YESTERDAY})
    commit()
    return lambda: whatever_the_dead_held(lambda _: send_overdue(utcnow()))


def a_morning(bridge: Bridge, outside: Outside) -> Go:
    """Something is open for the caseworker."""
    release(bridge, "1")
    scope_to(EVERY_TENANT)
    make_account(f"caseworker-{bridge.tenant_id}", Role.CASEWORKER, bridge.tenant_id, "VM")
    db.session.query(Registration).update({"clarification": "answer-missing"})
    commit()
    return partial(watching.look, dt.datetime(2027, 3, 2, 9, tzinfo=dt.UTC))


def each_has_one_digest(_: Bridge) -> None:
    scope_to(EVERY_TENANT)
    assert db.session.query(Mail).filter_by(kind=MailKind.DIGEST).count() == 1
    commit()


CHORES: dict[str, Story] = {
    "an import": Story(
        an_import,
        is_taken_over,
        (
            "imports.running.run_import",
            "imports.running._work",
            "imports.running._drive",
            "imports.staging_files.stage_files",
            "imports.staging_files._stage_file",
            "imports.staging_files.stage_files:2",
            "imports.running._refresh_statistics",
            "imports.running._check",
            "imports.running._take_over",
            "imports.running._end",
            "imports.running._empty:2",
            "imports.running._empty:3",
            "imports.staging_files._KeepAlive.__call__",
        ),
    ),
    "an import that fails": Story(an_import_that_fails, has_failed, ("imports.running._fail",)),
    "an import that is held": Story(an_import_that_is_held, is_held, ("imports.running._empty",)),
    "a decision for many": Story(
        a_decision_for_many,
        all_are_released_once,
        ("domain.batches.run_batches", "domain.batches.run_batches:2"),
    ),
    "an erasure": Story(
        an_erasure, are_erased, ("domain.batches.run_batches", "domain.batches.run_batches:2")
    ),
    "an erasure beside an import": Story(
        an_erasure_beside_an_import, are_erased, ("domain.batches.run_batches:2",)
    ),
    "a night is due": Story(a_night_is_due, is_online, ("worker.schedule._each",)),
    "a mail": Story(
        a_mail,
        mail_ends(MailState.SENT),
        ("notices.jobs.send_mail", "notices.jobs._send", "notices.jobs._hand_over:3"),
        mails=1,
    ),
    "nobody wants it": Story(
        nobody_wants_it, mail_ends(MailState.GIVEN_UP), ("notices.jobs._send:2",), mails=0
    ),
    "the server defers it": Story(
        the_server_defers_it, mail_ends(MailState.WAITING), ("notices.jobs._hand_over:2",), mails=0
    ),
    "the server refuses it": Story(
        the_server_refuses_it, mail_ends(MailState.GIVEN_UP), ("notices.jobs._hand_over",), mails=0
    ),
    "no worker takes it": Story(
        no_worker_takes_it, mail_ends(MailState.SENT), ("notices.jobs.send_overdue",), mails=1
    ),
    "a morning": Story(a_morning, each_has_one_digest, ("notices.evaluate.look:3",)),
    "cron is silent": Story(
        cron_is_silent,
        is_told_once,
        ("notices.evaluate.look_if_cron_is_silent", "notices.evaluate.look", "notices.evaluate.look:2"),
    ),
}

"""What people and programs set off, each in one transaction: by a page, a command, the HTTP door.

Whoever is killed around it has done it or not; what was not done can be done again. Pages are used by whatever is
given: a client in the test's process, or a visitor of a real server.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from flask import Flask, current_app

from portal.bulk.service import Chosen, choose
from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.core.settings import current_settings
from portal.deliveries.network_accounts import find_question
from portal.deliveries.reconciling import find_differences
from portal.domain.accounts import Account, Role
from portal.domain.actors import Actor
from portal.domain.bulk import BulkAction, BulkRun, BulkState
from portal.domain.delivery_states import DeliveryState, Trigger
from portal.domain.imports import ImportMode, ImportRun, ImportState
from portal.domain.participants import Mediator
from portal.domain.releases import Event
from portal.releases.filters import Filters
from portal.tenants.context import load_tenant_context
from tests.faults.deliveries import release, too_many_vanish
from tests.histories.test_order_of_answers import online
from tests.imports.exports import ALL, bring, folder, zipped
from tests.support.bridge import Bridge
from tests.support.commands import Commands
from tests.support.door import Door, new_token
from tests.support.factories import make_account
from tests.support.pages import Browser


class Surfer(Protocol):
    """Who is signed in as the tenant's supervisor, opens a page and sends a form of it."""

    def get(self, path: str) -> object: ...

    def submit(self, action: str, /, **values: Any) -> object: ...


Done = Callable[[], object]
Doing = tuple[Callable[[], object], Done]
"""What does it, and whether it is done."""
Begin = Callable[[Bridge], Doing]
"""Makes everything ready."""
Using = tuple[Callable[[Surfer], object], Done]
OnPages = Callable[[Bridge], Using]
"""The same, of what is done on pages."""


def _app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined, no-any-return]


def somebody(bridge: Bridge) -> str:
    """A supervisor of the tenant; the initials."""
    scope_to(EVERY_TENANT)
    make_account(f"supervisor-{bridge.tenant_id}", Role.SUPERVISOR, bridge.tenant_id)
    commit()
    scope_to(bridge.tenant_id)
    return "SUP"


def in_this_process(begin: OnPages) -> Begin:
    def begin_here(bridge: Bridge) -> Doing:
        use, is_done = begin(bridge)

        def act() -> None:
            browser = Browser(_app())
            browser.sign_in(f"supervisor-{bridge.tenant_id}@example.org")
            use(browser)

        return act, is_done

    return begin_here


def say(bridge: Bridge, *words: str) -> Callable[[], object]:
    """A command of the tenant."""
    slug = bridge.tenant.slug
    commit()
    return lambda: Commands(_app()).say(*words, "--tenant", slug)


# --- one person --------------------------------------------------------------------------------------------


def release_by_page(bridge: Bridge) -> Using:
    somebody(bridge)
    address = f"/participants/{bridge.person('1')}"

    def act(page: Surfer) -> None:
        page.get(address)
        page.submit(f"{address}/release")

    return act, lambda: bridge.events("1") == [Event.RELEASED]


def by_command(word: str, *more: str, event: Event) -> Begin:
    def begin(bridge: Bridge) -> Doing:
        by = somebody(bridge)
        bridge.mediator("8", "ZW")
        bridge.person("1")
        if word != "release":
            bridge.release("1")
        act = say(bridge, word, "--participant", "1", "--by", by, *more)
        return act, lambda: bridge.events("1")[-1:] == [event]

    return begin


# --- transfers ---------------------------------------------------------------------------------------------


def deliver_by_command(bridge: Bridge) -> Doing:
    by = somebody(bridge)
    release(bridge, "1")
    return say(bridge, "deliver", "--by", by), lambda: bridge.connection.last_sequence == 1


def a_held_one(bridge: Bridge) -> Callable[[], DeliveryState]:
    """The brake holds it; gives its state."""
    somebody(bridge)
    too_many_vanish(bridge)()
    held = bridge.newest()
    assert held.state is DeliveryState.HELD
    return lambda: bridge.again(held).state


def discard_by_page(bridge: Bridge) -> Using:
    state = a_held_one(bridge)

    def act(page: Surfer) -> None:
        page.get("/deliveries/2")
        page.submit("/deliveries/2/discard")

    return act, lambda: state() is DeliveryState.DISCARDED


def stop_waiting_by_command(bridge: Bridge) -> Doing:
    release(bridge, "1")
    bridge.sandbox.misbehave("commit-forgotten", "commitDelivery", provider_id=bridge.provider, entirely=True)
    forgotten = bridge.deliver()
    doing = say(bridge, "delivery", "stop-waiting", "1")
    return doing, lambda: bridge.again(forgotten).state is DeliveryState.COMPLETE


def discard_by_command(bridge: Bridge) -> Doing:
    state = a_held_one(bridge)
    return say(bridge, "delivery", "discard", "2"), lambda: state() is DeliveryState.DISCARDED


def pass_by_command(bridge: Bridge) -> Doing:
    state = a_held_one(bridge)
    return say(bridge, "delivery", "pass", "2"), lambda: state() is DeliveryState.BUILT


# --- reconciling -------------------------------------------------------------------------------------------


def to_reconcile(bridge: Bridge) -> None:
    """A delivery is one that only the network knew, and a person has to settle it."""
    somebody(bridge)
    online(bridge, "1")
    bridge.newest().cause = Trigger.FOUND
    bridge.connection.reconcile_since = utcnow() - dt.timedelta(hours=1)
    commit()


def is_asked_again(bridge: Bridge) -> Done:
    return lambda: bridge.connection.probe_at is not None


def read_by_page(bridge: Bridge) -> Using:
    to_reconcile(bridge)

    def act(page: Surfer) -> None:
        page.get("/deliveries/reconcile")
        page.submit("/deliveries/reconcile/read")

    return act, is_asked_again(bridge)


def read_by_command(bridge: Bridge) -> Doing:
    to_reconcile(bridge)
    return say(bridge, "reconcile", "read"), is_asked_again(bridge)


def settle_by_command(bridge: Bridge) -> Doing:
    to_reconcile(bridge)
    found = find_differences(bridge.connection)
    assert found is not None
    act = say(bridge, "reconcile", "settle", "--shown", found.digest)
    return act, lambda: find_differences(bridge.connection) is None


# --- another account at the network ------------------------------------------------------------------------


def to_decide(bridge: Bridge) -> Done:
    """The token opens another account, which a person has to take."""
    somebody(bridge)
    online(bridge, "1")
    connection = bridge.connection
    connection.account_doubt, connection.doubted_since = "other-account", utcnow()
    connection.found_provider_id = connection.found_provider_name = "another"
    commit()
    return lambda: bridge.connection.provider_id == "another"


def accept_by_page(bridge: Bridge) -> Using:
    done = to_decide(bridge)

    def act(page: Surfer) -> None:
        page.get("/deliveries/network-account")
        page.submit("/deliveries/network-account/accept")

    return act, done


def accept_by_command(bridge: Bridge) -> Doing:
    done = to_decide(bridge)
    question = find_question(bridge.connection)
    assert question is not None
    return say(bridge, "network-account", "accept", "--shown", question.digest), done


# --- imports -----------------------------------------------------------------------------------------------


def newest_import(bridge: Bridge) -> ImportRun | None:
    scope_to(bridge.tenant_id)
    return db.session.query(ImportRun).populate_existing().order_by(ImportRun.id.desc()).first()


def import_by_page(bridge: Bridge) -> Using:
    somebody(bridge)

    def act(page: Surfer) -> None:
        page.get("/imports")
        page.submit("/imports", export=(io.BytesIO(zipped(ALL).getvalue()), "export.zip"))

    return act, lambda: newest_import(bridge) is not None


def import_by_command(bridge: Bridge) -> Doing:
    export = folder(Path(current_settings().data_folder).parent / "export", ALL)
    return say(bridge, "import", str(export)), lambda: newest_import(bridge) is not None


def import_by_door(bridge: Bridge) -> Doing:
    token = new_token(bridge.tenant_id)
    commit()
    line = {"vermittler_id": "V1", "kuerzel": "MM", "nachname": "Muster", "vorname": "Mia"}
    return (
        lambda: Door(_app(), token).put("mediators", [line], Idempotency_Key="once"),
        lambda: newest_import(bridge) is not None,
    )


def judge_import_by_command(verb: str, *states: ImportState) -> Begin:
    def begin(bridge: Bridge) -> Doing:
        somebody(bridge)
        bring(bridge.tenant_id, ALL, ImportMode.DELTA)  # the bridge has a mediator of its own
        held = bring(bridge.tenant_id, {"teilnehmer.csv": "tn_id\n"})
        assert held.state is ImportState.HELD
        scope_to(bridge.tenant_id)

        def is_done() -> bool:
            found = newest_import(bridge)
            return found is not None and found.state in states

        return say(bridge, "imports", verb, str(held.import_id)), is_done

    return begin


def identity_by_command(bridge: Bridge) -> Doing:
    by = somebody(bridge)
    bridge.person("1", birth_date=dt.date(1990, 2, 1))
    bridge.release("1")
    other = "tn_id;nachname;vorname;geburtsdatum\n1;Zander;Olaf;13.07.1985\n"
    bring(bridge.tenant_id, {"teilnehmer.csv": other}, ImportMode.DELTA)
    scope_to(bridge.tenant_id)
    act = say(bridge, "identity", "--participant", "1", "--person", "same", "--by", by)
    return act, lambda: bridge.events("1")[-1:] == [Event.IDENTITY_SETTLED]


def judge_import(verb: str, state: ImportState) -> OnPages:
    def begin(bridge: Bridge) -> Using:
        somebody(bridge)
        bring(bridge.tenant_id, ALL, ImportMode.DELTA)  # the bridge has a mediator of its own
        held = bring(bridge.tenant_id, {"teilnehmer.csv": "tn_id\n"})
        assert held.state is ImportState.HELD

        def act(page: Surfer) -> None:
            page.get(f"/imports/{held.import_id}")
            page.submit(f"/imports/{held.import_id}/{verb}")

        def is_done() -> bool:
            found = newest_import(bridge)
            return found is not None and found.state is state

        return act, is_done

    return begin


# --- decisions for many ------------------------------------------------------------------------------------


def bulk_runs(bridge: Bridge) -> list[BulkRun]:
    scope_to(bridge.tenant_id)
    return list(db.session.query(BulkRun).populate_existing())


def choose_by_page(bridge: Bridge) -> Using:
    somebody(bridge)
    bridge.person("1")

    def act(page: Surfer) -> None:
        page.get("/participants")
        page.submit("/bulk", action="release", whom="all")

    return act, lambda: len(bulk_runs(bridge)) == 1


def go_on_with(action: BulkAction, *words: str) -> OnPages:
    """What was chosen before gets its mediator, or is started."""

    def begin(bridge: Bridge) -> Using:
        somebody(bridge)
        bridge.person("1")
        account = db.session.query(Account).one()
        now = utcnow()
        actor, context = Actor(account.initials, account.id), load_tenant_context(bridge.tenant_id, now)
        number = choose(context, action, Chosen(None, Filters()), actor, now).id
        mediator = db.session.query(Mediator.id).scalar()
        commit()
        address = f"/bulk/{number}"

        def act(page: Surfer) -> None:
            page.get(address)
            values = {"mediator": str(mediator)} if action is BulkAction.MEDIATOR else {}
            page.submit(f"{address}/{words[0]}", **values)

        def is_done() -> bool:
            (run,) = bulk_runs(bridge)
            return run.mediator_id is not None if values_wanted else run.state is BulkState.WAITING

        values_wanted = action is BulkAction.MEDIATOR
        return act, is_done

    return begin


PAGES: dict[str, OnPages] = {
    "releases.views.done": release_by_page,
    "deliveries.views._done": discard_by_page,
    "deliveries.reconciling_views._back": read_by_page,
    "deliveries.account_views.accept": accept_by_page,
    "imports.views.upload": import_by_page,
    "imports.views.approve": judge_import("approve", ImportState.APPLYING),
    "imports.views.discard": judge_import("discard", ImportState.DISCARDED),
    "bulk.views.choose": choose_by_page,
    "bulk.views.choose_mediator": go_on_with(BulkAction.MEDIATOR, "mediator"),
    "bulk.views.start": go_on_with(BulkAction.RELEASE, "start"),
}
"""By the commit around which its process is killed."""
ACTS: dict[str, Begin] = {
    **{step: in_this_process(begin) for step, begin in PAGES.items()},
    "cli.releases.release": by_command("release", event=Event.RELEASED),
    "cli.releases.revoke": by_command("revoke", event=Event.REVOKED),
    "cli.releases.mediator": by_command("mediator", "--mediator", "8", event=Event.MEDIATOR_CHOSEN),
    "cli.deliveries.deliver": deliver_by_command,
    "cli.deliveries.pass_": pass_by_command,
    "cli.deliveries.discard": discard_by_command,
    "cli.deliveries.stop_waiting": stop_waiting_by_command,
    "cli.reconciling.read": read_by_command,
    "cli.reconciling.settle": settle_by_command,
    "cli.network_accounts.accept": accept_by_command,
    "api.views._start": import_by_door,
    "cli.imports.import_:2": import_by_command,
    "cli.judging_imports.pass_": judge_import_by_command("pass", ImportState.APPLYING, ImportState.DONE),
    "cli.judging_imports.discard": judge_import_by_command("discard", ImportState.DISCARDED),
    "cli.identities.identity": identity_by_command,
}
"""The same of everything, in this process."""

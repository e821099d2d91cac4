"""`jobbruecke reconcile`: nothing to do, and from the differences to settling them."""

from __future__ import annotations

import json

from portal.core.database import commit, db, rollback, scope_to, utcnow
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import Trigger
from tests.support.bridge import Bridge
from tests.support.commands import Commands

TENANT = ("--tenant", "alpha")


def test_without_anything_to_reconcile_it_says_so(bridge: Bridge, commands: Commands) -> None:
    assert "Es gibt nichts abzugleichen" in commands.say("reconcile", "show", *TENANT)
    assert json.loads(commands.say("reconcile", "show", *TENANT, "--json")) == {"reconcile_since": None}
    assert "Es gibt nichts abzugleichen" in commands.refuse("reconcile", "read", *TENANT)
    assert "Es gibt nichts abzugleichen" in commands.refuse("reconcile", "settle", *TENANT, "--shown", "x")


def test_it_shows_and_settles_exactly_what_was_shown(bridge: Bridge, commands: Commands) -> None:
    bridge.person("1")
    bridge.release("1")
    bridge.deliver()
    bridge.hasten()
    bridge.connection.reconcile_since = utcnow()
    newest = db.session.get_one(Delivery, bridge.newest().id)
    newest.cause, newest.created_at = Trigger.FOUND, utcnow()
    bridge.revoke("1")
    rollback()
    shown = json.loads(commands.say("reconcile", "show", *TENANT, "--json"))
    assert (shown["reading"], [it["participant"] for it in shown["unreleased"]]) == (False, ["1"])
    said = commands.say("reconcile", "show", *TENANT)
    assert "Muster1" in said and shown["shown_digest"] in said
    assert "inzwischen anderes" in commands.refuse("reconcile", "settle", *TENANT, "--shown", "0" * 64)
    assert "abgeschlossen" in commands.say("reconcile", "settle", *TENANT, "--shown", shown["shown_digest"])
    scope_to(bridge.tenant_id)
    assert bridge.connection.reconcile_since is None
    commit()

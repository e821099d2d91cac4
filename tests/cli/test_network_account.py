"""`jobbruecke network-account`: which account it is, and accepting another one as it was shown."""

from __future__ import annotations

import json

from portal.core.database import commit, scope_to
from portal.tenants.service import set_token
from tests.histories.test_order_of_answers import online
from tests.support.bridge import Bridge
from tests.support.commands import Commands
from tests.support.strangers import another_provider

TENANT = ("--tenant", "alpha")


def test_it_shows_and_accepts_exactly_what_was_shown(bridge: Bridge, commands: Commands) -> None:
    online(bridge, "1")
    assert bridge.provider in commands.say("network-account", "show", *TENANT)
    values = json.loads(commands.say("network-account", "show", *TENANT, "--json"))
    assert (values["provider_id"], values["account_doubt"]) == (bridge.provider, None)
    assert "nichts zu entscheiden" in commands.refuse("network-account", "accept", *TENANT, "--shown", "x")
    scope_to(bridge.tenant_id)
    other, token = another_provider(bridge.sandbox)
    set_token(bridge.connection, token)
    commit()
    bridge.deliver()
    said = commands.say("network-account", "show", *TENANT)
    values = json.loads(commands.say("network-account", "show", *TENANT, "--json"))
    assert other in said and values["shown_digest"] in said
    assert (values["account_doubt"], values["found_provider_id"]) == ("other-account", other)
    assert "inzwischen ein anderes" in commands.refuse("network-account", "accept", *TENANT, "--shown", "x")
    commands.say("network-account", "accept", *TENANT, "--shown", values["shown_digest"])
    scope_to(bridge.tenant_id)
    assert bridge.connection.provider_id == other
    commit()

"""`jobbruecke states`, and the daily comparison: what lists show is what the rules say, or is named and mended."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import text

from portal.core.database import EVERY_TENANT, commit, db, scoped_to, utcnow
from portal.domain.rules.phase import Phase
from portal.domain.tenants import Tenant
from portal.releases import counts, drift
from portal.releases.drift import check_some
from tests.support.bridge import Bridge
from tests.support.commands import Commands


@pytest.fixture
def drifted(bridge: Bridge) -> Bridge:
    """Three participants; of the second a state is stored, and counted, that the rules would not decide."""
    for number in ("1", "2", "3"):
        bridge.person(number)
    bridge.release("2")
    wrong = text(
        "UPDATE participant_state SET phase = 'current', needs_action = :yes WHERE participant_id = :row"
    )
    db.session.execute(wrong, {"yes": True, "row": bridge.id("2")})
    counts.mend(bridge.tenant_id)
    commit()
    return bridge


def test_whoever_is_stored_otherwise_is_named(drifted: Bridge, commands: Commands) -> None:
    for where in ((), ("--tenant", "alpha")):
        said = commands.run("states", "check", *where)
        assert said.code == 1
        assert "1 gespeicherte Stände weichen ab" in said.err
        assert said.out.split() == ["alpha", "2", "phase,", "needs_action"]


def test_deciding_anew_mends_it(drifted: Bridge, commands: Commands) -> None:
    assert "alpha: 1 berichtigt." in commands.say("states", "refresh")
    assert "Alle gespeicherten Stände stimmen." in commands.say("states", "check")
    assert drifted.phase("2") is Phase.SCHEDULED


def test_the_daily_comparison_mends_and_counts_it(
    drifted: Bridge, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drift, "CHECKED", 2)
    now = utcnow()
    found = []
    with scoped_to(EVERY_TENANT):
        for _ in range(6):  # two tenants, one of them in two pieces
            found.append(check_some(now))
            commit()
        assert sum(found) == 1
        assert db.session.get_one(Tenant, drifted.tenant_id).states_drifted == 1
        assert check_some(now + dt.timedelta(hours=23)) == 0
        assert db.session.get_one(Tenant, drifted.tenant_id).states_checked_at == now
        commit()
    assert "stimmen" in commands.say("states", "check")

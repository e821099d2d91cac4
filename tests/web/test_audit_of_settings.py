"""The audit says what was set, before and after, whatever was set and by whom; never a secret, never a name."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import inspect, text

from portal.audit.change_lines import CHANGE_LABELS
from portal.audit.changes import AUDITED, NAMES, UNSET, take_changes
from portal.audit.verifying import ChainErrorKind, verify
from portal.core.database import EVERY_TENANT, db, rollback, scope_to
from portal.domain.accounts import Account
from portal.domain.audit import AuditEntry, AuditEvent
from portal.domain.tenants import Tenant
from tests.support.commands import Commands
from tests.support.database import as_owner
from tests.support.factories import House, looking
from tests.support.pages import Browser

SignedIn = Callable[[str], Browser]
SETTINGS = {
    "transfer_time": "21:30",
    "federal_state": "NW",
    "brake_minimum": "4",
    "brake_percent": "6",
    "brake_days": "8",
    "brake_order_minimum": "3",
    "protocol_months": "36",
    "payload_days": "60",
    "svnr": "1",
}


def changes(event: AuditEvent) -> dict[str, list[object]]:
    """What the newest entry of this kind says was set."""
    with looking():
        entry = db.session.query(AuditEntry).filter_by(event=event).order_by(AuditEntry.id.desc()).first()
    assert entry is not None
    found: dict[str, list[object]] = entry.data.get("changes", {})
    return found


def everything_kept() -> str:
    with looking():
        return json.dumps([entry.data for entry in db.session.query(AuditEntry)])


def test_every_column_is_either_set_by_people_or_known_not_to_be(sqlite_app: Flask) -> None:
    for model, columns in AUDITED.items():
        known = set(columns) | UNSET[model]
        assert known == {column.key for column in inspect(model).columns}, model
        assert not set(columns) & UNSET[model]
        names = {f"{NAMES[model]}.{name.removesuffix('_encrypted')}" for name in columns}
        assert names <= set(CHANGE_LABELS)


def test_settings_are_kept_before_and_after(signed_in: SignedIn, house: House) -> None:
    administrator = signed_in("administrator")
    administrator.get("/settings")
    administrator.submit("/settings", **SETTINGS)
    assert changes(AuditEvent.SETTINGS_CHANGED) == {
        "tenant.transfer_time": ["22:00", "21:30"],
        "tenant.federal_state": ["BE", "NW"],
        "tenant.brake_minimum": [3, 4],
        "tenant.brake_percent": [5, 6],
        "tenant.brake_days": [7, 8],
        "tenant.brake_order_minimum": [2, 3],
        "tenant.protocol_months": [24, 36],
        "tenant.payload_days": [90, 60],
        "tenant.sends_social_insurance_number": [False, True],
    }
    page = administrator.get("/audit?event=settings-changed").text
    assert "Sozialversicherungsnummern ans Jobportal senden: nein → ja" in page
    assert "Bundesland: Berlin → Nordrhein-Westfalen" in page


def test_what_stayed_as_it_was_is_no_change(signed_in: SignedIn, house: House) -> None:
    administrator = signed_in("administrator")
    for _ in range(2):
        administrator.get("/settings")
        administrator.submit("/settings", **SETTINGS)
    assert changes(AuditEvent.SETTINGS_CHANGED) == {}


def test_what_was_refused_is_not_said_of_the_next_act(signed_in: SignedIn, house: House) -> None:
    """A limit out of bounds is found after others have been set: none of it counts."""
    administrator = signed_in("administrator")
    administrator.get("/settings")
    administrator.submit("/settings", **(SETTINGS | {"payload_days": "1"}))
    administrator.get("/settings")
    administrator.submit("/settings/token", token="a-secret-token")
    assert changes(AuditEvent.TOKEN_SET) == {"connection.token": ["set", "changed"]}


def test_of_credentials_only_that_they_changed_is_kept(signed_in: SignedIn, house: House) -> None:
    administrator = signed_in("administrator")
    administrator.get("/settings")
    administrator.submit("/settings/token", token="a-secret-token")
    assert changes(AuditEvent.TOKEN_SET) == {"connection.token": ["set", "changed"]}
    assert "a-secret-token" not in everything_kept()
    assert "Zugangsdaten: hinterlegt → neu gesetzt" in administrator.get("/audit?event=token-set").text


def test_a_change_of_network_says_from_which_to_which(signed_in: SignedIn, house: House) -> None:
    administrator = signed_in("administrator")
    administrator.get("/settings")
    administrator.submit("/settings/network", network="job4you")
    assert changes(AuditEvent.NETWORK_CHOSEN) == {"tenant.network": ["jobnetzwerk", "job4you"]}
    assert "Jobportal: Jobnetzwerk → Job4You" in administrator.get("/audit?event=network-chosen").text


def test_accounts_keep_roles_and_no_names(signed_in: SignedIn, house: House) -> None:
    administrator = signed_in("administrator")
    typed = {
        "email": "neu@example.org",
        "name": "Nora Neu",
        "initials": "NN",
        "role": "caseworker",
        "mediator": "",
    }
    administrator.get("/accounts/new")
    administrator.submit("/accounts", status=200, **typed)
    made = changes(AuditEvent.ACCOUNT_CREATED)
    assert made["account.role"] == [None, "caseworker"]
    assert made["account.initials"] == [None, "NN"]
    assert made["account.name"] == made["account.email"] == [None, "set"]
    with looking():
        number = db.session.query(Account.id).filter_by(email="neu@example.org").scalar()
    administrator.get(f"/accounts/{number}")
    changed = typed | {"role": "supervisor", "name": "Nora Anders", "initials": "NA", "mediator": "V-1"}
    administrator.submit(f"/accounts/{number}", **changed)
    assert changes(AuditEvent.ACCOUNT_CHANGED) == {
        "account.role": ["caseworker", "supervisor"],
        "account.initials": ["NN", "NA"],
        "account.name": ["set", "changed"],
        "account.mediator_id": [None, house.mediator],
    }
    page = administrator.get("/audit?event=account-changed").text
    assert "Rolle: Sachbearbeitung → Leitung" in page
    assert "Vermittler/in: – → V-1" in page
    administrator.get(f"/accounts/{number}")
    administrator.submit(f"/accounts/{number}/disable")
    assert changes(AuditEvent.ACCOUNT_DISABLED) == {"account.disabled_at": [None, "set"]}
    for personal in ("Nora", "neu@example.org"):
        assert personal not in everything_kept()


def test_tokens_of_the_http_door_keep_until_when_they_are_good(signed_in: SignedIn, house: House) -> None:
    administrator = signed_in("administrator")
    administrator.get("/settings/tokens")
    administrator.submit("/settings/tokens", status=200, name="Nachtlauf", days="30")
    assert list(changes(AuditEvent.API_TOKEN_MADE)) == ["api-token.expires_at"]
    page = administrator.get("/settings/tokens")
    action = next(
        form.get("action") or "" for form in page.find_all("form") if "revoke" in (form.get("action") or "")
    )
    administrator.submit(action)
    assert changes(AuditEvent.API_TOKEN_REVOKED) == {"api-token.revoked_at": [None, "set"]}
    assert "jobbruecke_" not in everything_kept()


def test_whether_one_wants_mails_is_kept(signed_in: SignedIn, house: House) -> None:
    caseworker = signed_in("caseworker")
    token = caseworker.get("/account").form("/account/password")  # the form itself wants a mail server
    caseworker.post("/account/mails", token | {"language": "en"})
    assert changes(AuditEvent.SETTINGS_CHANGED) == {
        "account.gets_mails": [True, False],
        "account.language": [None, "en"],
    }


def test_commands_say_it_too(sqlite_app: Flask, house: House) -> None:
    commands = Commands(sqlite_app)
    commands.say("tenant", "set", "alpha", "--licence-until", "2027-12-31", "--svnr", "--brake-percent", "9")
    (entry,) = commands.ask("audit", "list", "--tenant", "alpha", "--event", "settings-changed")["entries"]
    assert {it["name"]: (it["before"], it["after"]) for it in entry["changes"]} == {
        "tenant.licence_until": ("–", "31.12.2027"),
        "tenant.sends_social_insurance_number": ("nein", "ja"),
        "tenant.brake_percent": ("5", "9"),
    }
    assert entry["command"] == "tenant set"
    shown = commands.say("audit", "list", "--tenant", "alpha")
    assert "Lizenz bis: – → 31.12.2027" in shown
    assert commands.ask("audit", "list", "--tenant", "beta")["entries"] == []


def test_older_entries_are_a_command_away(sqlite_app: Flask, house: House) -> None:
    commands = Commands(sqlite_app)
    for percent in ("7", "8", "9"):
        commands.say("tenant", "set", "alpha", "--brake-percent", percent)
    first = commands.ask("audit", "list", "--tenant", "alpha", "--limit", "2")
    rest = commands.ask("audit", "list", "--tenant", "alpha", "--before", str(first["next"]))
    after = [entry["changes"][0]["after"] for entry in first["entries"] + rest["entries"]]
    assert after == ["9", "8", "7"]
    assert rest["next"] is None


def test_what_was_set_is_sealed_like_the_rest(sqlite_app: Flask, house: House) -> None:
    commands = Commands(sqlite_app)
    commands.say("tenant", "set", "alpha", "--svnr")
    scope_to(EVERY_TENANT)
    assert verify().finding is None
    db.session.rollback()
    with as_owner() as connection:
        triggers = connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entry'")
        )
        for (name,) in triggers.all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text("UPDATE audit_entry SET data = replace(data, 'false', 'true')"))
    finding = verify().finding
    assert finding is not None
    assert finding.misfit is ChainErrorKind.ENTRY_CHANGED


def test_an_act_without_settings_says_nothing_of_any(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    browser.get(f"/participants/{house.eva}")
    browser.submit(f"/participants/{house.eva}/release")
    assert changes(AuditEvent.RELEASED) == {}


@pytest.mark.parametrize("address", ["event=nothing", "subject=nobody", "from=yesterday", "to=31.02.2026"])
def test_what_narrows_nothing_is_said(signed_in: SignedIn, house: House, address: str) -> None:
    page = signed_in("administrator").get(f"/audit?{address}")
    assert address.partition("=")[2] in page.text_of("ignored")
    assert not signed_in("administrator").get("/audit?event=released").find_all("div", id="ignored")


@pytest.mark.parametrize("undone", ["set back", "rolled back"])
def test_what_was_undone_in_its_transaction_is_no_change(
    sqlite_app: Flask, house: House, undone: str
) -> None:
    scope_to(house.tenant_id)
    tenant = db.session.get_one(Tenant, house.tenant_id)
    tenant.brake_percent = 9
    db.session.flush()
    if undone == "rolled back":
        rollback()
    else:
        tenant.brake_percent = 5
        db.session.flush()
    assert take_changes() == {}

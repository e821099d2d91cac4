"""`account link|set|disable|enable` and `audit verify|export`: what support does at the server."""

from __future__ import annotations

import json
from typing import cast

import time_machine
from flask import Flask, current_app
from sqlalchemy import text

from portal.audit.checkpoints import checkpoints_file
from portal.core.database import EVERY_TENANT, db, scope_to, utcnow
from portal.core.settings import current_settings
from portal.domain.audit import AuditEntry, AuditEvent
from tests.support.bridge import Bridge
from tests.support.commands import Commands
from tests.support.database import as_owner
from tests.support.pages import Browser
from tests.support.second_factor import Phone

EMAIL = ("--email", "Berg@Example.org")
BERG = ("account", "create", "--tenant", "alpha", *EMAIL, "--name", "Sabine Berg", "--initials", "SB")
PASSWORD, NEW = "Dreizehn Kraniche im Nebel", "Vierzehn Reiher am Wehr"


def create(commands: Commands) -> None:
    commands.say(*BERG, stdin=f"{PASSWORD}\n")


def events() -> list[tuple[str, str]]:
    scope_to(EVERY_TENANT)
    db.session.rollback()
    rows = db.session.query(AuditEntry).order_by(AuditEntry.id).all()
    found = [(AuditEvent(row.event).value, row.data["command"]) for row in rows if "command" in row.data]
    db.session.rollback()
    return found


def this_app() -> Flask:
    return cast("Flask", current_app._get_current_object())  # type: ignore[attr-defined]


def test_a_printed_link_sets_a_password(commands: Commands, bridge: Bridge) -> None:
    create(commands)
    link = commands.say("account", "link", *EMAIL).strip()
    assert link.startswith("/set-password/")
    db.session.rollback()
    browser = Browser(this_app())
    browser.get(link)
    browser.submit(link, password=NEW)
    browser.sign_in("berg@example.org", NEW)
    browser.get("/participants")
    assert ("link-made", "account link") in events()


def test_disabling_and_enabling(commands: Commands, bridge: Bridge) -> None:
    create(commands)
    browser = Browser(this_app())
    browser.sign_in("berg@example.org", PASSWORD)
    commands.say("account", "disable", *EMAIL)
    db.session.rollback()
    browser.get("/participants", status=302)
    assert "schon gesperrt" in commands.refuse("account", "disable", *EMAIL)
    assert "Entsperren Sie es zuerst" in commands.refuse("account", "link", *EMAIL)
    commands.say("account", "enable", *EMAIL)
    assert "nicht gesperrt" in commands.refuse("account", "enable", *EMAIL)
    assert events()[-2:] == [("account-disabled", "account disable"), ("account-enabled", "account enable")]


def test_another_role(commands: Commands) -> None:
    create(commands)
    commands.say("account", "set", *EMAIL, "--role", "administrator")
    assert "letzte offene Administration" in commands.refuse("account", "set", *EMAIL, "--role", "caseworker")
    assert "gehört zu keinem Mandanten" in commands.refuse("account", "set", *EMAIL, "--role", "support")


def test_a_lost_second_factor_is_reset(commands: Commands, bridge: Bridge) -> None:
    create(commands)
    words = ("account", "reset-second-factor", *EMAIL)
    assert "kein zweiter Faktor" in commands.refuse(*words)
    db.session.rollback()
    browser = Browser(this_app())
    browser.sign_in("berg@example.org", PASSWORD)
    with time_machine.travel(utcnow(), tick=False) as clock:
        Phone.set_up(browser, clock, PASSWORD)
    commands.say(*words)
    db.session.rollback()
    browser.get("/account", status=302)
    browser.sign_in("berg@example.org", PASSWORD)
    browser.get("/account")
    assert ("second-factor-reset", "account reset-second-factor") in events()


def test_an_account_that_is_not_there(commands: Commands) -> None:
    for words in (
        ("link",),
        ("disable",),
        ("enable",),
        ("reset-second-factor",),
        ("set", "--role", "caseworker"),
    ):
        assert "Dieses Konto gibt es nicht" in commands.refuse("account", *words, "--email", "x@example.org")


def test_an_easy_password_is_refused(commands: Commands) -> None:
    assert "leicht zu erraten" in commands.refuse(*BERG, stdin="passwortpasswort\n")


def test_the_audit_verifies_and_names_what_does_not_fit(commands: Commands, bridge: Bridge) -> None:
    create(commands)
    assert "Alles passt" in commands.say("audit", "verify")
    values = commands.ask("audit", "verify")
    assert values["ok"] is True and values["finding"] is None
    assert "audit-heads.ndjson" in commands.say("audit", "export")
    assert len(checkpoints_file(current_settings()).read_text().splitlines()) == 1
    db.session.rollback()
    postgresql = db.engine.dialect.name == "postgresql"
    with as_owner() as connection:
        connection.execute(
            text("ALTER TABLE audit_entry DISABLE TRIGGER ALL")
            if postgresql
            else text("DROP TRIGGER audit_entry_keep_update")
        )
        connection.execute(text("UPDATE audit_entry SET by = 'XX'"))
    assert "wurde verändert" in commands.refuse("audit", "verify")
    said = commands.run("audit", "verify", "--json")
    assert (said.code, json.loads(said.out)["finding"]["table"]) == (1, "audit_entry")


def test_heads_that_somebody_wrote_over_are_refused(commands: Commands, bridge: Bridge) -> None:
    create(commands)
    commands.say("audit", "export")
    checkpoints_file(current_settings()).write_text("nonsense\n")
    assert "Zeile 1" in commands.refuse("audit", "verify")


def test_commands_that_change_something_are_in_the_audit(commands: Commands, bridge: Bridge) -> None:
    bridge.person("1001")
    commands.say("release", "--tenant", "alpha", "--participant", "1001", "--by", "VM", "--confirm-consent")
    assert ("released", "release") in events()

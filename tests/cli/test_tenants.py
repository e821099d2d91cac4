"""`tenant create|set|show` and `account create`: what support sets up, and what it is refused."""

from __future__ import annotations

import json

import pytest
from flask import current_app

from portal.core.database import EVERY_TENANT, db, scope_to
from portal.domain.tenants import Tenant
from tests.support.bridge import Bridge
from tests.support.commands import Commands
from tests.support.pages import Browser

NEW = ("tenant", "create", "spree", "--name", "Lernwerk Spreetal")
WHOLE = (*NEW, "--network", "job4you", "--token", "--licence-from", "2026-01-01", "--federal-state", "by")
TOKEN = "a-token-that-nobody-sees"
PASSWORD = "Dreizehn Kraniche im Nebel"
BERG = (
    *("account", "create", "--tenant", "alpha", "--email", "Berg@Example.org"),
    *("--name", "Sabine Berg", "--initials", "SB"),
)


def test_a_tenant_with_everything(bare: Commands) -> None:
    created = json.loads(bare.say(*WHOLE, "--json", stdin=f"{TOKEN}\n"))
    assert (created["tenant"], created["network"], created["federal_state"]) == ("spree", "job4you", "BY")
    assert (created["licence_from"], created["licence_until"]) == ("2026-01-01", None)
    assert created["connection"]["has_token"] is True
    assert created["findings"] == []
    assert created == bare.ask("tenant", "show", "spree")
    shown = bare.say("tenant", "show", "spree")
    assert "Lernwerk Spreetal" in shown and "hinterlegt" in shown
    assert TOKEN not in shown + json.dumps(created)


def test_a_tenant_with_nothing_says_what_is_missing(bare: Commands) -> None:
    shown = bare.say(*NEW)
    assert "Es fehlt" in shown and "nicht gewählt" in shown
    codes = [finding["code"] for finding in bare.ask("tenant", "show", "spree")["findings"]]
    assert codes == ["licence-missing", "network-not-chosen"]


def test_only_what_is_named_changes(bare: Commands) -> None:
    before = json.loads(bare.say(*WHOLE, "--json", stdin=f"{TOKEN}\n"))
    changed = bare.ask(
        *("tenant", "set", "spree", "--transfer-time", "03:30", "--licence-until", "2030-12-31"),
        *("--no-svnr", "--brake-percent", "7", "--name", " Spreetal "),
    )
    differing = {name for name in before if before[name] != changed[name]}
    assert differing == {
        *("name", "transfer_time", "next_transfer_at", "licence_until", "brake_percent"),
    } | ({"sends_social_insurance_number"} if before["sends_social_insurance_number"] else set())
    assert (changed["name"], changed["transfer_time"]) == ("Spreetal", "03:30")
    gone = bare.ask("tenant", "set", "spree", "--no-licence")
    assert (gone["licence_from"], gone["licence_until"]) == (None, None)


@pytest.mark.parametrize(
    ("words", "stdin", "says"),
    [
        (("tenant", "create", "Spree Tal", "--name", "x"), "", "Kurzname"),
        (("tenant", "create", "a" * 64, "--name", "x"), "", "Kurzname"),
        (("tenant", "create", "alpha", "--name", "x"), "", "gibt es schon"),
        (("tenant", "create", "gamma", "--name", " "), "", "Name"),
        (("tenant", "create", "gamma", "--name", "x\x07"), "", "Name"),
        (("tenant", "create", "gamma", "--name", "x", "--federal-state", "XX"), "", "Bundesland"),
        (("tenant", "create", "gamma", "--name", "x", "--licence-until", "2026-01-01"), "", "Lizenz"),
        (
            ("tenant", "set", "alpha", "--licence-from", "2026-02-01", "--licence-until", "2026-01-01"),
            "",
            "Lizenz",
        ),
        (("tenant", "create", "gamma", "--name", "x", "--token"), "t\n", "Jobportal"),
        (("tenant", "set", "alpha", "--token"), "two words\n", "Token"),
        (("tenant", "set", "alpha", "--token"), "", ""),
        (("tenant", "set", "nobody", "--name", "x"), "", ""),
        (("tenant", "show", "nobody"), "", ""),
    ],
)
def test_what_cannot_be_is_a_sentence_and_changes_nothing(
    staffed: Commands, words: tuple[str, ...], stdin: str, says: str
) -> None:
    before = _tenants()
    said = staffed.run(*words, stdin=stdin)
    sentence = said.err.strip()
    assert (said.code, said.out) == (1, ""), said
    assert says in sentence and sentence.endswith(".") and "Unerwartet" not in sentence
    assert _tenants() == before


@pytest.mark.parametrize(
    "words",
    [
        ("tenant", "set", "alpha"),
        ("tenant", "create", "gamma"),
        ("tenant", "set", "alpha", "--transfer-time", "25:00"),
        ("tenant", "set", "alpha", "--licence-from", "yesterday"),
        ("tenant", "set", "alpha", "--no-licence", "--licence-from", "2026-01-01"),
        ("tenant", "set", "alpha", "--network", "jobboerse"),
        ("tenant", "set", "alpha", "--brake-percent", "101"),
    ],
)
def test_wrong_usage_is_2(staffed: Commands, words: tuple[str, ...]) -> None:
    before = _tenants()
    said = staffed.run(*words)
    assert (said.code, said.out) == (2, ""), said
    assert _tenants() == before


def test_leaving_a_network_where_people_are_wants_to_be_confirmed(bridge: Bridge, commands: Commands) -> None:
    bridge.person("1001")
    bridge.release("1001")
    refused = commands.refuse("tenant", "set", "alpha", "--network", "job4you")
    assert "1 Personen" in refused and "--confirm-network-change" in refused
    assert commands.ask("tenant", "show", "alpha")["network"] == "jobnetzwerk"
    changed = commands.ask("tenant", "set", "alpha", "--network", "job4you", "--confirm-network-change")
    assert (changed["network"], changed["connection"]["has_token"]) == ("job4you", False)
    person = ("--tenant", "alpha", "--participant", "1001")
    assert commands.ask("status", *person)["released"] is False


def test_an_account_signs_in_with_what_was_typed(staffed: Commands) -> None:
    created = json.loads(staffed.say(*BERG, "--role", "supervisor", "--json", stdin=f"{PASSWORD}\n"))
    assert (created["email"], created["initials"], created["role"]) == (
        "berg@example.org",
        "SB",
        "supervisor",
    )
    assert PASSWORD not in json.dumps(created)
    browser = Browser(current_app._get_current_object())  # type: ignore[attr-defined]
    browser.sign_in("berg@example.org", PASSWORD)
    assert "Alpha" in browser.get("/participants").text


@pytest.mark.parametrize(
    ("changes", "stdin", "says"),
    [
        ({"--email": "nobody"}, PASSWORD, "E-Mail"),
        ({"--name": " "}, PASSWORD, "Name"),
        ({"--initials": "K" * 21}, PASSWORD, "Kürzel"),
        ({}, "short", "Passwort"),
        ({}, "x" * 2000, "Passwort"),
        ({}, "", ""),
        ({"--mediator": "V-404"}, PASSWORD, ""),
        ({"--role": "support"}, PASSWORD, "Mandanten"),
        ({"--tenant": "nobody"}, PASSWORD, ""),
    ],
)
def test_an_account_is_refused_in_a_sentence(
    staffed: Commands, changes: dict[str, str], stdin: str, says: str
) -> None:
    said = staffed.refuse(*_with(changes), stdin=f"{stdin}\n" if stdin else "")
    assert says in said and said.endswith(".") and "Unerwartet" not in said, said
    assert not stdin or stdin not in said


def test_an_account_is_there_once(staffed: Commands) -> None:
    """By address anywhere, by initials within the tenant."""
    staffed.say(*BERG, stdin=f"{PASSWORD}\n")
    assert "E-Mail" in staffed.refuse(*_with({"--initials": "BB"}), stdin=f"{PASSWORD}\n")
    assert "Kürzel" in staffed.refuse(*_with({"--email": "other@example.org"}), stdin=f"{PASSWORD}\n")
    assert "E-Mail" in staffed.refuse(*_with({"--tenant": "beta"}), stdin=f"{PASSWORD}\n")
    staffed.say(*_with({"--tenant": "beta", "--email": "other@example.org"}), stdin=f"{PASSWORD}\n")


def test_support_belongs_to_no_tenant(staffed: Commands) -> None:
    words = (*("account", "create", "--email", "s@example.org"), *("--name", "S", "--initials", "S"))
    assert "Mandanten" in staffed.refuse(*words, stdin=f"{PASSWORD}\n")
    assert staffed.ask(*words, "--role", "support", stdin=f"{PASSWORD}\n")["tenant"] is None


def _with(changes: dict[str, str]) -> list[str]:
    words = list(BERG)
    for name, value in changes.items():
        if name in words:
            words[words.index(name) + 1] = value
        else:
            words += [name, value]
    return words


def _tenants() -> list[tuple[str, str, object, object]]:
    db.session.rollback()
    scope_to(EVERY_TENANT)
    found = [
        (tenant.slug, tenant.name, tenant.licence_from, tenant.transfer_time)
        for tenant in db.session.query(Tenant).order_by(Tenant.id)
    ]
    db.session.rollback()
    return found

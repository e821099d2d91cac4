"""`token create|list|revoke`: what the HTTP door opens for, made and taken away on the server."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from flask import current_app

from portal.core.database import commit, db, utcnow
from portal.domain.accounts import Account, Role
from portal.domain.audit import AuditEntry, AuditEvent
from portal.domain.tenants import Tenant
from tests.support.commands import Commands
from tests.support.door import Door
from tests.support.factories import looking, make_account

TENANT = ("--tenant", "alpha")
PERSON = [{"tn_id": "T1", "nachname": "Adam"}]


def create(commands: Commands, *words: str, name: str = "Nachtlauf") -> str:
    """The text of a new token, which is all that is printed."""
    return commands.say("token", "create", *TENANT, "--name", name, *words).strip()


def door(text: str) -> Door:
    return Door(current_app._get_current_object(), text)  # type: ignore[attr-defined]


def test_a_token_opens_the_door_and_is_printed_this_once(staffed: Commands) -> None:
    text = create(staffed)
    assert door(text).put("participants", PERSON)["applied"] == 1
    listed = staffed.say("token", "list", *TENANT)
    assert "Nachtlauf: gültig" in listed and text[:15] in listed and text not in listed
    (row,) = staffed.ask("token", "list", *TENANT)["tokens"]
    assert (row["name"], row["state"], row["hint"]) == ("Nachtlauf", "valid", text[:15])
    assert row["last_used_at"] is not None and row["revoked_at"] is None
    assert text not in str(row)
    assert "keinen Token" in staffed.say("token", "list", "--tenant", "beta")


def test_a_revoked_one_opens_nothing_from_then_on(staffed: Commands) -> None:
    text = create(staffed)
    (row,) = staffed.ask("token", "list", *TENANT)["tokens"]
    number = str(row["token"])
    assert staffed.refuse("token", "revoke", "--tenant", "beta", number)  # another tenant's is not there
    assert door(text).put("participants", PERSON)["applied"] == 1
    assert "widerrufen" in staffed.say("token", "revoke", *TENANT, number)
    door(text).put("participants", PERSON, status=401)
    assert staffed.ask("token", "list", *TENANT)["tokens"][0]["state"] == "revoked"
    assert staffed.refuse("token", "revoke", *TENANT, number)
    with looking():
        events = [row.event for row in db.session.query(AuditEntry).filter_by(subject="api-token")]
    assert events == [AuditEvent.API_TOKEN_MADE, AuditEvent.API_TOKEN_REVOKED]


def test_one_for_days_ends_with_them(staffed: Commands) -> None:
    text = create(staffed, "--days", "2")
    with time_machine.travel(utcnow() + dt.timedelta(days=2, seconds=1)):
        door(text).put("participants", PERSON, status=401)
        assert staffed.ask("token", "list", *TENANT)["tokens"][0]["state"] == "expired"
        assert create(staffed) != text  # the name is free again


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("create", *TENANT, "--name", " "), 1),
        (("create", *TENANT, "--name", "x" * 61), 1),
        (("create", *TENANT, "--name", "Nachtlauf"), 1),
        (("create", *TENANT, "--name", "a", "--days", "0"), 2),
        (("create", *TENANT, "--name", "a", "--days", "731"), 2),
        (("create", "--tenant", "nobody", "--name", "a"), 1),
        (("revoke", *TENANT, "4711"), 1),
        (("revoke", *TENANT, "-1"), 2),
        (("list", "--tenant", "nobody"), 1),
    ],
)
def test_what_cannot_be_is_refused_and_makes_nothing(
    staffed: Commands, words: tuple[str, ...], code: int
) -> None:
    create(staffed)
    said = staffed.run("token", *words)
    assert (said.code, said.out) == (code, "")
    assert said.err and "Traceback" not in said.err
    assert len(staffed.ask("token", "list", *TENANT)["tokens"]) == 1


def test_who_may_not_configure_makes_none(staffed: Commands) -> None:
    """`--by` names somebody of the tenant; a caseworker has no say in this."""
    alpha = db.session.query(Tenant).filter_by(slug="alpha").one().id
    make_account("caseworker", Role.CASEWORKER, alpha)
    make_account("administrator", Role.ADMINISTRATOR, alpha)
    commit()
    initials = {row.role: row.initials for row in db.session.query(Account)}
    said = staffed.run("token", "create", *TENANT, "--name", "a", "--by", initials[Role.CASEWORKER])
    assert (said.code, said.out) == (1, "")
    create(staffed, "--by", initials[Role.ADMINISTRATOR])
    (row,) = staffed.ask("token", "list", *TENANT)["tokens"]
    assert row["created_by"] == initials[Role.ADMINISTRATOR]


@pytest.mark.parametrize(
    "number", ["\u0661", "\uff11", "+1", "1_0", "9" * 30, "9" * 5000, "0", "-1", "1.0", ""]
)
def test_what_is_no_number_of_ours_is_refused(staffed: Commands, number: str) -> None:
    staffed.say("token", "create", *TENANT, "--name", "one")
    for words in (("token", "revoke"), ("delivery", "show")):
        said = staffed.run(*words, *TENANT, "--", number)
        assert (said.code, said.out) == (2, "")

"""`release`, `revoke`, `mediator`, `status`, `why`, `protocol`: one participant at the command line."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import current_app

from portal.core.database import EVERY_TENANT, commit, scoped_to
from portal.domain.accounts import Role
from portal.domain.rules.status import Status
from tests.support.bridge import Bridge
from tests.support.commands import Commands
from tests.support.factories import make_account

EVA = ("--tenant", "alpha", "--participant", "1001")


def test_a_life_in_commands(bridge: Bridge, commands: Commands) -> None:
    """Release, transfer, Online, revoke, Offline - archiviert; each seen by status, why and protocol."""
    bridge.person("1001", first_name="Eva", last_name="Adam")
    assert "Freigegeben" in commands.say("release", *EVA, "--by", "VM")
    released = commands.ask("status", *EVA)
    assert (released["status"], released["status_label"]) == ("offline", "Offline")
    assert (released["released"], released["released_by"], released["findings"]) == (True, "VM", [])

    bridge.deliver()
    bridge.hasten()
    online = commands.ask("status", *EVA)
    assert (online["status"], online["applicant_id"]) == ("online", bridge.held("1001")["applicant_id"])  # type: ignore[index]
    shown = commands.say("status", *EVA)
    assert "Status:" in shown and "Online" in shown and online["applicant_id"] in shown

    revoked = commands.ask("revoke", *EVA, "--by", "VM")
    assert (revoked["status"], revoked["released"]) == ("online", False)
    bridge.deliver()
    bridge.hasten()
    assert commands.ask("status", *EVA)["status"] == "offline-archived"

    announced = commands.ask("protocol", *EVA)
    assert [entry["event"] for entry in announced["entries"]] == [
        "answered-archived",
        "sent-withdrawal",
        "revoked",
        "answered-active",
        "sent",
        "released",
    ]
    assert [entry["delivery"] for entry in announced["entries"]] == [2, 2, None, 1, 1, None]
    assert announced["entries"][-1]["by"] == "VM"
    assert dt.datetime.fromisoformat(announced["entries"][0]["at"]).utcoffset() == dt.timedelta(0)
    assert len(commands.ask("protocol", *EVA, "--limit", "2")["entries"]) == 2
    lines = [line for line in commands.say("protocol", *EVA).splitlines() if not line.startswith(" ")]
    assert [line.rpartition("  ")[2] for line in lines] == [
        "(Jobnetzwerk)",
        "(System)",
        "(VM)",
        "(Jobnetzwerk)",
        "(System)",
        "(VM)",
    ]


def test_why_names_what_is_missing_and_where_it_is_mended(job4you: Bridge) -> None:
    commands = Commands(current_app._get_current_object())  # type: ignore[attr-defined]
    job4you.person("1001", consent_on=None, order_id=None, email=None)
    found = commands.ask("why", *EVA)
    codes = [finding["code"] for finding in found["findings"]]
    assert codes == ["consent-missing", "email-missing", "order-missing", "mediator-missing"]
    assert all(finding["label"] and finding["mended_by"] for finding in found["findings"])
    shown = commands.say("why", *EVA)
    for finding in found["findings"]:
        assert finding["label"] in shown and finding["mended_by"] in shown
    job4you.person("1002")
    job4you.release("1002")
    assert (
        commands.say("why", "--tenant", "alpha", "--participant", "1002") == "Nichts hält diese Person auf.\n"
    )


def test_missing_consent_has_to_be_confirmed(bridge: Bridge, commands: Commands) -> None:
    bridge.person("1001", consent_on=None)
    refused = commands.refuse("release", *EVA, "--by", "VM")
    assert "Einverständnis" in refused
    assert commands.ask("status", *EVA)["released"] is False
    assert commands.ask("release", *EVA, "--by", "VM", "--confirm-consent")["released"] is True


def test_the_mediator_is_chosen_by_number(bridge: Bridge, commands: Commands) -> None:
    bridge.mediator("8", "OB")
    bridge.person("1001")
    chosen = commands.ask("mediator", *EVA, "--mediator", "8", "--by", "VM")
    assert (chosen["mediator"]["mediator"], chosen["mediator"]["initials"]) == ("8", "OB")
    assert commands.refuse("mediator", *EVA, "--mediator", "99", "--by", "VM")
    assert commands.ask("status", *EVA)["mediator"]["mediator"] == "8"


def test_initials_decide_who_may(bridge: Bridge, commands: Commands) -> None:
    """Unknown initials are refused, and so is the supervisor of somebody else."""
    bridge.person("1001")
    assert commands.refuse("release", *EVA, "--by", "XX") == (
        "Ein Konto oder eine/n Vermittler/in mit diesem Kürzel gibt es hier nicht."
    )
    with scoped_to(EVERY_TENANT):
        make_account("caseworker", Role.CASEWORKER, bridge.tenant_id)
        commit()
    assert commands.refuse("deliver", "--tenant", "alpha", "--by", "CAS") == (
        "Wer dieses Kürzel hat, darf das nicht."
    )
    assert commands.ask("release", *EVA, "--by", "CAS")["released_by"] == "CAS"


@pytest.mark.parametrize("command", ["release", "revoke", "status", "why", "protocol"])
@pytest.mark.parametrize(
    ("tenant", "number"), [("nobody", "1001"), ("alpha", "9999"), ("alpha", ""), ("alpha", "1001\x00'--")]
)
def test_nobody_is_a_sentence(staffed: Commands, command: str, tenant: str, number: str) -> None:
    by = ["--by", "VM"] if command in {"release", "revoke"} else []
    said = staffed.refuse(command, "--tenant", tenant, "--participant", number, *by)
    assert said.endswith(".") and "\n" not in said and "Unerwartet" not in said


@pytest.mark.parametrize(
    "words",
    [
        ("release", "--tenant", "alpha", "--participant", "1001"),
        ("release", "--tenant", "alpha", "--by", "VM"),
        ("status", "--participant", "1001"),
        ("protocol", *EVA, "--limit", "0"),
        ("status", *EVA, "--loud"),
        ("mediator", *EVA, "--by", "VM"),
        ("nothing",),
    ],
)
def test_wrong_usage_is_2(staffed: Commands, words: tuple[str, ...]) -> None:
    said = staffed.run(*words)
    assert (said.code, said.out) == (2, "")
    assert "Usage:" in said.err


def test_another_tenants_people_are_nobody(bridge: Bridge, commands: Commands) -> None:
    bridge.person("1001")
    commands.say("tenant", "create", "beta", "--name", "Beta")
    here = commands.refuse("status", "--tenant", "beta", "--participant", "1001")
    nowhere = commands.refuse("status", "--tenant", "beta", "--participant", "4711")
    assert here == nowhere
    assert bridge.status("1001") is Status.OFFLINE

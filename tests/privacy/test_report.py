"""The report about a person: everything that is known, for the real network, and never a social insurance number."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import current_app
from flask_babel import force_locale

from portal.audit.recording import Intent, record
from portal.core.crypto import current_keyring
from portal.core.database import commit, db, utcnow
from portal.domain.audit import AuditEvent
from portal.domain.participants import Participant, Profile, social_insurance_place
from portal.domain.rules.status import Status
from portal.networks.registry import Network
from portal.privacy.document import document
from portal.privacy.pdf import write_pdf
from portal.privacy.report import collect
from portal.webkit.json_values import plain
from tests.imports.exports import SVNR
from tests.support.bridge import Bridge
from tests.support.clock import today
from tests.support.pdf import find_words, needs_poppler

NAME = "Łukasz-Şule Čapek-Őry"


@pytest.fixture
def announced(job4you: Bridge) -> Bridge:
    """Somebody with a number and a profile, online, and withdrawn once her consent was."""
    bridge = job4you
    bridge.tenant.sends_social_insurance_number = True
    encrypted = current_keyring().encrypt(SVNR.encode(), social_insurance_place(bridge.tenant_id, "T-1"))
    bridge.person(
        "T-1",
        first_name=NAME,
        social_insurance_number_encrypted=encrypted,
        social_insurance_number_since=utcnow(),
    )
    entry = {"kind": "skill", "title": "Schweißen", "level": None, "starts_on": None, "ends_on": None}
    db.session.add(Profile(tenant_id=bridge.tenant_id, participant_id=bridge.id("T-1"), entries=[entry]))
    commit()
    bridge.release("T-1")
    bridge.deliver()
    bridge.hasten()
    assert bridge.status("T-1") is Status.ONLINE
    bridge.person("T-1", consent_withdrawn_on=today())
    bridge.sweep()
    bridge.hasten()
    looked = Intent(
        AuditEvent.LOOKED,
        "SUP",
        tenant_id=bridge.tenant_id,
        role="support",
        subject="participant",
        subject_id=bridge.id("T-1"),
        data={"page": "releases.show"},
    )
    record(looked, utcnow())
    commit()
    return bridge


def test_it_says_what_was_sent_to_whom_when_on_which_consent_and_by_whose_decision(announced: Bridge) -> None:
    values = collect(announced.id("T-1"), utcnow())
    assert values["person"]["first_name"] == NAME
    assert values["person"]["source"] == "Qualli.life"
    assert values["profile"][0]["title"] == "Schweißen"
    sent, withdrawn = values["transmissions"]
    assert (sent["network"], sent["outcome"], sent["part"]) == (Network.JOB4YOU, "active", "named")
    assert (sent["consent_on"], sent["decided_by"]) == ("2026-01-02", "SB")
    assert sent["content"]["profile"]["skills"][0]["title"] == "Schweißen"
    assert sent["committed_at"] <= withdrawn["committed_at"] <= utcnow()
    assert (withdrawn["part"], withdrawn["outcome"], withdrawn["content"]) == ("withdrawn", "archived", None)
    (release,) = values["releases"]
    assert (release["released_by"], release["ended_by"], release["end_cause"]) == (
        "SB",
        "Qualli.life",
        "consent",
    )
    assert [entry["event"] for entry in values["protocol"]] == [
        *("released", "sent", "answered-active", "revoked", "sent-withdrawal", "answered-archived")
    ]
    assert [(look["by"], look["role"], look["page"]) for look in values["accesses"]] == [
        ("SUP", "support", "releases.show")
    ]
    assert values["networks"][0]["status"] is Status.OFFLINE_ARCHIVED


def test_the_number_is_said_to_be_kept_and_sent_and_never_shown(announced: Bridge) -> None:
    values = collect(announced.id("T-1"), utcnow())
    number = values["social_insurance_number"]
    assert (number["kept"], number["sent"]) == (True, True)
    assert number["sent_since"] == values["transmissions"][0]["committed_at"]
    assert number["kept_since"] is not None
    assert values["transmissions"][0]["content"]["social_insurance_number"].strip("•") == ""
    assert SVNR not in json.dumps(values, default=plain)


def test_the_same_content_is_told_once_and_what_is_not_kept_is_left_out(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    for _ in range(2):
        bridge.deliver()
        bridge.hasten()
    first, second = collect(bridge.id("1"), utcnow())["transmissions"]
    assert first["content"]["participant_id"] == "1"
    assert (second["content"], second["content_same_as"]) == (None, first["delivery"])


def test_whoever_was_never_released_has_a_report_too(bridge: Bridge) -> None:
    bridge.person("1")
    values = collect(bridge.id("1"), utcnow())
    assert values["transmissions"] == values["releases"] == values["protocol"] == []
    assert values["social_insurance_number"]["kept"] is False


@needs_poppler
@pytest.mark.parametrize("language", ["de", "en"])
def test_the_pdf_has_title_language_its_font_and_every_letter(
    announced: Bridge, language: str, tmp_path: Path
) -> None:
    participant = announced.id("T-1")
    with current_app.test_request_context(), force_locale(language):
        values = collect(participant, utcnow())
        values["protocol"] = values["protocol"] * 30  # over pages
        found = document(values, db.session.get_one(Participant, participant))
        content = write_pdf(found, language)
    assert content.startswith(b"%PDF-")
    assert f"/Lang({language})".encode() in content
    assert b"DejaVuSans" in content
    assert content.count(b"/Type/Page/") >= 3
    assert SVNR.encode() not in content
    said = "\n".join(
        [found.title, *(section.title for section in found.sections)]
        + [cell for section in found.sections for row in section.rows for cell in row]
        + [value for section in found.sections for _label, value in section.facts]
    )
    assert SVNR not in said
    assert NAME in said
    assert ("Auskunft" in found.title) is (language == "de")
    text = " ".join(word.text for word in find_words(content, tmp_path))
    for word in ("Łukasz", "Şule", "Čapek", "Őry"):
        assert word in text
    assert SVNR not in text

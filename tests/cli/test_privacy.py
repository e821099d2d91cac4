"""Data protection on the command line."""

from __future__ import annotations

import json
from pathlib import Path

from portal.core.database import EVERY_TENANT, commit, db, scope_to
from portal.domain.accounts import Account, Role
from portal.domain.audit import AuditEntry, AuditEvent
from portal.domain.participants import Participant
from portal.domain.releases import Registration
from tests.privacy.past import old_person
from tests.support.commands import Commands
from tests.support.database import Cast

ALPHA = ("--tenant", "alpha")


def acts(event: AuditEvent) -> list[tuple[str, str | None]]:
    scope_to(EVERY_TENANT)
    rows = db.session.query(AuditEntry).filter_by(event=event).all()
    return [(row.by, row.data.get("command")) for row in rows]


def test_a_report_goes_to_the_screen_or_into_files(staffed: Commands, cast: Cast, tmp_path: Path) -> None:
    old_person(cast.alpha, "1")
    person = ("person", "report", *ALPHA, "--participant", "1")
    assert json.loads(staffed.say(*person))["person"]["number"] == "1"
    pdf, values = tmp_path / "a.pdf", tmp_path / "a.json"
    staffed.say(*person, "--pdf", str(pdf), "--json-file", str(values))
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert pdf.stat().st_mode & 0o077 == 0
    assert json.loads(values.read_text())["format"] == "jobbruecke-person-report/1"
    assert acts(AuditEvent.DISCLOSED) == [("support", "person report")] * 2
    assert "Keine Berechtigung" not in staffed.refuse(*person, "--by", "nobody")
    assert staffed.refuse("person", "report", *ALPHA, "--participant", "9")


def test_erasing_asks_first(staffed: Commands, cast: Cast) -> None:
    old_person(cast.alpha, "1")
    scope_to(EVERY_TENANT)
    db.session.query(Account).filter_by(tenant_id=cast.alpha).one().role = Role.ADMINISTRATOR
    commit()
    erase = ("person", "erase", *ALPHA, "--participant", "1", "--by", "CAS")
    said = staffed.run(*erase, stdin="n\n")
    assert said.code == 1
    assert "3 Protokolleinträge" in said.out
    assert db.session.query(Participant).count() == 1
    assert "3" in staffed.say(*erase, "--yes")
    assert db.session.query(Participant).count() == 0
    assert acts(AuditEvent.ERASED) == [("CAS", "person erase")]
    assert "Alles passt" in staffed.say("audit", "verify")


def test_whoever_is_hindered_is_not_erased_and_stands_on_the_list(staffed: Commands, cast: Cast) -> None:
    old_person(cast.alpha, "1")
    db.session.query(Account).filter_by(tenant_id=cast.alpha).one().role = Role.ADMINISTRATOR
    db.session.query(Registration).one().announced = True
    commit()
    refused = staffed.refuse("person", "erase", *ALPHA, "--participant", "1", "--by", "CAS", "--yes")
    assert "Erst muss eine Übertragung sie abmelden" in refused
    found = staffed.ask("privacy", "status", *ALPHA)
    assert found["hindered"] == [{"participant": "1", "reason": "announced"}]
    assert (found["erased_within_30_days"], found["contents_days"]) == (0, 90)
    assert "Erst muss" in staffed.say("privacy", "status", *ALPHA)


def test_the_record_is_markdown_or_json(staffed: Commands, cast: Cast) -> None:
    assert staffed.say("privacy", "record", *ALPHA).startswith("# Verzeichnis von Verarbeitungstätigkeiten")
    found = staffed.ask("privacy", "record", *ALPHA)
    assert "Alpha" in found["subtitle"]
    activities = [section for section in found["sections"] if len(section["columns"]) > 1]
    assert len({row[0] for section in activities for row in section["rows"]}) > 20
    assert all(section["facts"] for section in activities)

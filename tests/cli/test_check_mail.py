"""`check` asks the mail server as a mail would, and sends none: whoever reads it knows why mails do not go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from portal.mail import smtp
from tests.notices.conftest import mail_settings
from tests.support.commands import Commands
from tests.support.database import make_settings, running_app
from tests.support.mail_server import PASSWORD, USER, running_mail_server
from tests.support.rude_server import RudeServer, closed_port, make_certificate, reset, tls_context


def mail_check(url: str, folder: Path, port: int, **more: object) -> dict[str, Any]:
    """What `check` says of the mail server; where that fails, the whole of it fails."""
    with running_app(make_settings(url, folder, **mail_settings(port, **more))) as app:
        answer = Commands(app).run("check", "--json")
    (found,) = [it for it in answer.json["checks"] if it["check"] == "mail"]
    assert found["level"] == "ok" or (answer.code, answer.json["ok"]) == (1, False)
    return dict(found)


def broken(url: str, folder: Path, port: int, reason: str, **more: object) -> None:
    found = mail_check(url, folder, port, **more)
    assert (found["level"], reason in found["message"]) == ("fail", True), found
    assert "JOBBRUECKE_SMTP_" in found["advice"] and PASSWORD not in str(found)


def test_one_that_is_well_is_asked_and_gets_no_mail(sqlite_url: str, tmp_path: Path) -> None:
    with running_mail_server() as server:
        assert mail_check(sqlite_url, tmp_path, server.port)["level"] == "ok"
    assert (server.sessions, server.mails) == (1, [])


def test_one_that_is_away(sqlite_url: str, tmp_path: Path) -> None:
    with closed_port() as url:
        broken(sqlite_url, tmp_path, int(url.rpartition(":")[2]), "unter der Adresse ist niemand")


def test_one_that_breaks_off(sqlite_url: str, tmp_path: Path) -> None:
    with RudeServer.with_manners(lambda _: reset, listens=False) as server:
        broken(sqlite_url, tmp_path, int(server.url.rpartition(":")[2]), "bricht die Verbindung ab")


def test_one_that_says_nothing_does_not_keep_it(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "OVERALL_SECONDS", 0.5)
    with RudeServer.with_manners(lambda it: lambda _: it.wait(30) and None, listens=False) as server:
        broken(sqlite_url, tmp_path, int(server.url.rpartition(":")[2]), "bricht die Verbindung ab")


def test_one_that_does_not_take_the_password(sqlite_url: str, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    with running_mail_server(tls_context(certificate), knows=True) as server:
        secured = {"smtp_tls": "starttls", "smtp_ca_file": str(certificate), "smtp_user": USER}
        broken(
            sqlite_url,
            tmp_path,
            server.port,
            "lehnt Namen oder Passwort ab",
            **secured,
            smtp_password="wrong",
        )
        assert (
            mail_check(sqlite_url, tmp_path, server.port, **secured, smtp_password=PASSWORD)["level"] == "ok"
        )


def test_one_that_nobody_vouches_for(sqlite_url: str, tmp_path: Path) -> None:
    with running_mail_server(tls_context(make_certificate(tmp_path)), knows=True) as server:
        broken(sqlite_url, tmp_path, server.port, "niemand bürgt für sein Zertifikat", smtp_tls="starttls")

"""Mails, sent to a real server: once each, whatever the server and the worker do meanwhile."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import text

from portal.accounts.invitations import mail_link
from portal.accounts.links import make_link
from portal.app import create_app
from portal.core.database import EVERY_TENANT, commit, db, rollback, scope_to, utcnow
from portal.core.migrating import upgrade
from portal.core.settings import Settings, SettingsError, current_settings, load_settings
from portal.domain.accounts import Account, Role
from portal.domain.notice_kinds import MailKind, MailState
from portal.domain.notices import Mail
from portal.mail import smtp
from portal.mail.outbox import LEASE, OVERDUE_AFTER, PAUSES, claim_mail, put
from portal.notices import jobs as mails
from tests.notices.conftest import mail_settings, outbox, send_due
from tests.support.database import NOW, Cast, make_cast, make_settings, running_app
from tests.support.factories import make_account
from tests.support.mail_server import PASSWORD, USER, MailServer, running_mail_server
from tests.support.rude_server import RudeServer, closed_port, make_certificate, reset, tls_context

MOMENT = dt.timedelta(seconds=1)


@pytest.fixture
def house(mail_app: Flask) -> Cast:
    """Two accounts of alpha."""
    cast = make_cast()
    for name in ("caseworker", "colleague"):
        make_account(name, Role.CASEWORKER, cast.alpha)
    commit()
    return cast


def account(name: str = "caseworker") -> Account:
    scope_to(EVERY_TENANT)
    return db.session.query(Account).filter_by(email=f"{name}@example.org").one()


def invite(name: str = "caseworker", now: dt.datetime | None = None) -> str:
    """Put a one-time link into the outbox; its token."""
    found, at = account(name), now or utcnow()
    token = make_link(found, at)
    assert mail_link(found, token, at)
    commit()
    return token


def invite_at(address: str) -> None:
    """The same for somebody with another address."""
    account().email = address
    commit()
    found = db.session.query(Account).filter_by(email=address).one()
    mail_link(found, make_link(found, utcnow()), utcnow())
    commit()


# --- what arrives -----------------------------------------------------------------------------------------


def test_a_link_arrives_and_stays_nowhere(mail_server: MailServer, house: Cast) -> None:
    token = invite()
    encrypted = outbox()[0].secret_encrypted
    assert encrypted and token.encode() not in encrypted
    (mail,) = send_due()
    assert (mail.state, mail.attempts, mail.secret_encrypted) == (MailState.SENT, 1, None)
    assert mail_server.recipients == ["caseworker@example.org"]
    assert f"https://jobbruecke.example/set-password/{token}" in mail_server.text()
    rows = "".join(
        str(tuple(row))
        for table in ("mail", "one_time_link", "audit_entry")
        for row in db.session.execute(text(f"SELECT * FROM {table}"))  # noqa: S608
    )
    assert token not in rows


def test_its_headers_tell_machines_what_it_is(mail_server: MailServer, house: Cast) -> None:
    invite()
    send_due()
    mail = mail_server.mails[0]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert str(mail["From"]) == "Jobbrücke <jobbruecke@example.org>"
    assert mail["Message-ID"].startswith("<mail-") and mail["Message-ID"].endswith("@example.org>")
    assert abs(mail["Date"].datetime - utcnow()) < dt.timedelta(minutes=5)
    assert mail.get_content_type() == "text/plain"
    assert "Caseworker" not in str(mail)  # names of people are in no mail, not even that of who gets it


def test_it_speaks_the_persons_language(mail_server: MailServer, house: Cast) -> None:
    account().language = "en"
    commit()
    invite()
    invite("colleague")
    send_due()
    assert [(mail["Subject"], mail["Content-Language"]) for mail in mail_server.mails] == [
        ("Jobbrücke: set your password", "en"),
        ("Jobbrücke: Passwort setzen", "de"),
    ]


def test_a_link_that_is_void_by_now_is_not_mailed(mail_server: MailServer, house: Cast) -> None:
    invite()
    second = invite()
    assert [mail.state for mail in send_due()] == [MailState.GIVEN_UP, MailState.SENT]
    assert len(mail_server.mails) == 1 and second in mail_server.text()


def test_nobody_disabled_gets_a_mail(mail_server: MailServer, house: Cast) -> None:
    invite()
    account().disabled_at = utcnow()
    commit()
    assert [(mail.state, mail.problem) for mail in send_due()] == [(MailState.GIVEN_UP, "not-wanted")]
    assert mail_server.mails == []


def test_an_address_that_no_mail_can_have_is_given_up(mail_server: MailServer, house: Cast) -> None:
    account().email = 'two@at"s@example.org'
    commit()
    found = db.session.query(Account).filter(Account.email.like("two%")).one()
    mail_link(found, make_link(found, utcnow()), utcnow())
    commit()
    assert [mail.problem for mail in send_due()] == ["recipient-refused"]


@pytest.mark.parametrize(
    ("address", "mailed"),
    [
        ("eva@bücher.example", "eva@xn--bcher-kva.example"),
        ("eva@straße.example", "eva@xn--strae-oqa.example"),
        ("eva@mail.müller-lüdenscheid.example", "eva@mail.xn--mller-ldenscheid-jzbg.example"),
        ("eva@пример.example", "eva@xn--e1afmkfd.example"),
        ("eva@xn--bcher-kva.example", "eva@xn--bcher-kva.example"),
    ],
)
def test_a_domain_with_umlauts_gets_its_mail(
    mail_server: MailServer, house: Cast, address: str, mailed: str
) -> None:
    """From a server that knows nothing of them: as everybody writes such a domain on the wire."""
    invite_at(address)
    assert [mail.state for mail in send_due()] == [MailState.SENT]
    assert mail_server.recipients == [mailed]
    assert str(mail_server.mails[0]["To"]) == mailed


def test_umlauts_before_the_at_sign_want_a_server_that_knows_them(sqlite_url: str, tmp_path: Path) -> None:
    for utf8, states in (
        (False, [(MailState.GIVEN_UP, "recipient-refused")]),
        (True, [(MailState.SENT, None)]),
    ):
        folder = tmp_path / str(utf8)
        folder.mkdir()
        with running_mail_server(utf8=utf8) as server:
            url = f"sqlite:///{folder / 'mails.db'}"
            with running_app(make_settings(url, folder, **mail_settings(server.port))):
                upgrade()
                make_account("caseworker", Role.CASEWORKER, make_cast().alpha)
                commit()
                invite_at("jörg@bücher.example")
                assert [(mail.state, mail.problem) for mail in send_due()] == states
                assert server.recipients == (["jörg@xn--bcher-kva.example"] if utf8 else [])


def test_a_sender_whose_domain_has_umlauts_sends(sqlite_url: str, tmp_path: Path) -> None:
    with running_mail_server() as server:
        sender = {"smtp_from": "Jobbrücke <jobbrücke@jobbrücke.example>"}
        settings = mail_settings(server.port, smtp_from="Jobbrücke <portal@jobbrücke.example>")
        with running_app(make_settings(f"sqlite:///{tmp_path / 'mails.db'}", tmp_path, **settings)):
            upgrade()
            make_account("caseworker", Role.CASEWORKER, make_cast().alpha)
            commit()
            invite()
            assert [mail.state for mail in send_due()] == [MailState.SENT]
    mail = server.mails[0]
    assert str(mail["From"]) == "Jobbrücke <portal@xn--jobbrcke-b6a.example>"
    assert mail["Message-ID"].endswith("@xn--jobbrcke-b6a.example>")
    with pytest.raises(ValueError, match="name@domain"):
        make_settings("sqlite:///x.db", tmp_path, **(settings | sender))


def test_the_same_is_put_there_once(house: Cast) -> None:
    assert put(MailKind.DIGEST, "digest:1", account(), NOW)
    assert put(MailKind.DIGEST, "digest:1", account(), NOW) is None
    commit()
    assert len(outbox()) == 1


def test_what_is_rolled_back_is_not_mailed(mail_server: MailServer, house: Cast) -> None:
    found = account()
    mail_link(found, make_link(found, utcnow()), utcnow())
    rollback()
    assert send_due() == []


def test_without_a_mail_server_there_is_no_outbox(sqlite_app: Flask) -> None:
    make_account("caseworker", Role.CASEWORKER, make_cast().alpha)
    commit()
    assert not mail_link(account(), "token", NOW)
    assert outbox() == []


# --- what the server does ---------------------------------------------------------------------------------


def test_a_refused_recipient_is_given_up_and_the_others_go_on(mail_server: MailServer, house: Cast) -> None:
    mail_server.refused["caseworker@example.org"] = "550 5.1.1 nobody here"
    invite()
    invite("colleague")
    first, second = send_due()
    assert (first.state, first.problem, first.secret_encrypted) == (
        MailState.GIVEN_UP,
        "recipient-refused",
        None,
    )
    assert second.state is MailState.SENT


@pytest.mark.parametrize("way", ["RCPT", "DATA"])
def test_a_deferred_one_is_tried_later(mail_server: MailServer, house: Cast, way: str) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        if way == "RCPT":
            mail_server.refused["caseworker@example.org"] = "451 4.7.1 greylisted"
        else:
            mail_server.data_answer = "452 4.2.2 full"
        token = invite()
        assert [(mail.state, mail.problem) for mail in send_due()] == [
            (MailState.WAITING, "recipient-deferred")
        ]
        mail_server.refused.clear()
        mail_server.data_answer = "250 OK"
        assert send_due()[0].state is MailState.WAITING  # its pause is not over
        clock.shift(PAUSES[0] + MOMENT)
        assert send_due()[0].state is MailState.SENT
    assert token in mail_server.text()


def test_a_server_that_is_down_is_asked_by_one_mail_at_a_time(sqlite_url: str, tmp_path: Path) -> None:
    with closed_port() as url, time_machine.travel(NOW, tick=False) as clock:
        port = int(url.rpartition(":")[2])
        with running_app(make_settings(sqlite_url, tmp_path, **mail_settings(port))):
            alpha = make_cast().alpha
            for name in ("caseworker", "colleague"):
                make_account(name, Role.CASEWORKER, alpha)
            invite(), invite("colleague")
            for pause in (PAUSES[0], PAUSES[1]):
                send_due()
                clock.shift(pause + MOMENT)
            found = outbox()
            assert [mail.state for mail in found] == [MailState.WAITING] * 2
            assert [mail.problem for mail in found] == ["server-away"] * 2
            assert sum(mail.attempts for mail in found) == 2
            clock.shift(dt.timedelta(days=4))
            assert [mail.state for mail in send_due()] == [MailState.GIVEN_UP] * 2


def test_once_it_is_back_all_go_at_once(mail_app: Flask, mail_server: MailServer, house: Cast) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        invite(), invite("colleague")
        for mail in outbox():
            db.session.get_one(Mail, mail.id).due_at = NOW + dt.timedelta(hours=mail.id)
            db.session.get_one(Mail, mail.id).problem = "server-away"
        commit()
        clock.shift(dt.timedelta(hours=outbox()[0].id))
        send_due()
        assert [mail.state for mail in send_due()] == [MailState.SENT] * 2


def _slow(server: RudeServer) -> Callable[[socket.socket], None]:
    """A greeting that never ends, one byte at a time: no single wait is long."""

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"220-")
        while not server.wait(0.02):
            connection.sendall(b"x")

    return drip


def _broken(_: RudeServer) -> Callable[[socket.socket], None]:
    return reset


def _rubbish(_: RudeServer) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(b"\x00\xffHTTP/1.1 200 OK\r\n\r\n" * 20)


def _silent(server: RudeServer) -> Callable[[socket.socket], None]:
    return lambda _: server.wait(30) and None


@pytest.mark.parametrize("manners", [_slow, _broken, _rubbish, _silent])
def test_a_server_with_bad_manners_does_not_keep_a_worker(
    house: Cast,
    manners: Callable[[RudeServer], Callable[[socket.socket], None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(smtp, "OVERALL_SECONDS", 0.5)
    with RudeServer.with_manners(manners, listens=False) as server:
        port = int(server.url.rpartition(":")[2])
        settings = current_settings().model_copy(update={"smtp_port": port})
        with pytest.raises(smtp.ServerAway):
            smtp.greet(settings)


def test_a_deadline_below_the_lease() -> None:
    """A mail in flight is never claimed by somebody else."""
    assert smtp.CONNECT_SECONDS < smtp.ANSWER_SECONDS < smtp.OVERALL_SECONDS < LEASE.total_seconds()


def test_one_that_breaks_off_after_the_mail_gets_it_again_under_the_same_name(
    mail_server: MailServer, house: Cast
) -> None:
    """Nobody can know whether it has it: two of one name are one for whoever reads, none is a loss."""
    with time_machine.travel(NOW, tick=False) as clock:
        invite()
        mail_server.break_off_at_data = True
        assert send_due()[0].state is MailState.WAITING
        mail_server.break_off_at_data = False
        clock.shift(PAUSES[0] + MOMENT)
        assert send_due()[0].state is MailState.SENT
    assert len({mail["Message-ID"] for mail in mail_server.mails}) == 1


# --- what the worker does ---------------------------------------------------------------------------------


def _send_and_die(settings: Settings, mail_id: int) -> None:
    """Hand a mail over, and be killed before that is noted."""
    app = create_app(settings)
    with app.app_context():
        hand_over = smtp.send

        def send(*given: object) -> None:
            hand_over(*given)  # type: ignore[arg-type]
            os.kill(os.getpid(), signal.SIGKILL)

        smtp.send = send  # type: ignore[assignment]
        mails.send_mail(mail_id)


def test_a_worker_killed_before_it_noted_the_mail(
    mail_app: Flask, mail_server: MailServer, house: Cast
) -> None:
    token = invite()
    mail_id = outbox()[0].id
    db.session.remove()
    process = multiprocessing.get_context("spawn").Process(
        target=_send_and_die, args=(current_settings(), mail_id)
    )
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert send_due()[0].state is MailState.WAITING  # its lease still runs
    with time_machine.travel(utcnow() + LEASE + MOMENT):
        assert send_due()[0].state is MailState.SENT
        send_due()
    assert len(mail_server.mails) == 2 and len({mail["Message-ID"] for mail in mail_server.mails}) == 1
    assert token in mail_server.text()


def test_two_workers_send_it_once(mail_server: MailServer, house: Cast) -> None:
    invite()
    mail = outbox()[0]
    assert claim_mail(mail.id, utcnow())
    assert claim_mail(mail.id, utcnow()) is None
    commit()
    assert send_due()[0].state is MailState.WAITING
    assert mail_server.mails == []


def test_whoever_lost_the_claim_writes_nothing(
    mail_server: MailServer, house: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    invite()
    mail = outbox()[0]
    hand_over = smtp.send

    def overtaken(*given: object) -> None:
        hand_over(*given)  # type: ignore[arg-type]
        db.session.execute(text("UPDATE mail SET fence = fence + 1, problem = 'theirs'"))
        commit()

    monkeypatch.setattr(smtp, "send", overtaken)
    mails.send_mail(mail.id)
    assert (outbox()[0].state, outbox()[0].problem) == (MailState.WAITING, "theirs")


def test_without_workers_they_are_sent_all_the_same(mail_server: MailServer, house: Cast) -> None:
    now = utcnow()
    invite(now=now)
    mails.send_overdue(utcnow())
    assert mail_server.mails == []  # a worker may be about to
    with time_machine.travel(now + OVERDUE_AFTER + MOMENT):
        mails.send_overdue(utcnow())
    assert len(mail_server.mails) == 1


# --- the way there ----------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return make_certificate(tmp_path)


@pytest.fixture(params=["starttls", "tls"])
def guarded(request: pytest.FixtureRequest, certificate: Path) -> Iterator[tuple[MailServer, Settings]]:
    """A server that wants encryption and a password, and the settings for it."""
    implicit = request.param == "tls"
    with running_mail_server(tls_context(certificate), implicit=implicit, knows=not implicit) as server:
        more = {"smtp_tls": request.param, "smtp_ca_file": str(certificate)}
        if not implicit:
            more |= {"smtp_user": USER, "smtp_password": PASSWORD}
        folder = certificate.parent
        yield server, make_settings("sqlite:///x.db", folder, **mail_settings(server.port, **more))


def _letter() -> smtp.EmailMessage:
    letter = smtp.EmailMessage()
    letter["From"], letter["To"] = "a@example.org", "b@example.org"
    letter.set_content("x")
    return letter


def test_it_is_encrypted_and_signed_in(guarded: tuple[MailServer, Settings]) -> None:
    server, settings = guarded
    smtp.greet(settings)
    smtp.send(settings, _letter())
    assert server.encrypted == [True]


def test_a_certificate_that_nobody_vouches_for_is_refused(guarded: tuple[MailServer, Settings]) -> None:
    server, settings = guarded
    with pytest.raises(smtp.ServerAway, match="not-encrypted"):
        smtp.send(settings.model_copy(update={"smtp_ca_file": None}), _letter())
    assert server.mails == []


def test_a_wrong_password_is_told_as_that(certificate: Path) -> None:
    with running_mail_server(tls_context(certificate), knows=True) as server:
        more = {"smtp_tls": "starttls", "smtp_ca_file": str(certificate), "smtp_user": USER}
        wrong = mail_settings(server.port, smtp_password="wrong", **more)
        with pytest.raises(smtp.ServerAway, match="sign-in-refused"):
            smtp.greet(make_settings("sqlite:///x.db", certificate.parent, **wrong))


def test_a_server_without_encryption_gets_no_mail(mail_server: MailServer, tmp_path: Path) -> None:
    settings = make_settings(
        "sqlite:///x.db", tmp_path, **mail_settings(mail_server.port, smtp_tls="starttls")
    )
    with pytest.raises(smtp.ServerAway, match="not-supported"):
        smtp.send(settings, _letter())
    assert mail_server.mails == []


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"smtp_tls": "none", "smtp_host": "mail.example.org"}, "SMTP_TLS"),
        ({"smtp_tls": "none", "smtp_host": "localhost"}, "SMTP_TLS"),
        ({"smtp_from": None}, "SMTP_FROM"),
        ({"smtp_from": "nobody"}, "SMTP_FROM"),
        ({"smtp_from": "A\r\nBcc: x@example.org <a@example.org>"}, "SMTP_FROM"),
        ({"public_url": None}, "SMTP_HOST"),
        ({"smtp_password": "secret"}, "SMTP_PASSWORD"),
    ],
)
def test_settings_that_do_not_go_together_are_named(
    changes: dict[str, object], name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    base = make_settings("sqlite:///x.db", tmp_path).model_dump(exclude_unset=True)
    with pytest.raises(SettingsError, match=f"^JOBBRUECKE_{name} ") as refused:
        load_settings(**(base | mail_settings(25) | changes))
    assert "secret" not in str(refused.value)

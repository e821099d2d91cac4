"""Who is told, when, and how often: first and on recovery only, and what is open in the morning."""

from __future__ import annotations

import datetime as dt

import time_machine
from flask import Flask

from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.domain.accounts import Account
from portal.domain.delivery_states import DeliveryState
from portal.domain.notice_kinds import MailKind, MailState, NoticeKind
from portal.domain.releases import Registration
from portal.domain.tenants import Heartbeat
from portal.mail.outbox import PAUSES
from portal.networks.registry import Network
from portal.notices import evaluate as watching
from portal.notices.texts import words_of
from tests.notices.conftest import (
    DAY,
    MINUTE,
    TUESDAY,
    connection_of,
    held,
    look,
    notices,
    outbox,
    send_due,
    told,
    wait_since,
)
from tests.support.at_once import at_once
from tests.support.database import Cast, make_tenant
from tests.support.door import new_token
from tests.support.mail_server import MailServer


def test_a_quarantine_is_told_to_support_once_and_its_end_once(house: Cast, mail_server: MailServer) -> None:
    with time_machine.travel(TUESDAY, tick=False) as clock:
        connection_of(house.alpha).quarantined_at = utcnow()
        commit()
        for _ in range(3):
            look()
            send_due()
            clock.shift(MINUTE)
        assert told(MailKind.NOTICE) == ["support"]
        connection_of(house.alpha).quarantined_at = None
        commit()
        for _ in range(2):
            look()
            send_due()
        assert told(MailKind.RECOVERY) == ["support"]
        assert notices() == [(NoticeKind.QUARANTINE, 1, False)]
        subjects = [str(mail["Subject"]) for mail in mail_server.mails]
    assert subjects == [
        "Jobbrücke (Alpha): Ein Jobportal ist ausgesetzt",
        "Jobbrücke (Alpha): Erledigt: Ein Jobportal ist ausgesetzt",
    ]


def test_many_processes_at_once_tell_once(house: Cast) -> None:
    connection_of(house.alpha).quarantined_at = utcnow()
    commit()
    assert at_once(EVERY_TENANT, *[look] * 4) == [None] * 4
    assert notices() == [(NoticeKind.QUARANTINE, 1, True)]
    assert told(MailKind.NOTICE) == ["support"]


def test_a_late_answer_goes_up_from_caseworker_to_support(house: Cast, mail_server: MailServer) -> None:
    with time_machine.travel(TUESDAY, tick=False) as clock:
        wait_since(house.alpha, TUESDAY)
        seen: dict[str, list[str]] = {}
        for date in range(4, 13):
            clock.move_to(dt.datetime(2026, 3, date, 12, 1, tzinfo=dt.UTC))
            before = len(told(MailKind.NOTICE))
            look()
            seen[str(date)] = told(MailKind.NOTICE)[before:]
        assert {date: names for date, names in seen.items() if names} == {
            "4": ["caseworker"],  # the colleague's people do not wait
            "5": ["supervisor"],
            "6": ["supervisor", "administrator"],
            "10": ["supervisor", "support"],
        }
        db.session.query(Registration).update({"waiting_since": None})
        commit()
        look()
        assert set(told(MailKind.RECOVERY)) == {"caseworker", "supervisor", "administrator", "support"}
        send_due()
    assert all("Muster" not in str(mail) and "Erika" not in str(mail) for mail in mail_server.mails)


def test_a_held_delivery_is_told_once_though_the_night_replaces_it(house: Cast) -> None:
    with time_machine.travel(TUESDAY, tick=False) as clock:
        first = held(house.alpha)
        look()
        assert told(MailKind.NOTICE) == ["supervisor", "administrator"]
        send_due()
        clock.shift(DAY)
        first.state = DeliveryState.DISCARDED
        commit()
        second = held(house.alpha, 2)
        second.state = DeliveryState.PLANNED
        commit()
        look()
        second.state = DeliveryState.HELD
        commit()
        look()
        assert notices() == [(NoticeKind.DELIVERY_HELD, 1, True)]
        assert len(told(MailKind.NOTICE)) == 2 and told(MailKind.RECOVERY) == []
        second.state = DeliveryState.DISCARDED
        commit()
        look()
        assert told(MailKind.RECOVERY) == ["supervisor", "administrator"]


def test_many_held_in_one_night_are_one_mail_to_support(house: Cast, mail_server: MailServer) -> None:
    with time_machine.travel(TUESDAY, tick=False) as clock:
        gamma = make_tenant("gamma", Network.JOB4YOU).id
        commit()
        for tenant_id in (house.alpha, house.beta, gamma):
            held(tenant_id)
        look()
        assert "support" not in told(MailKind.NOTICE)  # the night may not be over
        clock.shift(16 * MINUTE)
        look()
        clock.shift(16 * MINUTE)
        look()
        assert told(MailKind.NOTICE).count("support") == 1
        send_due()
        (mail,) = [it for it in mail_server.mails if str(it["To"]) == "support@example.org"]
    assert "alpha, beta, gamma" in str(mail.get_content())


def test_a_short_silence_is_told_to_nobody(house: Cast) -> None:
    with time_machine.travel(TUESDAY, tick=False) as clock:
        db.session.query(Heartbeat).filter_by(kind="worker").update({"seen_at": utcnow() - 5 * MINUTE})
        commit()
        look()
        assert notices() == [(NoticeKind.WORKER_SILENT, 0, True)]
        db.session.query(Heartbeat).update({"seen_at": utcnow() + DAY})
        commit()
        look()
        assert notices() == [] and outbox() == []
        db.session.query(Heartbeat).filter_by(kind="worker").update({"seen_at": utcnow() - 5 * MINUTE})
        commit()
        look()
        clock.shift(4 * MINUTE)
        look()
        assert told(MailKind.NOTICE) == ["support"]


def test_a_worker_looks_while_cron_is_silent(house: Cast) -> None:
    with time_machine.travel(TUESDAY, tick=False) as clock:
        watching.look_if_cron_is_silent()
        connection_of(house.alpha).quarantined_at = utcnow()
        commit()
        watching.look_if_cron_is_silent()
        assert notices() == []
        db.session.query(Heartbeat).filter_by(kind="cron").update({"seen_at": utcnow() - 5 * MINUTE})
        commit()
        watching.look_if_cron_is_silent()
        clock.shift(4 * MINUTE)
        watching.look_if_cron_is_silent()
        assert {kind for kind, level, _ in notices() if level} == {
            NoticeKind.QUARANTINE,
            NoticeKind.CRON_SILENT,
        }


def test_nobody_else_is_told_nor_who_wants_no_mails(house: Cast) -> None:
    scope_to(EVERY_TENANT)
    db.session.query(Account).filter_by(email="administrator@example.org").update({"gets_mails": False})
    db.session.query(Account).filter_by(email="support@example.org").update({"disabled_at": utcnow()})
    connection_of(house.alpha).reconcile_since = utcnow()
    commit()
    look()
    assert told(MailKind.NOTICE) == ["supervisor"]


def test_what_is_well_again_before_the_mail_went_is_not_mailed(house: Cast, mail_server: MailServer) -> None:
    with time_machine.travel(TUESDAY, tick=False) as clock:
        mail_server.refused["support@example.org"] = "451 later"
        connection_of(house.alpha).quarantined_at = utcnow()
        commit()
        look()
        send_due()
        connection_of(house.alpha).quarantined_at = None
        commit()
        look()
        mail_server.refused.clear()
        clock.shift(PAUSES[0] + MINUTE)
        assert [(mail.state, mail.problem) for mail in send_due()] == [(MailState.GIVEN_UP, "overtaken")] * 2
    assert mail_server.mails == []


# --- the morning ------------------------------------------------------------------------------------------


def morning(date: int, hour: int = 6, minute: int = 1) -> dt.datetime:
    """Seven in the morning in Berlin is six in UTC."""
    return dt.datetime(2026, 3, date, hour, minute, tzinfo=dt.UTC)


def test_a_morning_has_one_mail_for_each_who_has_something(house: Cast, mail_server: MailServer) -> None:
    with time_machine.travel(morning(2, 5, 58), tick=False) as clock:
        wait_since(house.alpha, morning(2) - 6 * DAY)
        held(house.alpha)
        look()
        send_due()
        assert told(MailKind.DIGEST) == []
        clock.move_to(morning(2))
        assert at_once(EVERY_TENANT, *[look] * 3) == [None] * 3
        look()
        digests = told(MailKind.DIGEST)
        # the colleague's own are all well, but a reminder stands on her page; beta has nothing, and gets nothing
        assert sorted(set(digests)) == sorted(digests)
        assert "stranger" not in digests and {"caseworker", "supervisor", "administrator"} <= set(digests)
        mail_server.mails.clear()
        send_due()
        (mine,) = [it for it in mail_server.mails if str(it["To"]) == "caseworker@example.org"]
        text = str(mine.get_content())
        assert str(mine["Subject"]) == "Jobbrücke: Was heute ansteht"
        assert "1 × in Klärung" in text and "Muster" not in text
        assert "https://jobbruecke.example/participants?action=1" in text
        clock.move_to(morning(3))
        look()
        assert len(told(MailKind.DIGEST)) == 2 * len(digests)


def test_nothing_open_is_no_mail_and_a_weekend_is_none(house: Cast) -> None:
    with time_machine.travel(morning(2), tick=False) as clock:
        look()
        assert outbox() == []
        held(house.alpha)
        clock.move_to(morning(7))  # Saturday
        look()
        assert "supervisor" not in told(MailKind.DIGEST)
        assert "support" in told(MailKind.DIGEST)  # who works every day
        clock.move_to(morning(9))
        look()
        assert "supervisor" in told(MailKind.DIGEST)


def test_a_morning_that_cron_slept_through_is_made_up_once(house: Cast) -> None:
    with time_machine.travel(morning(2, 16), tick=False) as clock:
        held(house.alpha)
        look()
        look()
        count = told(MailKind.DIGEST).count("supervisor")
        clock.move_to(morning(2, 5))  # the clock goes back
        look()
        clock.move_to(morning(2, 7))
        look()
    assert count == 1 == told(MailKind.DIGEST).count("supervisor")


def test_a_token_about_to_end_is_told_to_administrators_until_it_is_replaced(
    house: Cast, mail_server: MailServer
) -> None:
    """Once for each step, with its name and never its text; a newer one of the same name ends it."""
    with time_machine.travel(TUESDAY, tick=False) as clock:
        text = new_token(house.alpha, "Nachtlauf", days=20)
        other = new_token(house.beta, "Nachtlauf", days=200)
        for days, count in ((5, 0), (6, 1), (16, 1), (17, 2), (20, 3), (60, 3)):
            clock.move_to(TUESDAY + days * DAY)
            look()
            look()
            send_due()
            assert told(MailKind.NOTICE).count("administrator") == count, days
        assert "support" in told(MailKind.NOTICE) and "supervisor" not in told(MailKind.NOTICE)
        mail = next(it for it in mail_server.mails if str(it["To"]) == "administrator@example.org")
        said = str(mail.get_content())
        assert "„Nachtlauf“" in said and "https://jobbruecke.example/settings/tokens" in said
        assert text[:20] not in said and other[:20] not in said
        new_token(house.alpha, "Nachtlauf")
        look()
        assert [it for it in notices() if it[0] is NoticeKind.API_TOKEN_ENDING] == [
            (NoticeKind.API_TOKEN_ENDING, 3, False)
        ]


def test_every_kind_has_words_and_leads_to_a_page(mail_app: Flask) -> None:
    data = {
        "since": TUESDAY.isoformat(), "days": 2, "people": 1, "delivery": 3, "import": 4, "problem": "unavailable",
        "tenants": 3, "slugs": ["a", "b"], "why": "stuck", "until": "2026-03-09", "waiting": 1, "given_up": 1,
        "name": "Qualli.life", "ended": False,
    }  # fmt: skip
    urls = mail_app.url_map.bind("localhost")
    for kind in NoticeKind:
        for level in (1, 2, 3, 4):
            words = words_of(kind, level, data)
            assert words.title and words.text and words.advice
            urls.match(words.path.partition("?")[0])

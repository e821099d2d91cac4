"""How long notices and mails are kept: as the record of processing says, and no row longer."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from flask import Flask

from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.domain.accounts import Account, Role
from portal.domain.notice_kinds import MailKind, MailState, NoticeKind
from portal.domain.notices import DigestDay, Mail, Notice, NoticeSeen
from portal.domain.tenants import Tenant
from portal.mail import outbox
from portal.notices import service
from portal.notices.digests import FORGOTTEN_AFTER as MORNINGS_KEPT
from portal.privacy.classes import Retention
from portal.privacy.markdown import as_markdown
from portal.privacy.processing import processing_record
from portal.privacy.registry import TABLES
from tests.support.database import Cast, make_cast
from tests.support.factories import make_account
from worker.schedule import sweep

NOW = dt.datetime(2026, 3, 3, 12, 0, tzinfo=dt.UTC)
MOMENT = dt.timedelta(seconds=1)


@pytest.fixture
def house(mail_app: Flask) -> Cast:
    cast = make_cast()
    make_account("administrator", Role.ADMINISTRATOR, cast.alpha)
    commit()
    return cast


def notice(tenant_id: int, subject: str, closed_at: dt.datetime | None) -> int:
    row = Notice(
        tenant_id=tenant_id, kind=NoticeKind.QUARANTINE, subject=subject, level=1, notified_level=1, data={},
        opened_at=NOW, closed_at=closed_at,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    account = db.session.query(Account).one()
    seen = {"notice_id": row.id, "account_id": account.id, "tenant_id": tenant_id, "level": 1, "seen_at": NOW}
    db.session.add(NoticeSeen(**seen))
    return row.id


def mail(key: str, state: MailState) -> None:
    account = db.session.query(Account).one()
    db.session.add(
        Mail(
            tenant_id=account.tenant_id,
            key=key,
            kind=MailKind.DIGEST,
            account_id=account.id,
            state=state,
            created_at=NOW,
            due_at=NOW + dt.timedelta(days=4000),
        )
    )


def left() -> tuple[set[str], set[str], int, int]:
    """Subjects of notices, keys of mails, and how many were seen and how many mornings there are."""
    scope_to(EVERY_TENANT)
    db.session.expire_all()
    found = (
        {it.subject for it in db.session.query(Notice) if it.subject.startswith("x")},
        {it.key for it in db.session.query(Mail) if it.key.startswith("x")},
        db.session.query(NoticeSeen).count(),
        db.session.query(DigestDay).filter_by(scope="x").count(),
    )
    commit()
    return found


def test_they_go_when_their_time_is_over_and_what_is_open_stays(house: Cast) -> None:
    scope_to(EVERY_TENANT)
    notice(house.alpha, "x:open", None)
    notice(house.alpha, "x:over", NOW)
    for state in MailState:
        mail(f"x:{state.value}", state)
    db.session.add(DigestDay(tenant_id=house.alpha, scope="x", local_date=NOW.date(), made_at=NOW))
    commit()
    mails, notices = outbox.FORGOTTEN_AFTER, service.FORGOTTEN_AFTER
    all_mails = {f"x:{state.value}" for state in MailState}
    with time_machine.travel(NOW, tick=False) as clock:
        for at, expected in (
            (NOW + mails - MOMENT, ({"x:open", "x:over"}, all_mails)),
            (NOW + mails + MOMENT, ({"x:open", "x:over"}, {"x:waiting"})),
            (NOW + notices - MOMENT, ({"x:open", "x:over"}, {"x:waiting"})),
            (NOW + notices + MOMENT, ({"x:open"}, {"x:waiting"})),
        ):
            clock.move_to(at)
            db.session.query(Mail).filter_by(key="x:waiting").update({"created_at": utcnow()})
            commit()
            sweep()
            subjects, keys, _, _ = left()
            # the open one is closed by the look of the first sweep, since nothing calls for it: from then on it counts
            assert (subjects - {"x:open"}, keys) == (expected[0] - {"x:open"}, expected[1]), at
        clock.move_to(NOW + notices + notices)
        sweep()
        assert left()[0] == set() and left()[2:] == (0, 0)
    assert mails == MORNINGS_KEPT


def test_the_record_of_processing_says_how_long(house: Cast, mail_app: Flask) -> None:
    scope_to(house.alpha)
    tenant = db.session.get_one(Tenant, house.alpha)
    with mail_app.test_request_context():
        written = as_markdown(processing_record(tenant, None))
    assert {TABLES[name].retention for name in ("notice", "notice_seen")} == {Retention.NOTICE}
    assert {TABLES[name].retention for name in ("mail", "digest_day")} == {Retention.MAIL}
    assert f"{service.FORGOTTEN_AFTER.days} Tage, nachdem es erledigt ist" in written
    assert f"{outbox.FORGOTTEN_AFTER.days} Tage" in written

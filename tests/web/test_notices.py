"""The page of notices, the number in the head, and who wants mails."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal.core.database import commit, db, utcnow
from portal.domain.accounts import Account, Role
from portal.domain.notice_kinds import NoticeKind
from portal.domain.notices import Mail, Notice
from tests.notices.conftest import mail_settings
from tests.support.database import make_cast, make_settings, running_app
from tests.support.factories import House, looking, make_account
from tests.support.pages import Browser

SignedIn = Callable[[str], Browser]


def notice(
    tenant_id: int | None, kind: NoticeKind, level: int = 1, told: int | None = None, **data: object
) -> int:
    row = Notice(
        tenant_id=tenant_id,
        kind=kind,
        subject=f"connection:{tenant_id}",
        level=level,
        notified_level=level if told is None else told,
        data=data,
        opened_at=utcnow() - dt.timedelta(hours=1),
    )
    db.session.add(row)
    commit()
    return row.id


@pytest.fixture
def told(house: House) -> dict[str, int]:
    """A hold of the own tenant, one of another, one that nobody was told of yet, and a silent worker."""
    return {
        "held": notice(house.tenant_id, NoticeKind.DELIVERY_HELD, delivery=7, problem="brake"),
        "theirs": notice(house.other_id, NoticeKind.RECONCILE),
        "untold": notice(
            house.tenant_id, NoticeKind.IMPORT_SILENT, told=0, since=utcnow().isoformat(), days=3
        ),
        "late": notice(house.tenant_id, NoticeKind.ANSWERS_LATE, since=utcnow().isoformat(), days=1),
        "worker": notice(None, NoticeKind.WORKER_SILENT, since=None),
    }


@pytest.mark.parametrize(
    ("name", "titles"),
    [
        ("caseworker", {"Erinnerung"}),
        ("supervisor", {"angehalten"}),
        ("administrator", {"angehalten"}),
        ("support", {"Erinnerung", "angehalten", "Kein Dienst überträgt", "Abgleich nötig"}),
        ("stranger", {"Abgleich nötig"}),
    ],
)
def test_everybody_sees_what_their_role_is_told(
    signed_in: SignedIn, told: dict[str, int], name: str, titles: set[str]
) -> None:
    text = signed_in(name).get("/notices").text
    every = {"Erinnerung", "angehalten", "Kein Dienst überträgt", "Abgleich nötig", "Es kommen keine Importe"}
    assert {title for title in every if title in text} == titles


def test_what_was_seen_is_counted_no_more_until_it_gets_worse(
    signed_in: SignedIn, told: dict[str, int]
) -> None:
    browser = signed_in("supervisor")
    assert browser.get("/help").find("span", **{"class": "count"}) is not None
    browser.get("/notices")
    browser.submit(f"/notices/{told['held']}/seen")
    assert "Als gesehen vermerkt" in browser.follow().text
    assert 'class="count"' not in browser.get("/help").response.text
    row = db.session.get_one(Notice, told["held"])
    row.level = row.notified_level = 2
    commit()
    assert 'class="count"' in browser.get("/help").response.text


@pytest.mark.parametrize("which", ["theirs", "untold", "late", "worker"])
def test_what_one_is_not_shown_one_cannot_see_off(
    signed_in: SignedIn, told: dict[str, int], which: str
) -> None:
    browser = signed_in("supervisor")
    token = browser.get("/help").form("/sign-out")
    browser.post(f"/notices/{told[which]}/seen", token, status=404)


def test_support_sees_off_what_is_everybodys(signed_in: SignedIn, told: dict[str, int]) -> None:
    browser = signed_in("support")
    browser.get("/notices")
    browser.submit(f"/notices/{told['worker']}/seen")


def test_without_a_mail_server_the_account_says_so(signed_in: SignedIn) -> None:
    assert "keinen Mailserver" in signed_in("caseworker").get("/account").text


@pytest.fixture
def mailing(sqlite_url: str, tmp_path: Path) -> Iterator[Browser]:
    """An administrator where mails are sent."""
    settings = make_settings(sqlite_url, tmp_path, **mail_settings(9))
    with running_app(settings) as app:
        alpha = make_cast().alpha
        make_account("administrator", Role.ADMINISTRATOR, alpha)
        make_account("caseworker", Role.CASEWORKER, alpha)
        commit()
        browser = Browser(app)
        browser.sign_in("administrator@example.org")
        yield browser


def test_everybody_says_whether_and_how_mails_come(mailing: Browser) -> None:
    for typed, kept in (
        ({"mails": "on", "language": "en"}, (True, "en")),
        ({"language": "xx"}, (False, None)),
    ):
        token = mailing.get("/account").form("/account/mails")
        token.pop("mails", None)
        mailing.post("/account/mails", token | typed)
        with looking():
            account = db.session.query(Account).filter_by(email="administrator@example.org").one()
        assert (account.gets_mails, account.language) == kept


def test_a_link_is_mailed_and_shown_on_asking_alone(mailing: Browser) -> None:
    with looking():
        number = db.session.query(Account).filter_by(email="caseworker@example.org").one().id
    mailing.get(f"/accounts/{number}")
    page = mailing.submit(f"/accounts/{number}/link")
    assert page.location == f"/accounts/{number}"
    assert "caseworker@example.org" in mailing.follow().text
    with looking():
        assert db.session.query(Mail).count() == 1
    shown = mailing.submit(f"/accounts/{number}/link", status=200, way="show")
    assert "/set-password/" in shown.text_of("link")
    with looking():
        assert db.session.query(Mail).count() == 1

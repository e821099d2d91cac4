"""The HTTP door opens for a token in force, for its own tenant, and for nothing else; a token opens no page."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from portal.core.database import commit, db, scoped_to, utcnow
from portal.core.log import configure_logs
from portal.domain.audit import AuditEntry, AuditEvent
from portal.domain.participants import Participant
from portal.domain.tokens import ApiToken
from portal.tokens.service import revoke_token
from tests.support.database import Cast, make_cast
from tests.support.door import LINES, Door, ndjson, new_token, read
from tests.support.factories import House, looking
from tests.support.pages import Browser

SignedIn = Callable[[str], Browser]
PERSON = [{"tn_id": "T1", "nachname": "Adam"}]


@pytest.fixture
def door(sqlite_app: Flask, cast: Cast) -> Door:
    return Door(sqlite_app, new_token(cast.alpha))


def stored() -> ApiToken:
    with looking():
        return db.session.query(ApiToken).order_by(ApiToken.id.desc()).limit(1).one()


def test_only_a_hash_of_it_is_kept(door: Door) -> None:
    assert door.token is not None
    token = stored()
    assert door.token.startswith("jobbruecke_")
    assert len(token.token_hash) == 32
    assert token.hint == door.token[:15]


def test_no_unknown_no_expired_and_no_revoked_token_opens_and_all_are_told_the_same(
    sqlite_app: Flask, cast: Cast, door: Door
) -> None:
    revoked = new_token(cast.alpha, "old")
    with scoped_to(cast.alpha):
        revoke_token(db.session.query(ApiToken).filter_by(name="old").one(), "AD", utcnow())
        commit()
    brief = new_token(cast.alpha, "brief", days=1)
    wrong = ["jobbruecke_" + "A" * 43, "jobbruecke_", revoked, revoked + "x", "\u00e4" * 43, "x" * 5000]
    said = []
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=1, seconds=1), tick=True):
        for token in [*wrong, brief]:
            headers = {"Authorization": f"Bearer {token}".encode().decode("latin-1")}
            response = door.ask(
                "PUT", "/participants", data=ndjson(PERSON), content_type=LINES, headers=headers
            )
            said.append(read(response, 401) | {"number": ""})
            asked = response.headers["WWW-Authenticate"]
            assert asked == "Bearer realm=jobbruecke, error=invalid_token"
        assert door.put("participants", PERSON)["applied"] == 1
    assert all(words == said[0] for words in said)


def test_no_token_is_asked_for_one(sqlite_app: Flask, cast: Cast) -> None:
    for scheme in (None, "Basic YTpi", "Bearer", "Bearer ", "Token x"):
        headers = {"Authorization": scheme} if scheme else {}
        response = Door(sqlite_app, None).ask("GET", "/imports/1", headers=headers)
        read(response, 401)
        assert response.headers["WWW-Authenticate"].startswith("Bearer realm=jobbruecke")


def test_it_sees_and_writes_its_own_tenant_alone(app: Flask) -> None:
    cast = make_cast()
    ours, theirs = Door(app, new_token(cast.alpha)), Door(app, new_token(cast.beta))
    found = ours.put("participants", PERSON)
    theirs.report(found["import_id"], status=404)
    theirs.put("participants?mode=full", [{"tn_id": "T9"}])
    with looking():
        rows = {row.number: (row.tenant_id, row.left_at) for row in db.session.query(Participant)}
    assert rows == {"T1": (cast.alpha, None), "T9": (cast.beta, None)}


def test_a_session_gives_no_rights_at_the_door(sqlite_app: Flask, house: House, signed_in: SignedIn) -> None:
    browser = signed_in("administrator")
    assert browser.ask("GET", "/api/v1/imports/1").status_code == 401
    token = browser.get("/account").form("/account/password")["csrf_token"]
    assert browser.ask("PUT", "/api/v1/participants", {"csrf_token": token}).status_code == 401
    browser.get("/account")


def test_a_token_opens_no_page(sqlite_app: Flask, house: House) -> None:
    headers = {"Authorization": f"Bearer {new_token(house.tenant_id)}"}
    client = sqlite_app.test_client()
    for path in ("/participants", "/settings/tokens", f"/participants/{house.eva}"):
        answer = client.get(path, headers=headers)
        assert (answer.status_code, "sign-in" in answer.location) == (302, True)


def test_no_other_origin_may_read(door: Door) -> None:
    for method in ("OPTIONS", "GET"):
        answer = door.ask(method, "/imports/1", headers={"Origin": "https://evil.example"})
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_its_use_is_noted_once_a_minute(door: Door) -> None:
    start = dt.datetime.now(dt.UTC)
    seen = []
    for seconds in (0, 30, 61):
        with time_machine.travel(start + dt.timedelta(seconds=seconds), tick=False):
            door.put("mediators", [{"vermittler_id": "V1"}])
            seen.append(stored().last_used_at)
    assert seen[0] == seen[1] == start
    assert seen[2] == start + dt.timedelta(seconds=61)


def test_an_import_by_a_token_is_in_the_audit_and_names_it(
    sqlite_app: Flask, house: House, signed_in: SignedIn
) -> None:
    found = Door(sqlite_app, new_token(house.tenant_id, "Nachtlauf")).put("participants", PERSON)
    with looking():
        (entry,) = db.session.query(AuditEntry).filter_by(event=AuditEvent.IMPORT_SENT).all()
    assert (entry.by, entry.subject, entry.subject_id) == ("Qualli.life", "import", found["import_id"])
    assert entry.data == {"token": stored().id}
    browser = signed_in("supervisor")
    for path in ("/imports", f"/imports/{found['import_id']}"):
        assert "über HTTP, Token „Nachtlauf“" in browser.get(path).text
    administrator = signed_in("administrator")
    page = administrator.get("/audit?event=import-sent")
    assert "Import über HTTP gesendet: Token „Nachtlauf“" in " ".join(page.text.split())


def test_it_is_in_no_log(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    said = StringIO()
    with redirect_stderr(said):
        configure_logs()
        door.put("participants", PERSON)
        door.ask("GET", "/nowhere")
        door.ask("PUT", "/participants", data=b"{", content_type="text/plain")
    assert "/api/v1/participants" in said.getvalue()
    assert door.token is not None
    assert door.token not in said.getvalue()
    assert door.token[11:30] not in said.getvalue()


# --- the page of tokens ------------------------------------------------------------------------------------


def test_an_administrator_makes_one_that_is_shown_once(
    sqlite_app: Flask, house: House, signed_in: SignedIn
) -> None:
    browser = signed_in("administrator")
    browser.get("/settings/tokens")
    page = browser.submit("/settings/tokens", status=200, name=" Qualli.life  neu ", days="30")
    text = page.text_of("token")
    assert Door(sqlite_app, text).put("participants", PERSON)["applied"] == 1
    page = browser.get("/settings/tokens")
    assert text not in page.html
    assert "Qualli.life neu" in page.text
    assert "läuft bald ab" not in page.text  # in thirty days
    with scoped_to(house.tenant_id):
        row = db.session.query(ApiToken).one()
        row.created_at -= dt.timedelta(days=17)
        row.expires_at -= dt.timedelta(days=17)
        commit()
    assert "läuft bald ab" in browser.get("/settings/tokens").text
    token = stored()
    assert (token.created_by, (token.expires_at - token.created_at).days) == ("ADM", 30)
    browser.submit(f"/settings/tokens/{token.id}/revoke")
    assert "widerrufen" in browser.follow().text
    Door(sqlite_app, text).put("participants", PERSON, status=401)
    with looking():
        events = [row.event for row in db.session.query(AuditEntry).filter_by(subject="api-token")]
    assert events == [AuditEvent.API_TOKEN_MADE, AuditEvent.API_TOKEN_REVOKED]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": "", "days": "30"}, "Geben Sie dem Token einen Namen"),
        ({"name": "x" * 61, "days": "30"}, "höchstens 60"),
        ({"name": "a", "days": "0"}, "1 bis 730 Tage"),
        ({"name": "a", "days": "99999999999999999999"}, "1 bis 730 Tage"),
        ({"name": "a", "days": "drei"}, "1 bis 730 Tage"),
    ],
)
def test_nonsense_makes_none(
    sqlite_app: Flask, house: House, signed_in: SignedIn, values: dict[str, str], sentence: str
) -> None:
    browser = signed_in("administrator")
    browser.get("/settings/tokens")
    assert sentence in browser.submit("/settings/tokens", status=422, **values).text
    with looking():
        assert db.session.query(ApiToken).count() == 0


def test_only_administrators_and_only_their_own(sqlite_app: Flask, house: House, signed_in: SignedIn) -> None:
    new_token(house.other_id)
    foreign = stored().id
    browser = signed_in("administrator")
    form = browser.get("/settings/tokens").form("/settings/tokens")
    browser.post(f"/settings/tokens/{foreign}/revoke", form, status=404)
    signed_in("supervisor").get("/settings/tokens", status=403)
    assert stored().revoked_at is None


def test_the_description_is_for_everybody(sqlite_app: Flask, tmp_path: Path) -> None:
    answer = Door(sqlite_app, None).ask("GET", "/openapi.json")
    assert json.loads(answer.get_data())["openapi"].startswith("3.1")

"""Scripts, attributes and hx-* in whatever comes from elsewhere: on every page they are text, and nothing runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Request

from portal.core.database import commit, db, scope_to, utcnow
from portal.domain.actors import Actor
from portal.domain.imports import ImportMode
from portal.domain.participants import Mediator, Participant
from portal.domain.tenants import Connection, Tenant
from portal.imports.running import run_import
from portal.imports.service import keep_export, start_import
from tests.browser.conftest import Visitor
from tests.imports.exports import zipped
from tests.support.running import Running

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.slow]
EVIL = (
    "'><script>alert(1)</script><img src=x onerror=alert(2) hx-get=/evil hx-trigger=load>"
    "<a href=javascript:alert(3)>{{7*7}}"
)
CELL = '"' + EVIL + '"'
EXPORT = {
    "vermittler.csv": f"vermittler_id;kuerzel;nachname;vorname;email\nX1;<b>X;{CELL};{CELL};{CELL}\n",
    "auftraege.csv": f"auftrag_id;bezeichnung;massnahmenummer;traeger;zustaendig\nX1;{CELL};<b>1;{CELL};{CELL}\n",
    "teilnehmer.csv": (
        "tn_id;anrede;nachname;vorname;strasse;plz;ort;email;betreuer;auftrag_id;einverstaendnis_am\n"
        f"X1<b>;{CELL};{CELL};{CELL};{CELL};<b>;{CELL};{CELL};{CELL};X1;01.02.2026\n"
        f"X2;{CELL};{CELL};{CELL};;;;;;{CELL};morgen\n"
    ),
    "profil.csv": f"tn_id;art;bezeichnung;niveau\nX1<b>;kenntnis;{CELL};{CELL}\n",
}


@pytest.fixture(scope="module")
def evil(system: Running) -> dict[str, int]:
    """Everything that others write: an export, what the network calls itself and says; numbers of rows."""
    bridge = system.bridge
    scope_to(bridge.tenant_id)
    tenant = db.session.get_one(Tenant, bridge.tenant_id)
    tenant.name = EVIL
    run = start_import(tenant, keep_export(zipped(EXPORT)), ImportMode.DELTA, Actor("SUP"), utcnow())
    commit()
    run_import(run.id)
    scope_to(bridge.tenant_id)
    person = db.session.query(Participant).filter_by(number="X1<b>").one().id
    bridge.choose_mediator("X1<b>", db.session.query(Mediator).filter_by(number="X1").one().id)
    bridge.release("X1<b>")
    delivery = bridge.deliver("X1<b>")
    scope_to(bridge.tenant_id)
    connection = db.session.query(Connection).one()
    connection.network_name = connection.provider_id = EVIL
    commit()
    return {"person": person, "delivery": delivery.sequence, "import_id": run.id}


ADDRESSES = (
    "/participants",
    "/participants?group=cause",
    "/participants/{person}",
    "/participants/{person}/record",
    "/participants/{person}/mediator",
    "/participants/{person}/revoke",
    "/deliveries",
    "/deliveries/next",
    "/deliveries/{delivery}",
    "/mediators",
    "/imports",
    "/imports/{import_id}",
    "/settings",
)


@pytest.mark.parametrize("name", ["administrator"])
def test_what_looks_like_markup_is_text_on_every_page(
    system: Running, visit: Callable[..., Visitor], evil: dict[str, int], name: str
) -> None:
    """No dialog, no request, no violation of the policy (which the visitor would have heard), no element of theirs."""
    page = visit().sign_in(name)
    said: list[str] = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), close(dialog)))
    asked: list[str] = []
    page.on("request", lambda request: note(request, asked))
    shown = 0
    for address in ADDRESSES:
        page.goto(system.url + address.format(**evil))
        shown += "<script>alert(1)</script>" in page.locator("main").inner_text()
        theirs = "[onerror], [hx-get='/evil'], script:not([src]), a[href^='javascript'], main b:has-text('X')"
        assert page.locator(theirs).count() == 0, address
        assert "49" not in page.title()
    assert shown >= 8
    assert (said, asked) == ([], [])


def close(dialog: Dialog) -> None:
    dialog.dismiss()


def note(request: Request, asked: list[str]) -> None:
    if request.url.endswith(("/evil", "/x")):
        asked.append(request.url)

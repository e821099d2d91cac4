"""Whatever the network quotes a social insurance number as, and however it writes it: nothing of it is kept."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from sqlalchemy import inspect, text

from portal.core.database import commit, db, utcnow
from portal.deliveries.applying import apply_items
from portal.deliveries.queries import odd_answers
from portal.deliveries.strangers import hide
from portal.domain.deliveries import OddAnswer
from portal.networks.protocol.contract import Acknowledgement, Receipt
from portal.releases.page import applicant_page
from tests.support.bridge import Bridge, hold_answers

NUMBER = "65170839J003"
WRITTEN = [
    *("65\u00a0170839\u00a0J\u00a0003", "65\u2009170839\u2009J\u2009003", "65\u200b170839\u200bJ\u200b003"),
    *(
        "65_170839_J_003",
        "65,170839,J,003",
        "[65](170839)J003",
        "svnr65170839J003unbekannt",
        "65\n170839\nJ003",
    ),
]


def answer(**fields: str) -> Acknowledgement:
    common = {"subject": "participant", "id": "1", "outcome": "active", "at": utcnow()}
    return Acknowledgement.model_validate(common | fields)


def database() -> str:
    """Every value of every table, of which only digits and letters are left."""
    tables = inspect(db.engine).get_table_names()
    rows = [row for it in tables for row in db.session.execute(text(f'SELECT * FROM "{it}"'))]  # noqa: S608
    commit()
    values = "\n".join(str(value) for row in rows for value in row)
    plain = re.sub(r"\\(u[0-9a-f]{4}|n)", lambda it: json.loads(f'"{it[0]}"'), values)  # JSON in a column
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", plain))


@pytest.mark.sampled(4)
@pytest.mark.parametrize("written", [NUMBER, *WRITTEN])
def test_a_number_is_kept_nowhere_in_plain(bridge: Bridge, written: str) -> None:
    bridge.person("1")
    bridge.person("2")
    bridge.release("1", "2")
    hold_answers(bridge, 1)
    delivery = bridge.again(bridge.deliver())
    said = {"reason": written, "detail": f"Nummer {written}, Feld 3"}
    answers = [
        answer(outcome="rejected", **said),
        answer(outcome="archived", **said),
        answer(id="2", applicant_id=written),
        answer(id=written, **said),
        answer(id=written, subject="mediator", outcome="known"),
        answer(id="1", outcome=written),
        answer(id="1", subject=written),
    ]
    for page in (answers, answers):
        apply_items(delivery, page, utcnow())
        commit()
    kept = database()
    assert "Muster1" in kept, "the search looks into what is there"
    assert NUMBER not in kept
    assert len(odd_answers(delivery.id)) == 5, "each once"
    assert bridge.registration("1").rejection_detail.endswith(", Feld 3")  # type: ignore[union-attr]


def test_strangers_are_told_apart_by_a_digest_and_our_own_are_named(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.person("elsewhere")
    bridge.release("1")
    hold_answers(bridge, 1)
    delivery = bridge.again(bridge.deliver())
    names = ("elsewhere", "a", "b", "a")
    apply_items(delivery, [answer(id=name) for name in names], utcnow())
    apply_items(
        delivery, [answer(id=name, subject="mediator", outcome="known") for name in ("7", "8")], utcnow()
    )
    commit()
    tenant = bridge.tenant_id
    assert [odd.number for odd in odd_answers(delivery.id)] == [
        "elsewhere",
        hide(tenant, "a"),
        hide(tenant, "b"),
        hide(tenant, "8"),
    ]
    assert len({hide(tenant, "a"), hide(tenant, "b"), hide(tenant + 1, "a")}) == 3
    assert db.session.query(OddAnswer).count() == 4


def test_a_bewerber_id_that_is_a_number_stays_one_of_its_own(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.person("2")
    bridge.release("1", "2")
    hold_answers(bridge, 1)
    delivery = bridge.again(bridge.deliver())
    items = [answer(id="1", applicant_id=NUMBER), answer(id="2", applicant_id="12345678A123")]
    apply_items(delivery, items, utcnow())
    commit()
    assert bridge.registration("1").applicant_id == hide(bridge.tenant_id, NUMBER)
    assert bridge.registration("2").applicant_id == "12345678A123", "looks like one, and is none"
    assert bridge.registration("1").clarification is None
    assert applicant_page(bridge.see("1")) is None


def test_a_receipt_that_quotes_a_number_is_kept_without_it() -> None:
    receipt = {"delivery_id": "d", "sequence": 1, "received_at": utcnow()}
    assert NUMBER not in Receipt.model_validate(receipt | {"receipt_id": f"r-{NUMBER}"}).receipt_id
    assert Receipt.model_validate(receipt | {"receipt_id": "12345678A123"}).receipt_id == "12345678A123"

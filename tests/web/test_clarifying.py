"""A person in clarification: her page says what does not fit, and takes a sentence that ends it."""

from __future__ import annotations

from collections.abc import Callable

from portal.core.database import commit, db
from portal.domain.releases import Registration
from tests.support.factories import House, looking
from tests.support.pages import Browser

FOUND = "Im Jobportal nachgesehen: dort steht sie richtig."


def test_the_page_says_what_does_not_fit_and_takes_the_sentence(
    signed_in: Callable[[str], Browser], house: House
) -> None:
    browser = signed_in("supervisor")
    page = f"/participants/{house.eva}"
    browser.get(page)
    browser.submit(f"{page}/release")
    db.session.query(Registration).update({"clarification": "answer-missing"})
    commit()
    assert "ohne zu dieser Person zu antworten" in browser.get(page).text
    browser.submit(f"{page}/clarify", found=FOUND)
    shown = browser.follow().text
    assert "In Klärung" not in shown
    assert FOUND in shown
    with looking():
        assert db.session.query(Registration).one().clarification is None

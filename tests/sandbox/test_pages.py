"""The pages: right, valid, found by number, and closed to other sites."""

import re
from collections.abc import Iterator

import html5lib
import pytest
import requests

from tests.sandbox.provider import Provider, mediator, order, participant, people
from tests.support.sandbox import SandboxServer


class Browser:
    """Reads pages as a browser would, and checks each one."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self.session = requests.Session()
        self.session.trust_env = False

    def get(self, path: str, status: int = 200) -> str:
        """Give a page."""
        return self._read(self.session.get(self.server.url + path, timeout=10), status)

    def post(self, path: str, status: int = 200, /, **form: str) -> str:
        """Send a form from a page of the sandbox itself, and give the page that follows."""
        headers = {"Origin": self.server.url, "Sec-Fetch-Site": "same-origin"}
        response = self.session.post(self.server.url + path, data=form, headers=headers, timeout=10)
        return self._read(response, status)

    def _read(self, response: requests.Response, status: int) -> str:
        assert response.status_code == status, response.text
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert response.headers["Cache-Control"] == "no-store"
        html = response.text
        html5lib.HTMLParser(strict=True).parse(html)
        assert html.count("<h1>") == 1
        assert "<title>" in html
        assert "<script" not in html
        assert "style=" not in html
        ids = re.findall(r' id="([^"]+)"', html)
        assert len(ids) == len(set(ids))
        labels = set(re.findall(r'<label for="([^"]+)"', html))
        controls = re.findall(r"<(?:input|select)(?![^>]*hidden)[^>]* id=\"([^\"]+)\"", html)
        assert set(controls) == labels
        return html


@pytest.fixture
def browser(behaving: SandboxServer) -> Iterator[Browser]:
    """Give a browser; the rules it adds end with the test."""
    reader = Browser(behaving)
    yield reader
    reader.session.close()


def test_it_lists_providers_with_their_numbers(browser: Browser, jobnetzwerk: Provider) -> None:
    jobnetzwerk.deliver(1, people("1", "2"))
    jobnetzwerk.deliver(2, people("2"))
    row = re.search(rf"{jobnetzwerk.provider_id}</a>.*?</tr>", browser.get("/"), re.DOTALL)
    assert row is not None
    assert re.findall(r'class="number">(\d+)<', row[0]) == ["2", "1", "1", "0"]


def test_it_shows_what_arrived_and_was_answered(browser: Browser, jobnetzwerk: Provider) -> None:
    path = f"/providers/{jobnetzwerk.provider_id}"
    assert "noch nichts angekommen" in browser.get(path)
    delivery_id = jobnetzwerk.deliver(7, people("Tn-4711"))
    jobnetzwerk.open(8)
    assert f"{path}/deliveries/{delivery_id}" in browser.get(path)
    page = browser.get(f"{path}/deliveries/{delivery_id}")
    assert "Lieferung 7" in page
    assert "Tn-4711" in page
    assert "Vollständig bestätigt" in page
    browser.get(f"{path}/deliveries/d_nothing", 404)
    browser.get("/providers/nobody", 404)


def test_somebody_is_found_by_either_number(browser: Browser, jobnetzwerk: Provider) -> None:
    jobnetzwerk.deliver(1, people("Tn-815"))
    number = jobnetzwerk.server.applicants(jobnetzwerk.provider_id)["Tn-815"]["applicant_id"]
    for typed in (number, number.lower(), " Tn-815 "):
        page = browser.post("/search", number=typed)
        assert f"<h1>{number}</h1>" in page
        assert "aktiv" in page
    assert "Niemand mit dieser" in browser.post("/search", 404, number="Tn-816")
    browser.get("/applicants/BW-9999999", 404)


def test_one_number_at_two_providers_gives_a_choice(
    browser: Browser, jobnetzwerk: Provider, stranger: Provider
) -> None:
    for provider in (jobnetzwerk, stranger):
        provider.deliver(1, people("Tn-doppelt"))
    assert "bei mehreren Trägern" in browser.post("/search", number="Tn-doppelt")


def test_it_says_why_somebody_is_archived(browser: Browser, jobnetzwerk: Provider) -> None:
    jobnetzwerk.server.set_mediator(jobnetzwerk.provider_id, "M1", False)
    jobnetzwerk.deliver(1, people("1"))
    number = jobnetzwerk.server.applicants(jobnetzwerk.provider_id)["1"]["applicant_id"]
    page = browser.get(f"/applicants/{number}")
    assert "archiviert" in page
    assert "Vermittler/in M1 ist im Jobnetzwerk nicht angelegt." in page
    jobnetzwerk.deliver(2, [])
    assert "vom Träger zurückgezogen" in browser.get(f"/applicants/{number}")


def test_a_social_insurance_number_is_masked(browser: Browser, jobnetzwerk: Provider) -> None:
    secret = participant("1", social_insurance_number="12345678A901")
    jobnetzwerk.deliver(1, [mediator(), order("A1", "Vogt"), secret])
    number = jobnetzwerk.server.applicants(jobnetzwerk.provider_id)["1"]["applicant_id"]
    page = browser.get(f"/applicants/{number}")
    assert "•••01" in page
    assert "345678" not in page


def test_text_that_arrived_is_shown_as_text(browser: Browser, jobnetzwerk: Provider) -> None:
    evil = "<script>alert(1)</script>"
    records = [mediator(evil), order("A1", "V"), participant(evil, mediator_id=evil, last_name=evil)]
    delivery_id = jobnetzwerk.deliver(1, records)
    path = f"/providers/{jobnetzwerk.provider_id}"
    for page in (f"/deliveries/{delivery_id}", "/applicants", "/mediators"):
        assert "&lt;script&gt;" in browser.get(path + page)
    assert "&lt;script&gt;" in browser.post("/search", number=evil)


def test_applicants_come_a_page_at_a_time(browser: Browser, jobnetzwerk: Provider) -> None:
    jobnetzwerk.deliver(1, people(*map(str, range(120))))
    path, seen = f"/providers/{jobnetzwerk.provider_id}/applicants", []
    while path:
        page = browser.get(path)
        seen += re.findall(r"/applicants/(BW-\d+)", page)
        more = re.search(r'href="([^"]+)">Weitere', page)
        path = more[1] if more else ""
    assert len(seen) == len(set(seen)) == 120


def test_creating_a_mediator_by_hand_brings_people_online(browser: Browser, jobnetzwerk: Provider) -> None:
    jobnetzwerk.server.change_provider(jobnetzwerk.provider_id, mediators_known=False)
    jobnetzwerk.deliver(1, people("1"))
    path = f"/providers/{jobnetzwerk.provider_id}/mediators"
    assert "Vermittler anlegen" in browser.get(path)
    assert "bekannt</span> (von Hand)" in browser.post(path, mediator_id="M1", known="yes")
    assert jobnetzwerk.outcomes(jobnetzwerk.deliver(2, people("1"))) == {"1": ("active", None)}
    browser.post(path, mediator_id="M1", known="no")
    assert jobnetzwerk.outcomes(jobnetzwerk.deliver(3, people("1"))) == {
        "1": ("archived", "mediator-unknown")
    }
    assert "Das Feld war leer" in browser.post(path, 422, mediator_id=" ", known="yes")


def test_rules_are_added_and_ended_by_form(browser: Browser, jobnetzwerk: Provider) -> None:
    page = browser.post(
        "/misbehaviours",
        kind="status",
        operation="readAccount",
        provider_id=jobnetzwerk.provider_id,
        count="3",
        status="429",
        retry_after="9",
    )
    assert "lehnt mit einem HTTP-Status ab" in page
    response = jobnetzwerk.call("GET", "/v1/account")
    assert (response.status_code, response.headers["Retry-After"]) == (429, "9")
    (rule,) = (rule for rule in browser.server.control("GET", "/misbehaviours") if rule["remaining"] == 2)
    browser.post(f"/misbehaviours/{rule['rule_id']}/remove")
    assert jobnetzwerk.call("GET", "/v1/account").status_code == 200
    browser.post(f"/misbehaviours/{rule['rule_id']}/remove", 404)
    for wrong in ({"kind": "sulking"}, {"kind": "status", "count": "often"}, {}):
        browser.post("/misbehaviours", 422, **wrong)


def test_the_delay_is_set_by_form(browser: Browser, jobnetzwerk: Provider) -> None:
    assert 'value="3600"' in browser.post("/answer-delay", seconds="3600")
    assert jobnetzwerk.page(jobnetzwerk.deliver(1, people("1")))["items"] == []
    browser.post("/answer-delay", seconds="0,5")
    for wrong in ("", "-1", "soon", "nan", "inf"):
        browser.post("/answer-delay", 422, seconds=wrong)


def test_it_shows_the_requests(browser: Browser, jobnetzwerk: Provider) -> None:
    jobnetzwerk.deliver(1, people("1"))
    assert "commitDelivery" in browser.get("/requests")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example"},
    ],
)
@pytest.mark.parametrize("path", ["/answer-delay", "/misbehaviours", "/search", "/control/misbehaviours"])
def test_other_sites_change_nothing(server: SandboxServer, path: str, headers: dict[str, str]) -> None:
    form = {"seconds": "1", "kind": "delay"}
    response = requests.post(server.url + path, data=form, headers=headers, timeout=10)
    assert response.status_code == 403
    assert server.control("GET", "/misbehaviours") == []


@pytest.mark.parametrize("path", ["/", "/requests", "/control/providers"])
def test_other_names_of_this_host_are_not_served(server: SandboxServer, path: str) -> None:
    response = requests.get(server.url + path, headers={"Host": "evil.example:5001"}, timeout=10)
    assert response.status_code == 403


def test_the_stylesheet_is_there(server: SandboxServer) -> None:
    response = requests.get(server.url + "/static/sandbox.css", timeout=10)
    assert response.headers["Content-Type"].startswith("text/css")
    assert requests.get(server.url + "/favicon.ico", timeout=10).status_code == 204

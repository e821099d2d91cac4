"""What goes over the wire: a first view of the list under 80 kB, a fragment under 6 kB, files once."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable

import pytest

from portal.core.database import commit, scoped_to
from tests.support.factories import House, make_person
from tests.support.pages import Browser

SignedIn = Callable[[str], Browser]
FIRST_VIEW = 80_000
FRAGMENT = 6_000
"""Bytes."""
NAMES = (
    "Żółkiewski",
    "Yıldız",
    "Weiß-Albrecht",
    "von der Straßenbach",
    "Öztürk",
    "Nguyễn",
    "Müller",
    "Šimůnek",
)


@pytest.fixture
def crowd(house: House) -> House:
    """More people than a page shows, no two alike."""
    with scoped_to(house.tenant_id):
        for number in range(70):
            name = f"{NAMES[number % len(NAMES)]}-{number * 7919 % 997:03}"
            make_person(
                house.tenant_id, str(30_000 + number * 37), name, f"Vorname{number * 31 % 89}", consent=True
            )
        commit()
    return house


def load(browser: Browser, path: str, **headers: str) -> tuple[int, str]:
    """Bytes on the wire, and the text."""
    answer = browser.client.get(path, headers={"Accept-Encoding": "gzip"} | headers)
    assert answer.status_code == 200
    data = answer.get_data()
    answer.close()
    packed = answer.headers.get("Content-Encoding") == "gzip"
    return len(data), (gzip.decompress(data) if packed else data).decode()


def test_the_first_view_of_the_list_is_light(signed_in: SignedIn, crowd: House) -> None:
    browser = signed_in("supervisor")
    size, html = load(browser, "/participants")
    assert html.count('name="participant"') == 50
    files = set(re.findall(r'"(/static/[^"#]+)', html))
    assert len(files) >= 6
    weights = {name: load(browser, name)[0] for name in files}
    assert size + sum(weights.values()) < FIRST_VIEW, (size, weights)


@pytest.mark.parametrize("path", ["/participants/{}", "/transfer-status", "/deliveries", "/imports"])
def test_fragments_are_light(signed_in: SignedIn, crowd: House, path: str) -> None:
    browser = signed_in("supervisor")
    address = path.format(crowd.eva)
    size, html = load(browser, address, **{"HX-Request": "true", "HX-Request-Type": "partial"})
    assert "<html" not in html
    assert size < FRAGMENT


def test_files_are_kept_for_good(signed_in: SignedIn, crowd: House) -> None:
    browser = signed_in("supervisor")
    name = re.search(r'"(/static/[^"]+app\.css)', browser.get("/participants").html)
    assert name
    with browser.client.get(name[1], headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["Cache-Control"].endswith("public, immutable")
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Vary"] == "Accept-Encoding"
    with browser.client.get(name[1]) as answer:  # whoever takes no gzip gets the plain file
        assert "Content-Encoding" not in answer.headers

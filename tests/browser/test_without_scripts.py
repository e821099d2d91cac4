"""What supervisors do, in a browser that runs no scripts: plain forms and links, and looking again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.imports.exports import ALL, zipped
from tests.support.running import Running

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.slow]
ROUNDS = 120


@pytest.fixture
def page(system: Running, visit: Callable[..., Visitor]) -> Page:
    """A supervisor's browser, without scripts."""
    return visit(java_script_enabled=False).sign_in("supervisor")


def look_until(page: Page, words: str) -> None:
    """Load the page anew until it says `words` in its main part."""
    for _ in range(ROUNDS):
        if page.locator("main").get_by_text(words).count():
            return
        page.wait_for_timeout(250)
        page.reload()
    raise AssertionError(f"never {words}: {page.locator('main').inner_text()}")


def button(page: Page, name: str) -> None:
    page.locator("main").get_by_role("button", name=name, exact=True).click()


def test_a_held_delivery_is_looked_at_and_approved(system: Running, page: Page) -> None:
    people = [str(number) for number in range(9501, 9508)]
    for number in people:
        system.bridge.person(number, last_name=f"Ohneskript{number}")
    system.bridge.release(*people)
    first = system.bridge.plan().sequence
    page.get_by_role("link", name="Datenübertragungen").click()
    page.get_by_role("link", name=f"Übertragung {first}", exact=True).click()
    look_until(page, "7 bestätigt")
    expect(page.get_by_role("link", name="Ohneskript9501, Erika")).to_be_visible()
    expect(page.get_by_role("button", name="Aktualisierung anhalten")).to_be_hidden()
    for number in people[:5]:
        system.bridge.person(number, first_name="")
    page.locator("#transfer-status").get_by_role("link").last.click()
    expect(page.get_by_role("heading", name="Scheiden ohne Erklärung aus (5)")).to_be_visible()
    held = system.bridge.plan().sequence
    page.goto(f"{system.url}/deliveries/{held}")
    look_until(page, "Angehalten: nichts davon ist gesendet")
    page.goto(f"{system.url}/help")
    page.get_by_role("link", name="Ansehen und entscheiden").click()
    expect(page.locator("main").get_by_text("Vor- oder Nachname fehlt")).to_have_count(5)
    button(page, "Durchlassen")
    expect(page.locator("#notices")).to_contain_text(f"Die Übertragung {held} wird gesendet.")
    look_until(page, "5 archiviert")


def test_the_list_is_narrowed_kept_and_taken_along(system: Running, page: Page) -> None:
    for number, name in (("9601", "Findich"), ("9602", "Findich"), ("9603", "Anders")):
        system.bridge.person(number, last_name=f"{name}{number}")
    page.get_by_label("Suche nach").fill("Findich")
    button(page, "Suchen")
    expect(page.get_by_text("2 Treffer")).to_be_visible()
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("nicht freigegeben").check()
    button(page, "Filtern")
    expect(page.get_by_text("2 Treffer")).to_be_visible()
    page.get_by_label("Sortiert nach").select_option("waiting")
    button(page, "Sortieren")
    expect(page.locator("#people tbody tr")).to_have_count(2)
    page.get_by_text("Ansichten").click()
    page.get_by_label("Diese Ansicht speichern als").fill("Ohne Skript")
    button(page, "Speichern")
    expect(page.locator("#notices")).to_contain_text("Die Ansicht ist gespeichert, ohne den Suchtext.")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV", exact=True).click()
    assert len(download.value.path().read_text("utf-8-sig").splitlines()) == 3
    page.get_by_role("link", name="nicht freigegeben nicht mehr eingrenzen").click()
    page.get_by_role("link", name="Nach Ursache").click()
    expect(page.get_by_role("heading", name="2 Teilnehmer/innen, 1 Ursache")).to_be_visible()


def test_an_export_is_imported(system: Running, page: Page, tmp_path: Path) -> None:
    export = tmp_path / "export.zip"
    export.write_bytes(zipped(ALL).getvalue())
    page.get_by_role("link", name="Importe").click()
    page.get_by_label("Export als ZIP-Datei").set_input_files(export)
    button(page, "Importieren")
    look_until(page, "Keine Zeile wurde abgewiesen.")

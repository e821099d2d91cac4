"""The pictures in docs/images, taken of the running demo: `make screenshots`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, Page, sync_playwright

from demo.logins import PASSWORD
from portal.core.paths import ROOT
from tests.support.chromium import find_chromium
from tests.support.running import free_port

FOLDER = ROOT / "docs" / "images"
PATIENCE_SECONDS = 180
SIZE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


def main() -> None:
    """Take all pictures anew, of demo data made anew; wants Chromium."""
    with tempfile.TemporaryDirectory() as folder, demo(Path(folder)) as url, sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=flags)
        take_all(browser, url)
        browser.close()


def take_all(browser: Browser, url: str) -> None:
    page = open_page(browser, url, "leitung@demo-jn.example")
    for name, address in (
        ("participants", "/participants"),
        ("causes", "/participants?group=cause"),
        ("deliveries", "/deliveries"),
        ("next", "/deliveries/next"),
        ("mediators", "/mediators"),
        ("imports", "/imports"),
    ):
        page.goto(url + address)
        take(page, name)
    open_first(page, f"{url}/participants?status=online&sort=action")
    take(page, "participant")
    open_first(page, f"{url}/participants?phase=blocked")
    take(page, "blocked")
    page.goto(f"{url}/participants?phase=not-released")
    page.get_by_label("auf der Liste").check()
    page.get_by_role("button", name="Freigeben …").click()
    page.wait_for_url("**/bulk/*")
    take(page, "bulk")
    held = open_page(browser, url, "leitung@demo-j4u.example")
    held.get_by_role("link", name="Ansehen und entscheiden").first.click()
    held.wait_for_url("**/deliveries/*")
    take(held, "held")
    dark = open_page(browser, url, "leitung@demo-jn.example", color_scheme="dark")
    take(dark, "participants-dark")
    phone = open_page(browser, url, "sachbearbeitung@demo-jn.example", viewport=PHONE)
    open_first(phone, f"{url}/participants?status=online")
    take(phone, "participant-phone")
    support = open_page(browser, url, "support@demo.example")
    support.goto(f"{url}/operations")
    take(support, "operations")


def open_page(browser: Browser, url: str, email: str, **options: Any) -> Page:
    """A page of a browser of its own, in which this account is signed in."""
    context = browser.new_context(**{"viewport": SIZE, "color_scheme": "light", "locale": "de-DE"} | options)
    page = context.new_page()
    sign_in(page, url, email)
    return page


def open_first(page: Page, address: str) -> None:
    """Open the first person of a list."""
    page.goto(address)
    page.locator("#people tbody th a").first.click()
    page.wait_for_url("**/participants/*")


def sign_in(page: Page, url: str, email: str) -> None:
    page.goto(f"{url}/sign-in")
    page.get_by_label("E-Mail").fill(email)
    page.get_by_label("Passwort").fill(PASSWORD)
    page.get_by_role("button", name="Anmelden").click()
    page.wait_for_url(lambda address: "sign-in" not in address)


def take(page: Page, name: str) -> None:
    page.screenshot(path=FOLDER / f"{name}.png")
    print(f"docs/images/{name}.png")


@contextmanager
def demo(folder: Path) -> Iterator[str]:
    """The demo on free ports, with data of its own; its address."""
    port, sandbox_port = free_port(), free_port()
    words = ["demo", "--port", str(port), "--sandbox-port", str(sandbox_port), "--data", str(folder / "var")]
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("jobbruecke")), *words], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            requests.get(f"{url}/sign-in", timeout=5).raise_for_status()
        except requests.RequestException:
            time.sleep(0.5)
        else:
            return
    raise SystemExit("the demo did not start")


if __name__ == "__main__":
    main()

"""Somebody's device with the app that shows codes, and the printed codes for when it is lost."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pyotp
import time_machine

from portal.core.database import utcnow
from tests.support.pages import PASSWORD, Browser

_PATH = "/account/second-factor"


@dataclass
class Phone:
    """A device that was set up in `browser`; `clock` stands still but for what the device waits."""

    browser: Browser
    clock: time_machine.Traveller
    secret: str
    recovery: list[str]
    onward: str
    """Where the page with the recovery codes leads."""

    @classmethod
    def set_up(cls, browser: Browser, clock: time_machine.Traveller, password: str = PASSWORD) -> Phone:
        browser.get(_PATH)
        browser.submit(f"{_PATH}/begin", password=password)
        secret = browser.follow().text_of("secret").replace(" ", "")
        page = browser.submit(f"{_PATH}/confirm", status=200, code=pyotp.TOTP(secret).at(utcnow()))
        onward = page.find("a", class_="kern-btn--primary").get("href") or ""
        return cls(browser, clock, secret, page.text_of("codes").split(), onward)

    def next_code(self) -> str:
        """Wait for a code that was not shown before, and read it."""
        self.clock.shift(dt.timedelta(seconds=30))
        return pyotp.TOTP(self.secret).at(utcnow())

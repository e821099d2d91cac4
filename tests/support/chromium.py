"""The browser that tests and pictures drive."""

from __future__ import annotations

import os
import shutil

_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""The headless shell first: it costs half of what a whole Chromium without a screen does."""


def find_chromium() -> str | None:
    """Return the path of the one that CHROMIUM names, or of the system's; None where there is none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)

"""Where the files of the application lie, and who may read what it writes."""

from __future__ import annotations

from pathlib import Path

PRIVATE = 0o077
"""What is taken from the modes of all that our processes write: files 0600, folders 0700."""

PACKAGE = Path(__file__).resolve().parent.parent
ROOT = PACKAGE if (PACKAGE / "templates").is_dir() else PACKAGE.parent
"""Where templates, static files and migrations lie: beside the packages in a checkout, in this one when installed."""

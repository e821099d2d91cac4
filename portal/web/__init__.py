"""What every page needs: fragments or pages, access, headers, errors, languages."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Give the application its pages."""

"""Static files under an address that changes with their content, kept by browsers for good."""

from __future__ import annotations

import hashlib
from collections.abc import MutableMapping
from pathlib import Path

from flask import Flask
from whitenoise import WhiteNoise  # type: ignore[import-untyped]

KEEP_SECONDS = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    """Serve `static/` at /static/<version>/, and give templates `asset(name)`."""
    folder = Path(app.static_folder or "")
    prefix = f"/static/{_version(folder)}/"
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=str(folder),
        prefix=prefix,
        max_age=KEEP_SECONDS,
        immutable_file_test=lambda *_: True,
        add_headers_function=_protect,
    )
    app.jinja_env.globals["asset"] = lambda name: prefix + name


def _version(folder: Path) -> str:
    """A name for the content of all files together: styles name fonts and icons by relative address."""
    digest = hashlib.sha256()
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _protect(headers: MutableMapping[str, str], *_: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"

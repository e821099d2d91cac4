"""Static files under an address that changes with their content, kept by browsers for good."""

from __future__ import annotations

import atexit
import gzip
import hashlib
import shutil
import tempfile
from collections.abc import Callable, MutableMapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from flask import Flask
from whitenoise import WhiteNoise  # type: ignore[import-untyped]

KEEP_SECONDS = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    """Serve `static/` at /static/<version>/, and give templates `asset(name)`."""
    folder = Path(app.static_folder or "")
    prefix = f"/static/{_version(folder)}/"
    app.wsgi_app = _Assets(app.wsgi_app, folder, prefix)  # type: ignore[method-assign]
    app.jinja_env.globals["asset"] = lambda name: prefix + name


class _Assets:
    """WhiteNoise before the application, made at its first request: commands serve no files."""

    def __init__(self, application: Callable[..., Any], folder: Path, prefix: str) -> None:
        self._application, self._folder, self._prefix = application, folder, prefix

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        return self._served(environ, start_response)

    @cached_property
    def _served(self) -> Any:
        return WhiteNoise(
            self._application,
            root=_compressed(self._folder),
            prefix=self._prefix,
            max_age=KEEP_SECONDS,
            immutable_file_test=lambda *_: True,
            add_headers_function=_protect,
        )


@lru_cache(maxsize=1)
def _compressed(folder: Path) -> str:
    """A copy of `folder` with compressed files beside the plain ones, for as long as this process lives.

    The folder itself may be one that we must not write to, and holds what is vendored unmodified.
    """
    copy = Path(tempfile.mkdtemp(prefix="jobbruecke-static-"))
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    shutil.copytree(folder, copy, dirs_exist_ok=True)
    for path in [item for item in copy.rglob("*") if item.is_file()]:
        content = path.read_bytes()
        packed = gzip.compress(content, mtime=0)
        if len(packed) < len(content):
            path.with_name(f"{path.name}.gz").write_bytes(packed)
    return str(copy)


def _version(folder: Path) -> str:
    """A name for the content of all files together: styles name fonts and icons by relative address."""
    digest = hashlib.sha256()
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _protect(headers: MutableMapping[str, str], *_: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"

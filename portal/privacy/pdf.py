"""A document as tagged PDF: its own fonts, title, language, headings, tables that go on over pages, page numbers."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from flask_babel import gettext as _

from portal.privacy.sections import Document

_TYPESETTER = Path(__file__).with_name("typesetting") / "typeset.py"
_SECONDS = 60
"""A report of three years of nightly transfers takes two or three."""


def write_pdf(document: Document, language: str) -> bytes:
    """Typeset the document, in letters of every script that people write their names in. Raises SubprocessError."""
    report = asdict(document) | {
        "language": language,
        "columns": (_("Angabe"), _("Inhalt")),
        "page": _("Seite %(page)s von %(pages)s", page="{page}", pages="{pages}"),
    }
    done = subprocess.run(
        [sys.executable, "-I", str(_TYPESETTER)],
        input=json.dumps(report, default=str).encode(),
        capture_output=True,
        env={},  # it has no use for our secrets
        timeout=_SECONDS,
        check=True,
    )
    return done.stdout

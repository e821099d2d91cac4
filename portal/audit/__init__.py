"""Who did what to whom, and the chain that shows whether it was changed afterwards."""

from __future__ import annotations

from flask import Flask

from portal.audit.recording import write_intended
from portal.audit.sealing import seal_transaction
from portal.core.database import before_commit


def init_app(app: Flask) -> None:
    """Have each transaction say what was done in it, and seal what it wrote."""
    before_commit(app, write_intended)
    before_commit(app, seal_transaction)

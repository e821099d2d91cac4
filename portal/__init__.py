"""The portal: the web application, and the features it shares with the worker."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from portal.settings import Settings
    from portal.vault import Vault

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE if (PACKAGE / "templates").is_dir() else PACKAGE.parent
"""Where templates, static files and migrations lie: beside the packages in a checkout, in this one when installed."""

PRIVATE = 0o077
"""What is taken from the modes of all that our processes write: files 0600, folders 0700."""

__all__ = ["PACKAGE", "PRIVATE", "ROOT", "create_app", "current_settings", "current_vault"]


def create_app(settings: Settings | None = None) -> Flask:
    """The application: settings, database, security, blueprints, commands.

    Raises SettingsError where a setting is missing or wrong.
    """
    # Imported here: whoever asks for the command line's help or the version waits for none of it.
    from flask import Flask

    from portal import audit, failpoints, models, web  # noqa: F401 - the models make the tables known
    from portal.database import db
    from portal.settings import load_settings
    from portal.vault import Vault

    settings = settings or load_settings()
    os.umask(PRIVATE)
    if settings.failpoints:
        failpoints.arm(settings.failpoints)
    app = Flask("portal", root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.config["SECRET_KEY"] = settings.secret_key.get_secret_value()
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(settings)
    app.extensions["jobbruecke_settings"] = settings
    app.extensions["jobbruecke_vault"] = Vault(settings.keys)
    db.init_app(app)
    audit.init_app(app)
    web.init_app(app)
    return app


def current_settings() -> Settings:
    """The settings of the current application."""
    from flask import current_app

    found: Settings = current_app.extensions["jobbruecke_settings"]
    return found


def current_vault() -> Vault:
    """The vault of the current application."""
    from flask import current_app

    found: Vault = current_app.extensions["jobbruecke_vault"]
    return found


def _engine_options(settings: Settings) -> dict[str, object]:
    if settings.sqlite:
        return {}
    # None: statements prepared on one connection are not there on the next that PgBouncer gives (transaction mode)
    driver = {"prepare_threshold": None, "client_encoding": "utf8"}
    return {
        "pool_pre_ping": True,
        "pool_size": 10,
        "max_overflow": 10,
        "pool_timeout": 10,
        "connect_args": driver,
    }

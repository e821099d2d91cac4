"""The portal: the web application, and the features it shares with the worker."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, current_app
from flask_migrate import Migrate

from portal import failpoints, models
from portal.database import db
from portal.settings import Settings, load_settings
from portal.vault import Vault

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE if (PACKAGE / "templates").is_dir() else PACKAGE.parent
"""Where templates, static files and migrations lie: beside the packages in a checkout, in this one when installed."""

__all__ = ["PACKAGE", "ROOT", "create_app", "current_settings", "current_vault", "models"]


def create_app(settings: Settings | None = None) -> Flask:
    """The application: settings, database, security, blueprints, commands.

    Raises SettingsError where a setting is missing or wrong.
    """
    settings = settings or load_settings()
    if settings.failpoints:
        failpoints.arm(settings.failpoints)
    app = Flask("portal", root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.config["SECRET_KEY"] = settings.secret_key.get_secret_value()
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(settings)
    app.extensions["jobbruecke_settings"] = settings
    app.extensions["jobbruecke_vault"] = Vault(settings.keys)
    db.init_app(app)
    Migrate(app, db, directory=str(ROOT / "migrations"))

    from portal import audit, web  # the pages need the extensions above

    audit.init_app(app)
    web.init_app(app)
    return app


def current_settings() -> Settings:
    """The settings of the current application."""
    found: Settings = current_app.extensions["jobbruecke_settings"]
    return found


def current_vault() -> Vault:
    """The vault of the current application."""
    found: Vault = current_app.extensions["jobbruecke_vault"]
    return found


def _engine_options(settings: Settings) -> dict[str, object]:
    if settings.sqlite:
        return {}
    return {"pool_pre_ping": True, "pool_size": 10, "max_overflow": 10, "pool_timeout": 10}

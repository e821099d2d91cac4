"""The application without its pages, as commands and jobs have it: settings, database, protocols and words."""

from __future__ import annotations

import os

from flask import Flask

from portal.audit import init_app as init_audit
from portal.core.crypto import Keyring
from portal.core.database import before_commit, db
from portal.core.paths import PRIVATE, ROOT
from portal.core.settings import Settings, load_settings
from portal.releases.states import refresh_changed
from portal.shell import labels
from portal.tenants.versions import raise_versions
from portal.webkit import languages
from portal.webkit.templates import TranslatedEnvironment


def create_bare_app(settings: Settings | None = None) -> Flask:
    """Make an application that answers no request: importing the pages takes longer than most commands.

    Raises SettingsError where a setting is missing or wrong.
    """
    settings = settings or load_settings()
    os.umask(PRIVATE)
    app = Flask("portal", root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.jinja_environment = TranslatedEnvironment
    app.config["SECRET_KEY"] = settings.secret_key.get_secret_value()
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(settings)
    app.extensions["jobbruecke_settings"] = settings
    app.extensions["jobbruecke_keyring"] = Keyring(settings.keys)
    db.init_app(app)
    before_commit(app, refresh_changed)
    init_audit(app)
    before_commit(app, raise_versions)  # last: its lock is to be short
    languages.init_app(app)
    labels.init_app(app)
    return app


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

"""The application: settings, database, what pages need, and the blueprints of all features."""

from __future__ import annotations

import os

from flask import Flask
from flask_login import LoginManager

from portal.accounts.factor_views import second_factor
from portal.accounts.managing_views import managing
from portal.accounts.own_views import own
from portal.accounts.provider_views import by_provider
from portal.accounts.users import find_user
from portal.accounts.views import accounts
from portal.api.views import api
from portal.audit import init_app as init_audit
from portal.audit.views import audit
from portal.bulk.views import bulk
from portal.core.crypto import Keyring
from portal.core.database import before_commit, db
from portal.core.paths import PRIVATE, ROOT
from portal.core.settings import Settings, load_settings
from portal.deliveries.account_views import network_accounts
from portal.deliveries.network_views import network_choice
from portal.deliveries.participant_views import participant_deliveries
from portal.deliveries.reconciling_views import reconciling
from portal.deliveries.views import deliveries
from portal.imports.views import imports
from portal.mediators.views import mediators
from portal.notices.views import notices, unseen_notices
from portal.operations.health import health
from portal.operations.views import operations
from portal.privacy.views import privacy
from portal.releases.list_views import people
from portal.releases.number_views import numbers
from portal.releases.states import refresh_changed
from portal.releases.views import releases
from portal.shell import auditing, header, labels
from portal.shell.views import general
from portal.tenants.views import tenants
from portal.tokens.views import tokens
from portal.webkit import assets, errors, fragments, languages, limits, request_log, scope, security
from portal.webkit.converters import RowConverter
from portal.webkit.session_interface import ServerSessions

BLUEPRINTS = (
    general,
    accounts,
    by_provider,
    own,
    second_factor,
    managing,
    audit,
    tenants,
    people,
    releases,
    bulk,
    mediators,
    deliveries,
    participant_deliveries,
    network_choice,
    reconciling,
    network_accounts,
    imports,
    numbers,
    operations,
    notices,
    health,
    tokens,
    api,
    privacy,
)


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application: settings, database, security, blueprints.

    Raises SettingsError where a setting is missing or wrong.
    """
    settings = settings or load_settings()
    os.umask(PRIVATE)
    app = Flask("portal", root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.config["SECRET_KEY"] = settings.secret_key.get_secret_value()
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(settings)
    app.extensions["jobbruecke_settings"] = settings
    app.extensions["jobbruecke_keyring"] = Keyring(settings.keys)
    db.init_app(app)
    before_commit(app, refresh_changed)
    init_audit(app)
    _init_pages(app, settings)
    return app


def _init_pages(app: Flask, settings: Settings) -> None:
    app.session_interface = ServerSessions()
    languages.init_app(app)
    request_log.init_app(app)
    limits.init_app(app)
    security.init_app(app, settings)
    fragments.init_app(app)
    errors.init_app(app)
    assets.init_app(app)
    login = LoginManager(app)
    login.session_protection = None  # the number is ours, random and kept on the server
    login.user_loader(find_user)
    scope.init_app(app)
    auditing.init_app(app)
    labels.init_app(app)
    header.init_app(app)
    app.jinja_env.globals["unseen_notices"] = unseen_notices
    app.url_map.converters["row"] = app.url_map.converters["int"] = RowConverter
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)


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

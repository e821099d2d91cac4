"""The application: what every page needs, and the blueprints of all features."""

from __future__ import annotations

from flask import Flask
from flask_login import LoginManager

from portal.accounts.factor_views import second_factor
from portal.accounts.managing_views import managing
from portal.accounts.own_views import own
from portal.accounts.provider_views import by_provider
from portal.accounts.users import find_user
from portal.accounts.views import accounts
from portal.api.views import api
from portal.audit.views import audit
from portal.bare import create_bare_app
from portal.bulk.views import bulk
from portal.core.settings import Settings
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
from portal.releases.views import releases
from portal.shell import auditing, header
from portal.shell.views import general
from portal.tenants.views import tenants
from portal.tokens.views import tokens
from portal.webkit import assets, errors, fragments, limits, request_log, scope, security
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
    """Make the application with all of its pages. Raises SettingsError where a setting is missing or wrong."""
    app = create_bare_app(settings)
    app.session_interface = ServerSessions()
    request_log.init_app(app)
    limits.init_app(app)
    security.init_app(app, app.extensions["jobbruecke_settings"])
    fragments.init_app(app)
    errors.init_app(app)
    assets.init_app(app)
    login = LoginManager(app)
    login.session_protection = None  # the number is ours, random and kept on the server
    login.user_loader(find_user)
    scope.init_app(app)
    auditing.init_app(app)
    header.init_app(app)
    app.jinja_env.globals["unseen_notices"] = unseen_notices
    app.url_map.converters["row"] = app.url_map.converters["int"] = RowConverter
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app

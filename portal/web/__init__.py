"""What every page needs: fragments or pages, access, headers, errors, languages."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Give the application its pages."""
    # Imported here, since the features' views import the modules of this package.
    from flask_login import LoginManager

    from portal import current_settings
    from portal.accounts.factor_views import second_factor
    from portal.accounts.managing_views import managing
    from portal.accounts.own_views import own
    from portal.accounts.provider_views import by_provider
    from portal.accounts.users import find_user
    from portal.accounts.views import accounts
    from portal.api.views import api
    from portal.audit.views import audit
    from portal.bulk.views import bulk
    from portal.deliveries.account_views import network_accounts
    from portal.deliveries.reconciling_views import reconciling
    from portal.deliveries.views import deliveries
    from portal.mediators.views import mediators
    from portal.notices.views import notices, unseen_notices
    from portal.operations.health import health
    from portal.operations.views import operations
    from portal.people.views import people
    from portal.privacy.views import privacy
    from portal.qualli.views import imports
    from portal.releases.number_views import numbers
    from portal.releases.views import releases
    from portal.tenants.views import tenants
    from portal.tokens.views import tokens
    from portal.web import (
        assets,
        auditing,
        errors,
        fragments,
        header,
        labels,
        languages,
        limits,
        request_log,
        scope,
        security,
    )
    from portal.web.converters import RowConverter
    from portal.web.sessions import ServerSessions
    from portal.web.views import general

    with app.app_context():
        settings = current_settings()
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
    for blueprint in (
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
    ):
        app.register_blueprint(blueprint)

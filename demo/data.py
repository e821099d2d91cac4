"""The demo's data: `python -m demo.data` writes it into an empty database, with a sandbox at hand.

Everything comes about as in real life: by imports, releases, and deliveries to the sandbox over HTTP. Only the clock is
moved: what has happened is dated back afterwards (see Setup.grow_older).
"""

from __future__ import annotations

import datetime as dt
import sys

from demo.logins import LOGINS, PASSWORD, Login
from demo.scenarios import run_scenario
from demo.seed import PROVIDERS, SMALL_ONE, Provider
from demo.setup import Setup, control, new_token
from portal.accounts.service import create_account
from portal.bare import create_bare_app
from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.core.settings import current_settings
from portal.deliveries.network_change import choose_network
from portal.domain.accounts import Account, Role
from portal.domain.actors import SYSTEM, Actor
from portal.domain.tenants import Tenant
from portal.networks.registry import Network
from portal.tenants.service import create_tenant, set_federal_state, set_licence, set_token

_LICENSED_DAYS = 400


def fill() -> list[str]:
    """Write whatever of the demo is not there yet; the slugs of the tenants that were written."""
    written = []
    for provider in PROVIDERS:
        scope_to(EVERY_TENANT)
        if db.session.query(Tenant).filter_by(slug=provider.slug).count() == 0:
            _found(provider)
            written.append(provider.slug)
    scope_to(EVERY_TENANT)
    for login in LOGINS:
        if login.tenant is None and not _has_account(login):
            _open_account(login, None)
    commit()
    return written


def _found(provider: Provider) -> None:
    """Create the tenant and its provider at the network, and run its scenario."""
    now, today = utcnow(), utcnow().date()
    network = Network(provider.network)
    settings = current_settings()
    url = settings.network_job4you_url if network is Network.JOB4YOU else settings.network_jobnetzwerk_url
    tenant = create_tenant(provider.slug, provider.name, now)
    set_federal_state(tenant, provider.state)
    set_licence(tenant, today - dt.timedelta(days=_LICENSED_DAYS), today + dt.timedelta(days=_LICENSED_DAYS))
    connection = choose_network(tenant, network, SYSTEM, now)
    set_token(connection, _provider_at_network(provider, url))
    commit()
    scope_to(tenant.id)
    setup = Setup(
        provider,
        tenant.id,
        url,
        Actor(_initials(provider, "caseworker")),
        Actor(_initials(provider, "supervisor")),
    )
    run_scenario(setup)
    for login in LOGINS:
        if login.tenant == provider.slug:
            _open_account(login, tenant.id)
    if provider is SMALL_ONE:
        ended = today - dt.timedelta(days=1)
        set_licence(db.session.get_one(Tenant, tenant.id), today - dt.timedelta(days=_LICENSED_DAYS), ended)
    commit()


def _provider_at_network(provider: Provider, url: str) -> str:
    """The provider's token at the sandbox, which does not know some of its mediators."""
    token = new_token()
    body = {"provider_id": provider.slug, "name": provider.name, "network": provider.network, "token": token}
    control(url, "POST", "/providers", body)
    for mediator in provider.mediators:
        if mediator.unknown:
            control(url, "PUT", f"/providers/{provider.slug}/mediators/{mediator.number}", {"known": False})
    return token


def _initials(provider: Provider, role: str) -> str:
    found = (login.initials for login in LOGINS if login.tenant == provider.slug and login.role == role)
    return next(found, "SUP")


def _has_account(login: Login) -> bool:
    return db.session.query(Account).filter_by(email=login.email).count() > 0


def _open_account(login: Login, tenant_id: int | None) -> None:
    create_account(
        tenant_id=tenant_id,
        email=login.email,
        name=login.name,
        initials=login.initials,
        role=Role(login.role),
        password=PASSWORD,
        now=utcnow(),
        mediator_number=login.mediator,
    )


def main() -> int:
    """Fill the database that the environment names."""
    with create_bare_app().app_context():
        written = fill()
    print(f"Demo data: {', '.join(written) or 'all there'}.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

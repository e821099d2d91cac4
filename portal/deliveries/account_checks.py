"""Which account at the network a token opens, and whether it is the connection's own. Never commits.

A token of another provider is taken by the network like the right one, and a full delivery would archive that
provider's people.
"""

from __future__ import annotations

import datetime as dt

import structlog
from sqlalchemy import and_, or_, select

from portal.core.database import counting_for_every_tenant, db
from portal.deliveries.network_accounts import go_on
from portal.domain.delivery_states import DeliveryProblem
from portal.domain.tenants import Connection, ConnectionState
from portal.networks.protocol.contract import Account

log = structlog.get_logger()


def take_in(connection: Connection, account: Account, now: dt.datetime) -> DeliveryProblem | None:
    """Keep what the network says of us, and bind the connection at the first success; else why it is not taken."""
    connection.checked_at = now
    if account.network != connection.network.value:
        return DeliveryProblem.WRONG_NETWORK
    provider_id = account.provider_id
    doubt = _doubt(connection, provider_id)
    if doubt:
        _keep_doubt(connection, doubt, provider_id, account.name, now)
        return doubt
    if connection.account_doubt:
        go_on(connection, now)
    if connection.provider_id is None:
        connection.provider_id, connection.provider_bound_at = provider_id, now
    connection.holdings_known = connection.holdings_known or account.last_sequence == 0
    connection.network_sequence = account.last_sequence
    connection.network_name = account.name
    connection.network_licensed_until = account.licensed_until
    connection.max_part_bytes = account.max_part_bytes
    connection.encodings = account.encodings
    return None


def _doubt(connection: Connection, provider_id: str) -> DeliveryProblem | None:
    is_other = connection.provider_id not in (None, provider_id)
    if (is_other or not connection.shares_provider) and _is_taken(connection, provider_id):
        return DeliveryProblem.TAKEN_ACCOUNT
    return DeliveryProblem.OTHER_ACCOUNT if is_other else None


def _is_taken(connection: Connection, provider_id: str) -> bool:
    """Return whether another tenant has this account, and had it first."""
    earlier = select(Connection.id).where(
        Connection.tenant_id != connection.tenant_id,
        Connection.network == connection.network,
        Connection.provider_id == provider_id,
        Connection.state != ConnectionState.CLOSED,
    )
    if connection.provider_id == provider_id:
        bound = connection.provider_bound_at
        same_time = and_(Connection.provider_bound_at == bound, Connection.id < connection.id)
        earlier = earlier.where(or_(Connection.provider_bound_at < bound, same_time))
    with counting_for_every_tenant():
        return db.session.scalar(earlier.limit(1)) is not None


def _keep_doubt(
    connection: Connection, doubt: DeliveryProblem, provider_id: str, name: str, now: dt.datetime
) -> None:
    if connection.account_doubt is None:
        log.error("account_doubted", connection=connection.id, problem=doubt.value)
        connection.doubted_since = now
    connection.account_doubt = doubt.value
    connection.found_provider_id, connection.found_provider_name = provider_id, name

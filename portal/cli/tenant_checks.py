"""What `jobbruecke check` looks at of a tenant: licence, network, transfers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select

from portal.cli.check_values import Check, Level
from portal.cli.context import use_tenant
from portal.cli.output import show_value
from portal.core.crypto import DecryptionError
from portal.core.database import commit, db, reading, utcnow
from portal.domain.delivery_states import DeliveryProblem, DeliveryState
from portal.domain.rules.licence import Licence, licence_ending, licence_warning
from portal.domain.rules.preflight import Finding
from portal.domain.tenants import Connection, ConnectionState
from portal.domain.tokens import ApiToken
from portal.tenants.context import TenantContext, load_tenant_context
from portal.tenants.licence_labels import licence_sentence
from portal.tokens.queries import ending_soon
from portal.webkit.labels import label_of
from portal.webkit.languages import gettext as _

if TYPE_CHECKING:
    from portal.networks.protocol.contract import Account

LATE = dt.timedelta(minutes=10)


def check_tenant(slug: str) -> Iterator[Check]:
    """Everything about one tenant; asks its networks."""
    with reading():
        context = load_tenant_context(use_tenant(slug).id, utcnow())
        left = list(db.session.scalars(select(Connection).where(Connection.state == ConnectionState.CLOSING)))
        tokens = ending_soon(utcnow())
        commit()
    yield _licence(context)
    yield from _tokens(slug, tokens)
    yield _transfers(context)
    if context.connection is None:
        advice = _("Rufen Sie „jobbruecke tenant set %(slug)s --network …“ auf.", slug=slug)
        yield Check("network", Level.WARN, str(label_of(Finding.NETWORK_NOT_CHOSEN).text), advice, slug)
        return
    for connection in (context.connection, *left):
        yield _network(context, connection)


def _licence(context: TenantContext) -> Check:
    slug, until = context.tenant.slug, context.tenant.licence_until
    ending = licence_warning(context.tenant, context.today)
    advice = _(
        "Rufen Sie „jobbruecke tenant set %(slug)s --licence-from … --licence-until …“ auf.", slug=slug
    )
    for finding in (Finding.LICENCE_MISSING, Finding.LICENCE_EXPIRED):
        if finding in context.findings:
            return Check("licence", Level.WARN, str(label_of(finding).text), advice, slug)
    if ending is not None:
        return Check("licence", Level.WARN, licence_sentence(ending), advice, slug)
    message = _("gültig bis %(day)s", day=until.isoformat()) if until else _("unbefristet")
    return Check("licence", Level.OK, message, tenant=slug)


def _tokens(slug: str, ending: Sequence[ApiToken]) -> Iterator[Check]:
    """Tokens of the HTTP door that end soon, or have ended lately; nothing where none does."""
    for token in ending:
        values = {"name": token.name, "at": show_value(token.expires_at)}
        if token.expires_at <= utcnow():
            message = _("Der Token „%(name)s“ ist am %(at)s abgelaufen.", **values)
        else:
            message = _("Der Token „%(name)s“ läuft am %(at)s ab.", **values)
        advice = _(
            "Erzeugen Sie mit „jobbruecke token create --tenant %(slug)s“ einen neuen, und widerrufen Sie diesen.",
            slug=slug,
        )
        yield Check("api-token", Level.WARN, message, advice, slug)


def _transfers(context: TenantContext) -> Check:
    slug, connection, delivery = context.tenant.slug, context.connection, context.uncommitted
    if connection is not None and connection.reconcile_since is not None:
        message = _("Das Jobportal kennt Übertragungen, die hier nicht bekannt sind.")
        advice = _("Wurde eine alte Sicherung eingespielt? Gleichen Sie ab, bevor wieder übertragen wird.")
        return Check("transfers", Level.FAIL, message, advice, slug)
    if delivery is not None and delivery.state is DeliveryState.HELD:
        message = _("Die Übertragung %(number)s ist angehalten.", number=delivery.sequence)
        advice = _(
            "Rufen Sie „jobbruecke delivery show --tenant %(slug)s %(number)s“ auf.",
            slug=slug,
            number=delivery.sequence,
        )
        return Check("transfers", Level.WARN, message, advice, slug)
    due = context.tenant.next_transfer_at
    if due is not None and context.now - due > LATE:
        message = _("Die Übertragung vom %(at)s ist ausgeblieben.", at=show_value(due))
        return Check("transfers", Level.FAIL, message, _("Starten Sie „jobbruecke cron“."), slug)
    if context.next_transfer_at is None:
        return Check("transfers", Level.OK, _("keine vorgesehen"), tenant=slug)
    return Check(
        "transfers", Level.OK, _("nächste %(at)s", at=show_value(context.next_transfer_at)), tenant=slug
    )


# --- the network --------------------------------------------------------------------------------------------


def _network(context: TenantContext, connection: Connection) -> Check:
    slug = context.tenant.slug
    name = label_of(connection.network).text
    if connection.token_encrypted is None:
        advice = _("Rufen Sie „jobbruecke tenant set %(slug)s --token“ auf.", slug=slug)
        message = f"{name}: {label_of(Finding.NETWORK_CREDENTIALS_MISSING).text}"
        return Check("network", Level.FAIL, message, advice, slug)
    level, message, advice = _ask(context, connection)
    return Check("network", level, f"{name}: {message}", advice, slug)


def _ask(context: TenantContext, connection: Connection) -> tuple[Level, str, str]:
    """Ask the network who we are to it; the answer is a request like any other, with its attempt."""
    from portal.deliveries.attempts import client_for
    from portal.deliveries.pauses import problem_of
    from portal.networks.protocol.errors import NetworkError, Unauthorised

    try:
        client = client_for(connection)
    except DecryptionError:
        advice = _("Der Schlüssel fehlt in JOBBRUECKE_ENCRYPTION_KEYS; oder setzen Sie das Token neu.")
        return Level.FAIL, _("Das Token lässt sich nicht entschlüsseln."), advice
    with client:
        try:
            account = client.read_account()
        except Unauthorised:
            advice = _(
                "Setzen Sie mit „jobbruecke tenant set %(slug)s --token“ ein gültiges.",
                slug=context.tenant.slug,
            )
            return Level.FAIL, _("Das Token wird abgelehnt."), advice
        except NetworkError as error:
            return Level.FAIL, f"{label_of(problem_of(error)).text} ({error.word})", _advice_for(connection)
    return _judge(account, connection, context.today)


def _advice_for(connection: Connection) -> str:
    name = f"JOBBRUECKE_NETWORK_{connection.network.value.upper()}_URL"
    return _("Prüfen Sie %(name)s, und ob das Jobportal Störungen meldet.", name=name)


def _judge(account: Account, connection: Connection, today: dt.date) -> tuple[Level, str, str]:
    if account.network != connection.network.value:
        advice = _("Setzen Sie das Token, das zu diesem Jobportal gehört.")
        return Level.FAIL, _("Das Token gehört zu einem anderen Jobportal."), advice
    if connection.account_doubt or connection.provider_id not in (None, account.provider_id[:200]):
        advice = _("Rufen Sie „jobbruecke network-account show“ auf, oder setzen Sie das richtige Token.")
        return (
            Level.FAIL,
            str(label_of(DeliveryProblem(connection.account_doubt or "other-account")).text),
            advice,
        )
    if account.last_sequence > connection.attempted_sequence:
        advice = _("Wurde eine alte Sicherung eingespielt? Gleichen Sie ab, bevor wieder übertragen wird.")
        return Level.FAIL, _("Es kennt Übertragungen, die hier nicht bekannt sind."), advice
    ending = licence_ending(Licence.NETWORK, account.licensed_until, today)
    if ending is not None:
        return Level.WARN, licence_sentence(ending), _("Sprechen Sie mit dem Jobportal.")
    if connection.paused_until is not None and connection.paused_until > utcnow():
        return (
            Level.WARN,
            _("erreichbar; die Pause endet am %(at)s", at=show_value(connection.paused_until)),
            "",
        )
    return Level.OK, _("erreichbar, Token gültig"), ""

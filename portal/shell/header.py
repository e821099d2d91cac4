"""What stands at the head of every page: tenant, network, transfers, and what needs attention."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, cast

from flask import Flask, g, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import null, select

from portal.core.database import db
from portal.core.queue import is_in_trouble
from portal.core.settings import current_settings
from portal.deliveries.queries import step_is_delayed
from portal.domain.delivery_states import DeliveryProblem
from portal.domain.permissions import Permission
from portal.domain.rules.licence import LicenceWarning, licence_warning, network_licence_warning
from portal.domain.rules.phase import Transit
from portal.domain.rules.preflight import Finding
from portal.imports.queries import oldest_held_import
from portal.notices.queries import count_unseen
from portal.releases.finding_labels import mending_of
from portal.tenants.context import TenantContext, current_context
from portal.tenants.labels import problem_text
from portal.tenants.licence_labels import licence_advice, licence_sentence
from portal.tenants.queries import WORKER_SILENT_AFTER, worker_seen_at
from portal.webkit.access import may
from portal.webkit.labels import LABELS, Tone

_RUNNING_SECONDS = 4
_RESTING_SECONDS = 30
_TONES = {30: Tone.INFO, 14: Tone.WARNING}
"""Of a licence that ends, by the stage that it has reached; all others are urgent."""


@dataclass(frozen=True)
class Banner:
    """Something that concerns everybody of the tenant."""

    tone: Tone
    text: Any
    link: str | None = None
    more: Any = ""
    """Who can do something about it, or what the link says."""
    quiet: bool = False
    """Shown muted to users without permission to act."""


@dataclass(frozen=True)
class Header:
    context: TenantContext
    banners: tuple[Banner, ...]

    @property
    def seconds(self) -> int:
        """How long until the browser should ask again."""
        return (
            _RUNNING_SECONDS
            if self.context.transit in (Transit.TRANSFERRING, Transit.OUTCOME_UNKNOWN)
            else (_RESTING_SECONDS)
        )


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(header=find_header, may=may, Permission=Permission)


def find_header() -> Header | None:
    """Return the header of the current page; None without a signed-in user or a tenant."""
    if g.get("plain") or not current_user.is_authenticated or g.get("tenant_id") is None:
        return None
    context, known = current_context(), g.get("header")
    if known is None or known.context is not context:  # asked for at several places of a page
        known = g.header = Header(context, tuple(_banners(context)))
    return cast("Header", known)


def _banners(context: TenantContext) -> list[Banner]:
    found = [_finding_banner(finding) for finding in context.findings]
    delayed = step_is_delayed(context.connection, context.now)
    unseen = null() if current_user.role.for_all_tenants else count_unseen(current_user.role, current_user.id)
    query = select(worker_seen_at(), delayed, oldest_held_import(), unseen)
    row = db.session.execute(query).one()
    seen: dt.datetime | None = row[0]
    is_delayed, held, number = row[1:]
    if number is not None:  # support counts those of every tenant
        g.unseen_notices = number
    if seen is None or context.now - seen > WORKER_SILENT_AFTER:
        text = _("Die Übertragung steht still: Der Dienst im Hintergrund meldet sich nicht.")
        found.append(Banner(Tone.DANGER, text, more=_("Freigaben werden gespeichert und später übertragen.")))
    elif is_delayed or (context.connection and is_in_trouble(current_settings().redis_url)):
        text = _("Die Übertragung verzögert sich.")
        found.append(Banner(Tone.WARNING, text, more=_("Nichts geht verloren; es geht von selbst weiter.")))
    if held is not None:
        text = _("Der Import %(number)s ist angehalten.", number=held)
        link = url_for("imports.show", import_id=held)
        found.append(Banner(Tone.WARNING, text, link, _("Ansehen und entscheiden")))
    return found + _licence_banners(context) + _connection_banners(context)


def _licence_banners(context: TenantContext) -> list[Banner]:
    """Return the licences that end soon: a banner for users who can have them prolonged, a muted line for others."""
    warnings = [licence_warning(context.tenant, context.today)]
    if context.connection is not None:
        warnings.append(network_licence_warning(context.connection, context.today))
    return [_licence_banner(warning) for warning in warnings if warning is not None]


def _licence_banner(warning: LicenceWarning) -> Banner:
    if not may(Permission.TRANSFER_ALL):
        return Banner(Tone.NEUTRAL, licence_sentence(warning), quiet=True)
    tone = _TONES.get(warning.stage, Tone.DANGER)
    return Banner(tone, licence_sentence(warning), more=licence_advice(warning))


def _finding_banner(finding: Finding) -> Banner:
    mending = mending_of(finding)
    return Banner(Tone.WARNING, mending.text, more=_("Beheben kann das: %(who)s.", who=mending.by))


def _connection_banners(context: TenantContext) -> list[Banner]:
    """What keeps the network from us, or us from it."""
    connection = context.connection
    found: list[Banner] = []
    if connection is None:
        return found
    if connection.reconcile_since:
        found.append(
            Banner(
                Tone.DANGER,
                LABELS[DeliveryProblem][DeliveryProblem.RECONCILE].text,
                url_for("reconciling.show"),
                _("Abgleichen"),
            )
        )
    if connection.account_doubt:
        link = url_for("network_accounts.show")
        found.append(
            Banner(Tone.DANGER, problem_text(connection.account_doubt), link, _("Ansehen und entscheiden"))
        )
    elif context.transit is Transit.HELD and context.uncommitted:
        number = context.uncommitted.sequence
        text = _("Die Übertragung %(number)s ist angehalten.", number=number)
        link = url_for("deliveries.show", sequence=number)
        found.append(Banner(Tone.WARNING, text, link, _("Ansehen und entscheiden")))
    if connection.quarantined_at or _paused(connection.paused_until, context.now):
        text = _("Das Jobportal ist gerade nicht erreichbar oder weist uns ab; es wird weiter versucht.")
        found.append(Banner(Tone.WARNING, text, more=problem_text(connection.problem)))
    return found


def _paused(until: dt.datetime | None, now: dt.datetime) -> bool:
    return until is not None and until > now

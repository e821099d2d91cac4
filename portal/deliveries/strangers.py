"""Identifiers of the network's answers that are not ours: kept as a keyed digest, equal for equal ones.

An answer about an unknown participant may hold any identifier, even a social insurance number.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable

from sqlalchemy import select

from portal.core.database import db
from portal.core.masking import _HIDDEN, holds_valid_number
from portal.core.settings import current_settings
from portal.domain.deliveries import OddAnswer
from portal.domain.participants import Mediator, Participant


def keep_identifier(tenant_id: int, subject: str, identifier: str) -> str:
    """Return what is kept of an answer's identifier: itself if it is one of the tenant's, a digest otherwise."""
    models: dict[str, type[Participant | Mediator]] = {"participant": Participant, "mediator": Mediator}
    model = models.get(subject)
    if model is None:
        return hide(tenant_id, identifier)
    ours = select(model.id).where(model.tenant_id == tenant_id, model.number == identifier)
    return hide(tenant_id, identifier) if db.session.scalar(ours) is None else identifier


def keep_applicant_id(tenant_id: int, applicant_id: str) -> str:
    """Return what is kept of an applicant ID: the ID itself, unless it is a social insurance number."""
    return hide(tenant_id, applicant_id) if holds_valid_number(applicant_id) else applicant_id[:200]


def hide(tenant_id: int, identifier: str) -> str:
    """Return the digest kept and shown in place of an identifier; equal for equal identifiers of one tenant."""
    secret = current_settings().secret_key.get_secret_value()
    key = hashlib.sha256(b"strangers\x00" + secret.encode()).digest()
    named = f"{tenant_id}\x00{identifier}".encode()
    return _HIDDEN + hmac.new(key, named, hashlib.sha256).hexdigest()[:32]


def hide_all(tenant_id: int, identifiers: Iterable[str]) -> set[str]:
    """What is kept in place of these."""
    return {hide(tenant_id, identifier) for identifier in identifiers}


def find_strangers(tenant_id: int, delivery_ids: Collection[int]) -> list[str]:
    """Whom answers to these deliveries were about and who is no participant of the tenant by now."""
    odd = select(OddAnswer.number).where(
        OddAnswer.delivery_id.in_(delivery_ids),
        OddAnswer.kind == "stranger",
        OddAnswer.subject == "participant",
    )
    found = set(db.session.scalars(odd.distinct()))
    if not found:
        return []
    ours = db.session.scalars(select(Participant.number)).all()
    return sorted(found - {*ours} - hide_all(tenant_id, ours))

"""Identifiers of the network's answers that are not ours: kept as a keyed digest, equal for equal ones.

An answer about somebody whom we do not know may name anybody, by anything, also by a social insurance number.
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
    """What is kept of whom an answer names: in plain where it is a participant or mediator of the tenant."""
    models: dict[str, type[Participant | Mediator]] = {"participant": Participant, "mediator": Mediator}
    model = models.get(subject)
    if model is None:
        return hide(tenant_id, identifier)
    ours = select(model.id).where(model.tenant_id == tenant_id, model.number == identifier)
    return hide(tenant_id, identifier) if db.session.scalar(ours) is None else identifier


def keep_applicant_id(tenant_id: int, applicant_id: str) -> str:
    """What is kept of a Bewerber-ID: the network's own number, unless it is somebody's social insurance number."""
    return hide(tenant_id, applicant_id) if holds_valid_number(applicant_id) else applicant_id[:200]


def hide(tenant_id: int, identifier: str) -> str:
    """What is kept and shown in place of an identifier: the same for the same one of the same tenant."""
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

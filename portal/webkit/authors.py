"""Who did something, as shown."""

from __future__ import annotations

from flask_babel import gettext as _

from portal.domain.accounts import Role
from portal.domain.actors import SYSTEM
from portal.networks.registry import Network
from portal.webkit.labels import label_of


def author(by: str) -> str:
    """Return how an author is shown: people by their initials, programs by their name."""
    if by in list(Network):
        return str(label_of(Network(by)).text)
    if by == SYSTEM.initials:
        return str(_("System"))
    return str(label_of(Role.SUPPORT).text) if by == "support" else by


def role_words(role: str | None) -> str:
    """Return the words for a role as the audit keeps it; one that no longer exists as it stands."""
    return str(label_of(Role(role)).text) if role in list(Role) else role or ""

"""How long something took, in words."""

from __future__ import annotations

from flask_babel import gettext as _


def span(seconds: int) -> str:
    """Seconds up to two minutes, then minutes, then hours."""
    if seconds < 120:
        return str(_("%(number)s s", number=seconds))
    if seconds < 2 * 3600:
        return str(_("%(number)s min", number=seconds // 60))
    return str(_("%(number)s h", number=seconds // 3600))

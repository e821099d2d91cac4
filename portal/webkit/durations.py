"""How long something took, in words."""

from __future__ import annotations

from portal.webkit.languages import gettext as _


def span(seconds: int) -> str:
    """Seconds up to two minutes, then minutes, then hours."""
    if seconds < 120:
        return _("%(number)s s", number=seconds)
    if seconds < 2 * 3600:
        return _("%(number)s min", number=seconds // 60)
    return _("%(number)s h", number=seconds // 3600)

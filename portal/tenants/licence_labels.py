"""What a licence that ends soon says: on pages, in mails and on the command line."""

from __future__ import annotations

from portal.domain.rules.licence import Licence, LicenceWarning
from portal.webkit.languages import day, ngettext
from portal.webkit.languages import gettext as _


def licence_sentence(warning: LicenceWarning) -> str:
    """When which licence ends, and in how many days."""
    ends_on = day(warning.ends_on)
    if warning.days < 0:
        return _("Die Lizenz beim Jobportal ist am %(day)s abgelaufen.", day=ends_on)
    if warning.licence is Licence.OWN:
        sentence = _("Die Lizenz für das Modul „Jobportal“ endet am %(day)s", day=ends_on)
    else:
        sentence = _("Die Lizenz beim Jobportal endet am %(day)s", day=ends_on)
    return f"{sentence} ({_days(warning.days)})."


def _days(days: int) -> str:
    if days == 0:
        return _("heute")
    return ngettext("noch 1 Tag", "noch %(num)s Tage", days)


def licence_advice(warning: LicenceWarning) -> str:
    """What follows, and what to do."""
    if warning.licence is Licence.OWN:
        return _(
            "Danach wird niemand mehr freigegeben oder übertragen; Antworten und Abmeldungen laufen weiter. "
            "Verlängern kann der Betreiber."
        )
    return _("Danach nimmt das Jobportal nur noch Abmeldungen an. Verlängern kann das Jobportal.")

"""What is refused about releases, clarification, identities and saved views."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.core.refusal import NotFound, Refusal
from portal.domain.rules.preflight import Finding
from portal.releases.finding_labels import FINDINGS


class FiltersUnknown(Refusal):
    sentence = _l(
        "Nicht alle Filter der Adresse sind bekannt und lesbar (%(names)s). Damit es nicht mehr Personen betrifft "
        "als gemeint, geschieht nichts."
    )


class ViewNameMissing(Refusal):
    sentence = _l("Geben Sie der Ansicht einen Namen.")


class ViewEmpty(Refusal):
    sentence = _l(
        "Diese Ansicht zeigt alle; filtern oder sortieren Sie erst. Ein Suchtext wird nicht gespeichert."
    )


class ViewsTooMany(Refusal):
    sentence = _l("Mehr als %(most)s Ansichten werden nicht gespeichert. Löschen Sie erst eine.")


class ViewUnknown(NotFound):
    sentence = _l("Diese Ansicht gibt es nicht mehr.")


class AlreadyReleased(Refusal):
    sentence = _l("Die Person ist schon freigegeben.")


class NotReleased(Refusal):
    sentence = _l("Die Person ist nicht freigegeben.")


class NotInClarification(Refusal):
    sentence = _l("Hier ist nichts mehr zu klären.")


class ClarificationUnsaid(Refusal):
    sentence = _l("Bitte schreiben Sie in einem Satz, was Sie festgestellt haben.")


class IdentityDoubted(Refusal):
    sentence = _l(
        "Qualli.life nennt unter dieser Nummer eine andere Person. Erst muss entschieden sein, wem sie gehört."
    )


class IdentityUndecided(Refusal):
    sentence = _l("Wählen Sie, ob es dieselbe oder eine andere Person ist.")


class IdentityNotDoubted(Refusal):
    sentence = _l("Es ist nicht mehr fraglich, wem diese Nummer gehört.")


class IdentityStillTold(Refusal):
    sentence = _l(
        "Das Jobportal hat die bisherige Person noch nicht archiviert. Übertragen Sie erst ihre Abmeldung, und "
        "warten Sie die Antwort ab."
    )


class ConsentToConfirm(Refusal):
    sentence = _l(
        "In Qualli.life ist keine Einverständniserklärung vermerkt, die schon gilt. Bestätigen Sie, dass sie "
        "vorliegt."
    )


class EndsAtOnce(Refusal):
    sentence = _l("Diese Person kann nicht freigegeben werden: %(reason)s.")

    def shown(self) -> dict[str, Any]:
        return {"reason": FINDINGS[Finding(str(self.values["finding"]))].text}


class MediatorInactive(Refusal):
    sentence = _l("Diese Vermittlerin oder dieser Vermittler ist nicht mehr aktiv.")


class LicenceMissing(Refusal):
    sentence = FINDINGS[Finding.LICENCE_MISSING].text


class LicenceExpired(Refusal):
    sentence = FINDINGS[Finding.LICENCE_EXPIRED].text


class NetworkNotChosen(Refusal):
    sentence = FINDINGS[Finding.NETWORK_NOT_CHOSEN].text


class NetworkCredentialsMissing(Refusal):
    sentence = FINDINGS[Finding.NETWORK_CREDENTIALS_MISSING].text

"""What is refused about imports as a whole."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.core.refusal import NotFound, Refusal
from portal.imports.codes import FileFault
from portal.imports.texts import import_text


class ImportUnknown(NotFound):
    sentence = _l("Einen Import mit der Nummer %(number)s gibt es hier nicht.")


class ImportNoFile(Refusal):
    sentence = _l("Wählen Sie eine ZIP-Datei aus.")


class ImportRunning(Refusal):
    sentence = _l("Es läuft schon ein Import, die Nummer %(number)s. Warten Sie, bis er durch ist.")
    retry_seconds = 5


class ImportBodyEmpty(Refusal):
    sentence = _l("Die Anfrage enthält keine Zeile.")
    status = 400


class ImportKeyReused(Refusal):
    sentence = _l("Mit diesem Idempotency-Key kam schon eine andere Anfrage. Geändert wurde nichts.")
    status = 422


class ImportNotHeld(Refusal):
    sentence = _l("Der Import %(number)s ist nicht angehalten.")


class ImportSamePerson(Refusal):
    sentence = _l("Wer den Import angestoßen hat, darf ihn nicht selbst durchlassen oder verwerfen.")
    status = 403


class ImportLinkSeen(Refusal):
    sentence = _l(
        "Darüber entscheidet eine zweite Person. Den Link, mit dem eines der beiden Konten sein Passwort bekam, "
        "hat aber das andere gesehen, oder ein Dritter beide. Setzen Sie Ihr Passwort über einen Link neu, der "
        "per Mail kommt, oder bitten Sie den Support."
    )
    status = 403


class ImportSourceMissing(Refusal):
    sentence = _l("Dort ist nichts. Angegeben wird ein Ordner oder eine ZIP-Datei.")


class ImportSourceUnreadable(Refusal):
    sentence = _l("Der Ordner oder die ZIP-Datei lässt sich nicht lesen.")


class ImportUploadTooLarge(Refusal):
    sentence = _l("Die Datei ist größer als %(limit_mb)s MB.")


class ImportTooLarge(Refusal):
    sentence = _l("Ausgepackt ist der Export größer als %(limit_gib)s GiB.")


class ImportNoKnownFiles(Refusal):
    sentence = _l("Darin ist keine Datei, die zu einem Export von Qualli.life gehört.")


class ImportNotAZip(Refusal):
    sentence = _l("Das ist keine lesbare ZIP-Datei.")


class ImportZipBomb(Refusal):
    sentence = _l("Die ZIP-Datei ist mehr als %(limit)s-fach verdichtet und wird nicht ausgepackt.")


class ImportZipPath(Refusal):
    sentence = _l("Die ZIP-Datei enthält Pfade, die aus ihr hinausführen.")


class ImportZipLink(Refusal):
    sentence = _l("Die ZIP-Datei enthält Verknüpfungen.")


class ImportZipEncrypted(Refusal):
    sentence = _l("Die ZIP-Datei ist mit einem Passwort geschützt.")


class ImportZipMethod(Refusal):
    sentence = _l("Die ZIP-Datei ist auf eine Art verdichtet, die wir nicht lesen.")


class ImportZipOverlap(Refusal):
    sentence = _l("Die ZIP-Datei ist beschädigt: Ihre Dateien überschneiden sich.")


class ImportZipTooManyFiles(Refusal):
    sentence = _l("Die ZIP-Datei enthält mehr als %(limit)s Dateien.")


class ImportFileRefused(Refusal):
    sentence = _l("Die Datei %(file)s wird nicht angenommen: %(reason)s. Geändert wurde nichts.")

    def shown(self) -> dict[str, Any]:
        return self.values | {"reason": import_text(FileFault(str(self.values["fault"])))}

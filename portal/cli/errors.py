"""What only the command line refuses."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.core.refusal import Refusal


class TenantNameWrong(Refusal):
    sentence = _l("Der Name eines Mandanten hat 1 bis 200 Zeichen.")


class NetworkChangeToConfirm(Refusal):
    sentence = _l(
        "Der Wechsel meldet %(people)s Personen bei %(network)s ab und beendet ihre Freigaben. "
        "Bestätigen Sie ihn mit --confirm-network-change."
    )


class AuditHeadWrong(Refusal):
    sentence = _l(
        "Zeile %(line)s der ausgeführten Ketten-Enden trägt nicht unsere Unterschrift: "
        "Die Datei wurde verändert, oder SECRET_KEY ist ein anderer."
    )


class ImportGoesOn(Refusal):
    sentence = _l(
        "Der Import wurde unterbrochen (%(kind)s). Ein Worker setzt ihn fort; bis dahin läuft kein anderer."
    )


class RedisAway(Refusal):
    sentence = _l("Redis ist nicht erreichbar. Prüfen Sie JOBBRUECKE_REDIS_URL, und ob es läuft.")


class KeyMissing(Refusal):
    sentence = _l(
        "Ein verschlüsselter Wert lässt sich nicht öffnen: Der Schlüssel fehlt in JOBBRUECKE_ENCRYPTION_KEYS, "
        "oder der Wert wurde verändert."
    )


class PortTaken(Refusal):
    sentence = _l("Der Port %(port)s ist schon belegt. Wählen Sie mit --port einen anderen.")


class AddressUnusable(Refusal):
    sentence = _l("An %(host)s, Port %(port)s, kann hier nicht gewartet werden.")


class DatabaseInUse(Refusal):
    sentence = _l("Die Datenbank enthält schon Mandanten. Messdaten kommen nur in eine leere Datenbank.")


class BenchDataNotOwner(Refusal):
    sentence = _l("Messdaten schreibt nur die Rolle, der die Tabellen gehören.")


class Unexpected(Refusal):
    sentence = _l("Unerwarteter Fehler: %(kind)s, %(place)s.")

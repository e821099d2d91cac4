"""What the database refuses, or a role of it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.core.refusal import Refusal


class DatabaseAway(Refusal):
    sentence = _l("Die Datenbank ist nicht erreichbar. Prüfen Sie JOBBRUECKE_DATABASE_URL, und ob sie läuft.")


class DatabaseNotUtf8(Refusal):
    sentence = _l(
        "Die Datenbank ist in %(encoding)s angelegt. Legen Sie sie mit ENCODING 'UTF8' an: Andere Zeichensätze "
        "fassen nicht jeden Namen."
    )


class DatabaseNotMigrated(Refusal):
    sentence = _l(
        "Die Datenbank ist nicht auf dem Stand dieser Version. Rufen Sie „jobbruecke db upgrade“ auf."
    )


class DatabaseNewer(Refusal):
    sentence = _l("Die Datenbank gehört zu einer neueren Version. Hier ist eine ältere installiert.")


class GrantNeedsPostgresql(Refusal):
    sentence = _l("Rollen gibt es nur auf PostgreSQL.")


class RoleTooMighty(Refusal):
    sentence = _l(
        "Die Rolle „%(role)s“ ist Superuser, sieht an den Regeln vorbei (BYPASSRLS) oder führt diesen Befehl aus. "
        "Die Anwendung braucht eine eigene."
    )


class GrantFailed(Refusal):
    sentence = _l(
        "Die Rechte konnten nicht vergeben werden (%(kind)s). Der Befehl will die Rolle, der die Tabellen gehören."
    )


class MigrationFailed(Refusal):
    sentence = _l("Die Datenbank konnte nicht umgestellt werden (%(kind)s); sie ist, wie sie war.")

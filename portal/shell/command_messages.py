"""The sentences for what only the command line refuses; `portal.shell.messages` takes them in."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

COMMAND_SENTENCES: dict[str, Any] = {
    # who
    "initials-unknown": _l("Ein Konto oder eine/n Vermittler/in mit diesem Kürzel gibt es hier nicht."),
    "not-permitted": _l("Wer dieses Kürzel hat, darf das nicht."),
    # tenants
    "tenant-exists": _l("Den Mandanten „%(slug)s“ gibt es schon."),
    "tenant-slug-wrong": _l(
        "Der Kurzname eines Mandanten hat nur Buchstaben (a–z), Ziffern und Bindestriche, höchstens 63."
    ),
    "tenant-name-wrong": _l("Der Name eines Mandanten hat 1 bis 200 Zeichen."),
    "licence-dates-wrong": _l("Die Lizenz braucht einen ersten Tag, und der letzte darf nicht davor liegen."),
    "federal-state-unknown": _l("Dieses Bundesland gibt es nicht. Möglich sind: %(states)s."),
    "token-wrong": _l(
        "Das ist kein Token: Es hat keine Leerzeichen, keine Umlaute und höchstens 4096 Zeichen."
    ),
    "network-change-to-confirm": _l(
        "Der Wechsel meldet %(people)s Personen bei %(network)s ab und beendet ihre Freigaben. "
        "Bestätigen Sie ihn mit --confirm-network-change."
    ),
    # accounts
    "account-tenant-wrong": _l(
        "Die Betreuung des Betreibers gehört zu keinem Mandanten, jedes andere Konto zu einem (--tenant)."
    ),
    "account-email-wrong": _l("Das ist keine E-Mail-Adresse."),
    "account-email-not-ascii": _l(
        "Vor dem @ dürfen keine Umlaute stehen, auch keine Akzente und keine anderen Schriften: Kaum ein Mailserver "
        "nimmt solche Adressen an. Hinter dem @ sind sie erlaubt."
    ),
    "account-name-wrong": _l("Der Name eines Kontos hat 1 bis 200 Zeichen."),
    "account-initials-wrong": _l("Ein Kürzel hat 1 bis %(limit)s Zeichen."),
    "account-email-taken": _l("Ein Konto mit dieser E-Mail-Adresse gibt es schon."),
    "account-initials-taken": _l("Ein Konto mit diesem Kürzel gibt es hier schon."),
    "account-taken": _l("Ein Konto mit dieser E-Mail-Adresse oder diesem Kürzel gibt es schon."),
    "audit-head-wrong": _l(
        "Zeile %(line)s der ausgeführten Ketten-Enden trägt nicht unsere Unterschrift: "
        "Die Datei wurde verändert, oder SECRET_KEY ist ein anderer."
    ),
    "account-unknown": _l("Dieses Konto gibt es nicht."),
    "account-disabled": _l("Das Konto ist gesperrt. Entsperren Sie es zuerst."),
    "already-disabled": _l("Das Konto ist schon gesperrt."),
    "not-disabled": _l("Das Konto ist nicht gesperrt."),
    "own-account": _l("Das eigene Konto kann man nicht sperren."),
    "own-role": _l("Die eigene Rolle kann man nicht ändern; das tut jemand anderes."),
    "last-administrator": _l(
        "Das ist die letzte offene Administration des Mandanten. Geben Sie zuerst jemand anderem diese Rolle."
    ),
    "role-unknown": _l("Diese Rolle gibt es nicht."),
    "session-unknown": _l("Diese Sitzung gibt es nicht, oder sie ist schon beendet."),
    "link-void": _l(
        "Dieser Link gilt nicht mehr: Er wurde benutzt, durch einen neueren ersetzt oder ist zu alt. "
        "Lassen Sie sich von Ihrer Administration einen neuen geben."
    ),
    "password-wrong": _l("Das bisherige Passwort stimmt nicht."),
    "password-easy": _l(
        "Dieses Passwort ist bekannt oder leicht zu erraten. Nehmen Sie mehrere Wörter, "
        "die nichts mit Ihnen zu tun haben."
    ),
    "password-too-short": _l("Ein Passwort hat mindestens %(limit)s Zeichen."),
    "password-too-long": _l("Ein Passwort hat höchstens %(limit)s Zeichen."),
    "code-wrong": _l(
        "Dieser Code passt nicht. Warten Sie auf den nächsten; jeder gilt nur einmal. "
        "Stimmt die Uhr des Geräts?"
    ),
    "second-factor-none": _l("Für dieses Konto ist kein zweiter Faktor eingerichtet."),
    "second-factor-set": _l("Der zweite Faktor ist schon eingerichtet. Schalten Sie ihn erst aus."),
    "own-second-factor": _l("Den eigenen zweiten Faktor ändert man unter „Passwort und Sitzungen“."),
    "identity-unknown": _l(
        "Zu Ihnen gibt es hier kein offenes Konto. Ihre Administration legt eines mit Ihrer E-Mail-Adresse an."
    ),
    "import-goes-on": _l(
        "Der Import wurde unterbrochen (%(kind)s). Ein Worker setzt ihn fort; bis dahin läuft kein anderer."
    ),
    # the machine
    "database-away": _l(
        "Die Datenbank ist nicht erreichbar. Prüfen Sie JOBBRUECKE_DATABASE_URL, und ob sie läuft."
    ),
    "database-not-utf8": _l(
        "Die Datenbank ist in %(encoding)s angelegt. Legen Sie sie mit ENCODING 'UTF8' an: Andere Zeichensätze "
        "fassen nicht jeden Namen."
    ),
    "database-not-migrated": _l(
        "Die Datenbank ist nicht auf dem Stand dieser Version. Rufen Sie „jobbruecke db upgrade“ auf."
    ),
    "database-newer": _l("Die Datenbank gehört zu einer neueren Version. Hier ist eine ältere installiert."),
    "grant-needs-postgresql": _l("Rollen gibt es nur auf PostgreSQL."),
    "role-too-mighty": _l(
        "Die Rolle „%(role)s“ ist Superuser, sieht an den Regeln vorbei (BYPASSRLS) oder führt diesen Befehl aus. "
        "Die Anwendung braucht eine eigene."
    ),
    "grant-failed": _l(
        "Die Rechte konnten nicht vergeben werden (%(kind)s). Der Befehl will die Rolle, der die Tabellen gehören."
    ),
    "migration-failed": _l("Die Datenbank konnte nicht umgestellt werden (%(kind)s); sie ist, wie sie war."),
    "redis-away": _l("Redis ist nicht erreichbar. Prüfen Sie JOBBRUECKE_REDIS_URL, und ob es läuft."),
    "key-missing": _l(
        "Ein verschlüsselter Wert lässt sich nicht öffnen: Der Schlüssel fehlt in JOBBRUECKE_ENCRYPTION_KEYS, "
        "oder der Wert wurde verändert."
    ),
    "port-taken": _l("Der Port %(port)s ist schon belegt. Wählen Sie mit --port einen anderen."),
    "address-unusable": _l("An %(host)s, Port %(port)s, kann hier nicht gewartet werden."),
    "unexpected": _l("Unerwarteter Fehler: %(kind)s, %(place)s."),
}

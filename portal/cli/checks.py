"""What `jobbruecke check` looks at of the machine: database, Redis, data folder, worker, cron; then each tenant."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, text

from portal.accounts.provider import is_installed
from portal.cli.check_values import Check, Level
from portal.cli.output import show_value
from portal.cli.tenant_checks import check_tenant
from portal.core.database import EVERY_TENANT, commit, db, reading, scope_to, utcnow
from portal.core.errors import DatabaseAway, DatabaseNewer
from portal.core.grants import find_own_role
from portal.core.queue import redis_answers
from portal.core.refusal import Refusal
from portal.core.schema import check_database
from portal.core.settings import current_settings
from portal.domain.tenants import Heartbeat, Tenant
from portal.keys.service import UNKNOWN, count_by_key
from portal.mail.errors import MailError
from portal.tenants.queries import WORKER_SILENT_AFTER
from portal.webkit.languages import gettext as _

_NOT_DURABLE = """
SELECT name FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' ORDER BY name
"""


def run_checks() -> Iterator[Check]:
    """Every check, in the order in which things have to be put right."""
    usable = True
    for check in _database():
        usable = usable and check.level is not Level.FAIL
        yield check
    yield _redis()
    yield _data_folder()
    yield from _oidc()
    yield _mail_server()
    if not usable:
        return
    yield from _durability()
    yield from _second_wall()
    yield from _keys()
    yield _process("worker")
    yield _process("cron")
    with reading():
        scope_to(EVERY_TENANT)
        slugs = list(db.session.scalars(select(Tenant.slug).order_by(Tenant.slug)))
        commit()
    if not slugs:
        advice = _("Legen Sie mit „jobbruecke tenant create“ einen an.")
        yield Check("tenants", Level.WARN, _("Es gibt noch keinen Mandanten."), advice)
    for slug in slugs:
        yield from check_tenant(slug)


def _database() -> Iterator[Check]:
    there = Check("database", Level.OK, _("erreichbar"))
    try:
        check_database()
    except Refusal as refusal:
        if isinstance(refusal, DatabaseAway):
            advice = _("Prüfen Sie JOBBRUECKE_DATABASE_URL, und ob die Datenbank läuft.")
            yield Check("database", Level.FAIL, _("nicht erreichbar"), advice)
            return
        yield there
        if isinstance(refusal, DatabaseNewer):
            advice = _("Installieren Sie die neuere Version, oder spielen Sie die Sicherung der alten ein.")
            yield Check("migrations", Level.FAIL, _("gehören zu einer neueren Version"), advice)
        else:
            advice = _("Rufen Sie „jobbruecke db upgrade“ auf.")
            yield Check("migrations", Level.FAIL, _("nicht auf dem Stand dieser Version"), advice)
        return
    yield there
    yield Check("migrations", Level.OK, _("auf dem Stand dieser Version"))


def _durability() -> Iterator[Check]:
    """On PostgreSQL alone: whether what is committed outlives a crash, on which all that is promised rests."""
    if db.engine.dialect.name != "postgresql":
        return
    with reading():
        off = list(db.session.scalars(text(_NOT_DURABLE)))
        commit()
    if not off:
        yield Check("durability", Level.OK, _("was festgeschrieben ist, übersteht einen Absturz"))
        return
    message = _(
        "„%(settings)s“ ist aus: Ein Absturz kann Festgeschriebenes verlieren", settings=", ".join(off)
    )
    advice = _("Schalten Sie es in den Einstellungen von PostgreSQL wieder ein.")
    yield Check("durability", Level.WARN, message, advice)


def _second_wall() -> Iterator[Check]:
    """On PostgreSQL alone: whether the database itself keeps the tenants of this process apart."""
    with reading():
        role = find_own_role(db.session.connection())
        commit()
    if role is None:
        return
    if role.restricted:
        yield Check("second-wall", Level.OK, _("die Rolle „%(role)s“ ist beschränkt", role=role.name))
        return
    yield Check(
        "second-wall",
        Level.WARN,
        _("aus: Die Rolle „%(role)s“ sieht an den Regeln der Datenbank vorbei", role=role.name),
        _("Legen Sie mit „jobbruecke db grant“ eine eigene Rolle für die Anwendung an."),
    )


def _keys() -> Iterator[Check]:
    """Whether the newest key seals everything, and whether none was removed too early."""
    counted, names = count_by_key(), list(current_settings().keys)
    used = sum(counted.values(), Counter[str]())
    if used[UNKNOWN]:
        message = _("%(count)s Werte öffnet kein Schlüssel", count=used[UNKNOWN])
        advice = _("Nehmen Sie den fehlenden Schlüssel wieder in JOBBRUECKE_ENCRYPTION_KEYS auf.")
        yield Check("encryption-keys", Level.FAIL, message, advice)
        return
    old = [name for name in names[1:] if used[name]]
    if old:
        left = sum(used[name] for name in old)
        message = _("%(count)s Werte sind noch mit „%(keys)s“ verschlüsselt", count=left, keys=", ".join(old))
        advice = _("Rufen Sie „jobbruecke keys rotate“ auf; bis dahin darf der alte Schlüssel nicht weg.")
        yield Check("encryption-keys", Level.WARN, message, advice)
        return
    spare = ", ".join(names[1:])
    message = _("alles ist mit „%(key)s“ verschlüsselt", key=names[0])
    if spare:
        message = _(
            "alles ist mit „%(key)s“ verschlüsselt; „%(keys)s“ kann entfernt werden", key=names[0], keys=spare
        )
    yield Check("encryption-keys", Level.OK, message)


def _redis() -> Check:
    if redis_answers():
        return Check("redis", Level.OK, _("erreichbar"))
    advice = _("Prüfen Sie JOBBRUECKE_REDIS_URL, und ob Redis läuft. Verloren geht nichts, es wartet nur.")
    return Check("redis", Level.FAIL, _("nicht erreichbar"), advice)


def _data_folder() -> Check:
    """Uploads go below the data folder, which is made with the first of them."""
    folder = Path(current_settings().data_folder).absolute()
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        return Check("data-folder", Level.OK, _("beschreibbar"))
    advice = _("Prüfen Sie JOBBRUECKE_DATA_FOLDER, und die Rechte an diesem Ordner.")
    return Check("data-folder", Level.FAIL, _("nicht beschreibbar"), advice)


def _oidc() -> Iterator[Check]:
    if current_settings().oidc_issuer is None:
        return
    if is_installed():
        yield Check("oidc", Level.OK, _("Authlib ist installiert"))
    else:
        advice = _("Installieren Sie jobbruecke[oidc], oder nehmen Sie JOBBRUECKE_OIDC_ISSUER weg.")
        yield Check("oidc", Level.FAIL, _("Authlib ist nicht installiert"), advice)


_MAIL_TROUBLES = {
    "not-reachable": _l("unter der Adresse ist niemand"),
    "no-answer": _l("er antwortet nicht"),
    "broken-off": _l("er bricht die Verbindung ab"),
    "not-encrypted": _l("die Verschlüsselung gelingt nicht, oder niemand bürgt für sein Zertifikat"),
    "not-supported": _l("er kann nicht, was verlangt ist"),
    "sign-in-refused": _l("er lehnt Namen oder Passwort ab"),
    "unexpected-answer": _l("er antwortet anders, als ein Mailserver es tut"),
}


def _mail_server() -> Check:
    """Check the connection to the mail server, sign-in included; nothing is sent."""
    from portal.mail import smtp

    settings = current_settings()
    if settings.smtp_host is None:
        message = _("keiner gesetzt; Meldungen stehen nur auf den Seiten")
        return Check("mail", Level.OK, message)
    try:
        smtp.greet(settings)
    except MailError as error:
        advice = _("Prüfen Sie die Einstellungen JOBBRUECKE_SMTP_…, und ob der Mailserver erreichbar ist.")
        reason = _MAIL_TROUBLES.get(str(error), str(error))
        return Check("mail", Level.FAIL, _("nicht benutzbar: %(reason)s", reason=reason), advice)
    return Check("mail", Level.OK, _("erreichbar"))


def _process(kind: str) -> Check:
    with reading():
        seen = db.session.scalar(
            select(Heartbeat.seen_at)
            .where(Heartbeat.kind == kind)
            .order_by(Heartbeat.seen_at.desc())
            .limit(1)
        )
        commit()
    if seen is not None and utcnow() - seen <= WORKER_SILENT_AFTER:
        return Check(kind, Level.OK, _("zuletzt gesehen %(at)s", at=show_value(seen)))
    message = _("zuletzt gesehen %(at)s", at=show_value(seen)) if seen else _("noch nie gesehen")
    return Check(kind, Level.FAIL, message, _("Starten Sie „jobbruecke %(kind)s“.", kind=kind))

"""The record of processing activities (Art. 30 GDPR), made of the register of columns and of what is set."""

from __future__ import annotations

from portal.bulk.service import KEPT
from portal.core.settings import current_settings
from portal.domain.rules.retention import LINKS_DAYS
from portal.domain.tenants import Connection, Tenant
from portal.mail.outbox import FORGOTTEN_AFTER as MAILS_KEPT
from portal.networks.registry import Network
from portal.notices.audience import FORGOTTEN_AFTER as NOTICES_KEPT
from portal.participants.search import KEPT_DAYS
from portal.privacy.classes import Kept, Purpose, Retention, Sort
from portal.privacy.labels import BASES, PURPOSES, SORTS, SUBJECTS
from portal.privacy.registry import TABLES
from portal.privacy.sections import Document, Section
from portal.webkit.labels import label_of
from portal.webkit.languages import gettext as _


def processing_record(tenant: Tenant, connection: Connection | None) -> Document:
    """Return the record for one tenant."""
    return Document(
        _("Verzeichnis von Verarbeitungstätigkeiten"),
        _("Art. 30 DSGVO · %(tenant)s · erzeugt aus dem Programm selbst", tenant=tenant.name),
        (
            _responsible(tenant, connection),
            *(_activity(purpose, tenant) for purpose in Purpose),
            _measures(),
            _technical(),
        ),
    )


def _responsible(tenant: Tenant, connection: Connection | None) -> Section:
    network = str(label_of(connection.network).text) if connection else _("noch keines gewählt")
    return Section(
        _("Verantwortliche, Empfänger, Übermittlung in Drittländer"),
        facts=(
            (_("Verantwortlich"), tenant.name),
            (_("Auftragsverarbeiter"), _("der Betreiber von Jobbrücke (Art. 28 DSGVO)")),
            (_("Herkunft der Daten"), _("Qualli.life; Antworten des Jobportals")),
            (
                _("Empfänger"),
                _("Jobportal: %(network)s; nur freigegebene Personen mit Einwilligung", network=network),
            ),
            (
                _("Was es bekommt"),
                f"{_sent_to_each()}. {_number_switch(tenant)}",
            ),
            (_("Drittländer"), _("Das Programm übermittelt in keines.")),
        ),
    )


def _sent_to_each() -> str:
    said = {True: _("%(network)s: Stammdaten und Profil"), False: _("%(network)s: Stammdaten")}
    return "; ".join(
        said[network.spec.sends_profile] % {"network": network.spec.label} for network in Network
    )


def _number_switch(tenant: Tenant) -> str:
    if tenant.sends_social_insurance_number:
        return _("Sozialversicherungsnummer: eingeschaltet")
    return _("Sozialversicherungsnummer: ausgeschaltet")


def _activity(purpose: Purpose, tenant: Tenant) -> Section:
    tables = {
        name: kept for name, kept in TABLES.items() if kept.purpose is purpose and _is_about_people(kept)
    }
    subjects = sorted({str(SUBJECTS[kept.subjects]) for kept in tables.values()})
    periods = sorted({retention_words(kept.retention, tenant) for kept in tables.values()})
    return Section(
        _("Tätigkeit: %(purpose)s", purpose=PURPOSES[purpose]),
        facts=(
            (_("Rechtsgrundlage"), str(BASES[purpose])),
            (_("Betroffene"), "; ".join(subjects)),
            (_("Löschfristen"), "; ".join(periods)),
        ),
        columns=(
            _("Tabelle"),
            _("Betroffene"),
            _("Löschfrist"),
            *(str(words) for words in SORTS.values()),
        ),
        rows=tuple(
            (
                name,
                str(SUBJECTS[kept.subjects]),
                retention_words(kept.retention, tenant),
                *(_columns_of(sort, kept) for sort in SORTS),
            )
            for name, kept in tables.items()
        ),
        widths=(2, 2, 2, 3, 3, 3),
    )


def _measures() -> Section:
    measures = (
        _("Mandanten sind getrennt; Rollen entscheiden, wer was darf; Einblicke der Betreuung stehen im Audit."),
        _("Sozialversicherungsnummern, Zugangsdaten, gesendete Teile und Exporte sind verschlüsselt (AES-GCM)."),
        _("Übertragen wird nur mit geprüftem TLS; Weiterleitungen wird nicht gefolgt."),
        _("Audit und Protokolle sind nur zu ergänzen und durch Prüfsummen verkettet."),
        _("Namen und Sozialversicherungsnummern stehen nicht in Adressen, Logs, Aufträgen oder Fehlermeldungen."),
        _("Sitzungen enden nach %(minutes)s Minuten Ruhe, spätestens nach %(hours)s Stunden.",
          minutes=current_settings().session_idle_minutes, hours=current_settings().session_limit_hours),
        _("Ein Widerruf erreicht das Jobportal ohne auf die Nacht zu warten; wie lange es dauerte, wird gezeigt."),
        _("Die nächtliche Löschung hält die Fristen ein."),
    )  # fmt: skip
    return Section(
        _("Technische und organisatorische Maßnahmen (Art. 32 DSGVO)"),
        columns=(_("Maßnahme"),),
        rows=tuple((str(measure),) for measure in measures),
        widths=(1,),
    )


def _columns_of(sort: Sort, kept: Kept) -> str:
    return ", ".join(column for column, found in kept.columns().items() if found is sort) or "–"


def _technical() -> Section:
    names = [name for name, kept in TABLES.items() if not _is_about_people(kept)]
    return Section(
        _("Tabellen, die über niemanden etwas sagen"),
        (", ".join(names),),
    )


def _is_about_people(kept: Kept) -> bool:
    return bool(kept.personal or kept.pseudonymous)


def retention_words(retention: Retention, tenant: Tenant) -> str:
    """Return how long, with the numbers that hold now."""
    words = {
        Retention.ACTIVITY: _("%(months)s Monate nach der letzten Aktivität", months=tenant.protocol_months),
        Retention.PAYLOAD: _("%(days)s Tage", days=tenant.payload_days),
        Retention.IMPORT: _("bis zum Ende des Imports"),
        Retention.LEADING: _("solange Qualli.life sie führt oder eine Übertragung sie nennt"),
        Retention.ACCOUNT: _("solange das Konto besteht"),
        Retention.SESSION: _("%(hours)s Stunden", hours=current_settings().session_limit_hours),
        Retention.SEARCH: _("%(days)s Tage", days=KEPT_DAYS),
        Retention.LINK: _("%(days)s Tage nach dem Ablauf", days=LINKS_DAYS),
        Retention.BULK: _("%(days)s Tage", days=KEPT.days),
        Retention.NOTICE: _("%(days)s Tage, nachdem es erledigt ist", days=NOTICES_KEPT.days),
        Retention.MAIL: _("%(days)s Tage", days=MAILS_KEPT.days),
        Retention.CONTRACT: _("solange der Mandant Jobbrücke nutzt"),
        Retention.DAY: _("einen Tag lang"),
    }
    return str(words[retention])

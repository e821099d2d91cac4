"""The words of all features, made known to templates."""

from __future__ import annotations

from flask import Flask

import portal.accounts.errors
import portal.api.errors
import portal.bulk.errors
import portal.core.errors
import portal.deliveries.errors
import portal.imports.errors
import portal.notices.errors
import portal.operations.errors
import portal.participants.errors
import portal.privacy.errors
import portal.releases.errors
import portal.tenants.errors
import portal.tokens.errors
import portal.webkit.request_errors  # noqa: F401
from portal.accounts.labels import LABELS as OF_ACCOUNTS
from portal.audit.labels import LABELS as OF_AUDIT
from portal.audit.labels import PERMISSIONS, SUBJECTS, page_words, second_person_words, show_reason_words
from portal.bulk.labels import LABELS as OF_BULK
from portal.deliveries.labels import LABELS as OF_DELIVERIES
from portal.domain.rules.phase import Phase
from portal.domain.rules.preflight import Finding
from portal.domain.rules.status import Reason, Status
from portal.imports.labels import LABELS as OF_IMPORTS
from portal.releases.finding_labels import mending_of
from portal.releases.labels import LABELS as OF_RELEASES
from portal.releases.labels import PHASE_HELP, STATUS_HELP
from portal.releases.reason_help import REASON_FINDINGS, REASON_HELP
from portal.tenants.labels import LABELS as OF_TENANTS
from portal.webkit.authors import author, role_words
from portal.webkit.labels import label_of, register

LABELS = {
    **OF_ACCOUNTS,
    **OF_AUDIT,
    **OF_BULK,
    **OF_DELIVERIES,
    **OF_IMPORTS,
    **OF_RELEASES,
    **OF_TENANTS,
}


def init_app(app: Flask) -> None:
    register(LABELS)
    app.jinja_env.globals.update(
        label_of=label_of,
        author=author,
        mending_of=mending_of,
        STATUS_HELP=STATUS_HELP,
        PHASE_HELP=PHASE_HELP,
        REASON_HELP=REASON_HELP,
        REASON_FINDINGS=REASON_FINDINGS,
        PERMISSIONS=PERMISSIONS,
        SUBJECTS=SUBJECTS,
        page_words=page_words,
        second_person_words=second_person_words,
        show_reason_words=show_reason_words,
        role_words=role_words,
        Reason=Reason,
        Status=Status,
        Phase=Phase,
        Finding=Finding,
    )

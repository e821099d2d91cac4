"""Exports for tests: tables as text, folders and ZIPs of them, and running an import as the worker does."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.domain.actors import QUALLI
from portal.domain.imports import ImportMode, ImportRun
from portal.domain.participants import Mediator, Order, Participant, Profile
from portal.domain.tenants import Tenant
from portal.imports.reports import Report, report
from portal.imports.running import run_import
from portal.imports.service import keep_export, start_import

MEDIATORS = "vermittler_id;kuerzel;nachname;vorname\nV1;MM;Muster;Mia\nV2;BO;Bosch;Otto\n"
ORDERS = "auftrag_id;bezeichnung;zustaendig\nA1;Umschulung;MM|BO\nA2;Coaching;\n"
PEOPLE = (
    "tn_id;nachname;vorname;auftrag_id;einverstaendnis_am\n"
    "T1;Müller;Anna;A1;01.02.2026\nT2;Šimůnek;Béla;A1;\nT3;Yıldız;Çem;A2;2026-02-03\n"
)
PROFILES = (
    "tn_id;art;bezeichnung;niveau;von;bis\nT1;sprache;Deutsch;b2;;\nT1;bildung;Lehre;;01.08.2019;31.07.2022\n"
)
ALL: Mapping[str, str] = {
    "vermittler.csv": MEDIATORS,
    "auftraege.csv": ORDERS,
    "teilnehmer.csv": PEOPLE,
    "profil.csv": PROFILES,
}
SVNR = "15070649C103"
"""The example of a valid social insurance number that textbooks use; nobody's."""


def zipped(files: Mapping[str, str | bytes]) -> io.BytesIO:
    """A ZIP with these files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    stream.seek(0)
    return stream


def folder(path: Path, files: Mapping[str, str | bytes]) -> Path:
    """A folder with these files."""
    path.mkdir(exist_ok=True)
    for name, content in files.items():
        (path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def start(
    tenant_id: int,
    files: Mapping[str, str | bytes],
    mode: ImportMode = ImportMode.FULL,
    dry_run: bool = False,
) -> int:
    """Queue an import of these files; its number."""
    upload = keep_export(zipped(files))
    scope_to(EVERY_TENANT)
    tenant = db.session.get_one(Tenant, tenant_id)
    run = start_import(tenant, upload, mode, QUALLI, utcnow(), dry_run)
    commit()
    return run.id


def bring(
    tenant_id: int,
    files: Mapping[str, str | bytes],
    mode: ImportMode = ImportMode.FULL,
    dry_run: bool = False,
) -> Report:
    """Import these files, in small batches; the report."""
    import_id = start(tenant_id, files, mode, dry_run)
    run_import(import_id, batch=2)
    return report_of(import_id)


def report_of(import_id: int) -> Report:
    """The report of an import, freshly read."""
    scope_to(EVERY_TENANT)
    found = report(db.session.get_one(ImportRun, import_id, populate_existing=True))
    commit()
    return found


def faults(found: Report) -> list[tuple[str, int, str | None, str]]:
    """The rejections of a report, short."""
    return [(item.file.removesuffix(".csv"), item.line, item.column, item.code) for item in found.rejected]


def people(tenant_id: int) -> dict[str, Participant]:
    """The participants of a tenant who have not left, by number."""
    rows = (
        db.session.query(Participant).populate_existing().filter_by(tenant_id=tenant_id, left_at=None).all()
    )
    commit()
    return {row.number: row for row in rows}


def contents(tenant_id: int) -> list[object]:
    """All that a tenant's import can change, to be compared with a later state."""
    db.session.expire_all()
    found: list[object] = []
    for model in (Mediator, Order, Participant, Profile):
        table = model.__table__
        rows = db.session.execute(table.select().where(table.c.tenant_id == tenant_id).order_by(table.c.id))  # type: ignore[attr-defined]
        found.append([tuple(row) for row in rows])
    commit()
    return found

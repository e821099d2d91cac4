"""`jobbruecke import`: take over an export of Qualli.life, in this process, and print its report."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import click
from flask import Flask

from portal.cli.context import application, record_audit, resolve_actor, use_tenant
from portal.cli.errors import ImportGoesOn
from portal.cli.import_report import print_report, report_values
from portal.cli.options import by_option, json_option, tenant_option
from portal.cli.output import Progress, print_json
from portal.cli.refused import Refused
from portal.core.database import commit, db, reading, utcnow
from portal.domain.actors import SYSTEM
from portal.domain.audit import AuditEvent
from portal.domain.imports import UNFINISHED, ImportMode, ImportRun, ImportState
from portal.domain.permissions import Permission
from portal.imports.report_texts import reason_for
from portal.imports.reports import report
from portal.imports.service import keep_export, start_import
from portal.webkit.languages import gettext as _

LOOK_SECONDS = 0.2
AGAIN_SECONDS = 1.0


@click.command("import")
@tenant_option
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--full",
    is_flag=True,
    help="Participants who are missing have left Qualli.life. Else only what is named changes.",
)
@click.option("--dry-run", is_flag=True, help="Read and check everything, and change nothing.")
@by_option(required=False)
@json_option
def import_(slug: str, path: Path, full: bool, dry_run: bool, by: str | None, as_json: bool) -> None:
    """Import a folder or ZIP exported by Qualli.life, and print what became of it.

    Good lines are taken over; rejected ones are named by file, line and column, and change nothing.
    """
    with application() as app:
        tenant = use_tenant(slug)
        actor = resolve_actor(by, Permission.IMPORT, SYSTEM)
        commit()  # copying may take long, and must not hold a transaction open
        upload = keep_export(path)
        mode = ImportMode.FULL if full else ImportMode.DELTA
        run = start_import(tenant, upload, mode, actor, utcnow(), dry_run)
        record_audit(AuditEvent.IMPORT_UPLOADED, actor, subject="import", subject_id=run.id)
        commit()
        run = carry_out(app, run.id)
        with reading():
            found = report(run)
            if as_json:
                print_json(report_values(found, run))
            else:
                print_report(found, run)
            commit()
        if run.state is not ImportState.DONE:
            raise Refused(reason_for(found))


def carry_out(app: Flask, import_id: int) -> ImportRun:
    """Work on the import until it has ended or waits for a person, also beside a worker."""
    progress = Progress()
    try:
        while True:
            work = _Work(app, import_id)
            work.start()
            while work.is_alive():
                work.join(LOOK_SECONDS)
                run = _look(import_id)
                progress.show(_step(run), run.progress, run.total)
            if work.failure is not None:
                raise ImportGoesOn(kind=type(work.failure).__name__)
            run = _look(import_id)
            if run.state not in UNFINISHED:
                return run
            time.sleep(AGAIN_SECONDS)  # a worker was faster, and has it
    finally:
        progress.end()


def _look(import_id: int) -> ImportRun:
    with reading():
        run = db.session.get_one(ImportRun, import_id, populate_existing=True)
        commit()
    return run


def _step(run: ImportRun) -> str:
    steps = {ImportState.WAITING: _("wartet"), ImportState.STAGING: _("wird gelesen und geprüft")}
    return steps.get(run.state, _("wird übernommen"))


class _Work(threading.Thread):
    """Runs the import beside the thread that shows its progress; a worker resumes it if this process dies."""

    def __init__(self, app: Flask, import_id: int) -> None:
        super().__init__(name="import", daemon=True)
        self._app, self._import_id = app, import_id
        self.failure: Exception | None = None

    def run(self) -> None:
        from portal.imports.running import run_import

        with self._app.app_context():
            try:
                run_import(self._import_id)
            except Exception as error:  # noqa: BLE001 - reported by the thread that shows the progress
                self.failure = error
            finally:
                db.session.remove()

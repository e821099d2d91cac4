"""Uploading an export in the browser, and seeing it taken over by a real worker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.imports.exports import ALL, zipped
from tests.support.running import Running

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.slow]
SOON = 30_000


def test_an_export_is_uploaded_and_its_report_appears(
    system: Running, visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    export = tmp_path / "export.zip"
    lines = "\n".join(f"U{number};Upload{number:03};Uta;A1;gestern" for number in range(120))
    people = f"tn_id;nachname;vorname;auftrag_id;einverstaendnis_am\nU999;Upload;Ute;A1;01.02.2026\n{lines}\n"
    export.write_bytes(zipped({**ALL, "teilnehmer.csv": people}).getvalue())
    page = visit().sign_in("supervisor")
    page.get_by_role("link", name="Importe", exact=True).click()
    page.get_by_label("Export als ZIP-Datei").set_input_files(export)
    page.get_by_role("button", name="Importieren").click()
    expect(page.get_by_role("heading", name="Abgewiesene Zeilen")).to_be_visible(timeout=SOON)
    with page.expect_download() as download:
        page.get_by_role("link", name="Alle als CSV").click()
    assert len(download.value.path().read_text("utf-8-sig").splitlines()) > 120
    page.get_by_role("link", name="Teilnehmer/innen").first.click()
    page.get_by_label("Suche nach").fill("Upload Ute")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Upload, Ute")).to_be_visible()

"""Uploading an export, watching it, its report, and deciding about a held one."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from portal.core.database import db, scoped_to
from portal.domain.imports import ImportRun, ImportState
from portal.domain.participants import Participant
from portal.imports.running import run_import
from portal.webkit.encrypted_uploads import EncryptedFile
from tests.imports.exports import ALL, PEOPLE, zipped
from tests.support.factories import House, looking
from tests.support.pages import Browser, Page
from tests.support.workbooks import read_sheet

SignedIn = Callable[[str], Browser]
Files = Mapping[str, str | bytes]
BAD = "tn_id;nachname;vorname;auftrag_id;einverstaendnis_am\nT1;Müller;Anna;A1;gestern\nT2;Zorn;Zoe;A1;\n"


def upload(browser: Browser, content: bytes | None, status: int = 303, **values: str) -> Page:
    browser.get("/imports")
    if content is not None:
        values["export"] = (io.BytesIO(content), "export.zip")  # type: ignore[assignment]
    return browser.submit("/imports", status=status, **values)


def bring(browser: Browser, files: Files, **values: str) -> str:
    """Upload these files and import them; the import's address."""
    address = upload(browser, zipped(files).getvalue(), **values).location
    run_import(int(address.rpartition("/")[2]))
    return address


def runs() -> list[ImportRun]:
    with looking():
        return db.session.query(ImportRun).order_by(ImportRun.id).all()


def numbers(house: House) -> set[str]:
    with looking(), scoped_to(house.tenant_id):
        rows = db.session.query(Participant.number).filter(Participant.left_at.is_(None))
        return {row.number for row in rows}


def test_an_export_is_uploaded_and_taken_over(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    assert "Noch kein Import." in browser.get("/imports").text
    address = bring(browser, ALL)
    page = browser.get(address)
    assert "Keine Zeile wurde abgewiesen." in page.text
    assert numbers(house) == {"1001", "1002", "T1", "T2", "T3"}  # changes only: nobody is missing
    row = browser.get("/imports").text_of(f"import-{runs()[0].id}")
    assert "nur Änderungen" in row
    assert "SUP" in row


def test_it_is_asked_for_until_it_has_ended(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    address = upload(browser, zipped(ALL).getvalue()).location
    page = browser.get(address)
    assert page.by_id("import").get("hx-get") == address
    run_import(runs()[0].id)
    assert browser.get(address, fragment=True).by_id("import").get("hx-get") is None


def test_trying_changes_nothing(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    address = bring(browser, ALL, dry_run="1")
    assert "nur geprüft, nichts geändert" in browser.get(address).text
    assert numbers(house) == {"1001", "1002"}


def test_rejected_lines_are_named_and_can_be_taken_along(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    address = bring(browser, ALL | {"teilnehmer.csv": BAD})
    page = browser.get(address)
    assert "teilnehmer.csv2einverstaendnis_amDatum nicht lesbar" in page.text
    text = browser.client.get(f"{address}/rejected.csv").get_data(as_text=True)
    assert text.splitlines()[0].lstrip("\ufeff") == "Datei;Zeile;Spalte;Grund"
    assert "teilnehmer.csv;2;einverstaendnis_am;" in text
    sheet = read_sheet(browser.client.get(f"{address}/rejected.xlsx").get_data())
    assert ["teilnehmer.csv", 2.0, "einverstaendnis_am"] in [list(row.values())[:3] for row in sheet.rows]
    assert f'href="{address}/rejected.xlsx"' in page.html
    assert "Müller" not in text


def test_a_shrinking_import_is_held_for_somebody_else(signed_in: SignedIn, house: House) -> None:
    browser, colleague = signed_in("supervisor"), signed_in("administrator")
    bring(browser, ALL)
    address = bring(browser, {"teilnehmer.csv": "\n".join(PEOPLE.splitlines()[:2]) + "\n"}, mode="full")
    page = browser.get(address)
    assert "Angehalten: nichts davon ist übernommen" in page.text
    assert "darf ihn nicht selbst" in page.text
    assert "Durchlassen" not in page.buttons()
    for name in ("Adam, Eva", "Zorn, Ben", "Šimůnek, Béla", "Yıldız, Çem"):
        assert name in page.text
    assert "Durchlassen" not in signed_in("caseworker").get(address).buttons()
    head = signed_in("caseworker").get("/participants").text_of("transfer-status")
    assert f"Der Import {runs()[-1].id} ist angehalten. Ansehen und entscheiden" in head
    colleague.get(address)
    colleague.submit(f"{address}/approve")
    assert "angehalten" not in colleague.get("/participants").text_of("transfer-status")
    run_import(runs()[-1].id)
    assert numbers(house) == {"T1"}
    assert "entschieden von ADM" in colleague.get(address).text


def test_a_held_import_names_mediators_and_profiles_too(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    two = "tn_id;art;bezeichnung\nT1;kenntnis;Excel\nT2;kenntnis;Excel\n"
    bring(browser, ALL | {"profil.csv": two})
    bare = {name: ALL[name].splitlines(keepends=True)[0] for name in ("vermittler.csv", "profil.csv")}
    everyone = PEOPLE + "1001;Adam;Eva;;\n1002;Zorn;Ben;;\n"
    page = browser.get(bring(browser, ALL | bare | {"teilnehmer.csv": everyone}, mode="full"))
    assert "Mehr als die Hälfte der Vermittler/innen würde inaktiv (3 von 3)" in page.text
    assert "Mehr als die Hälfte der Profile würde entfallen (2 von 2)" in page.text
    section = page.text.partition("Angehalten: nichts davon ist übernommen")[2].partition("Bericht")[0]
    for name in ("Bosch, Otto", "Muster, Mia", "Müller, Anna", "Šimůnek, Béla"):
        assert name in section
    assert "Yıldız" not in section
    assert "Nicht im Export: 3 von 3 aktiven Vermittler/innen. Wer fehlt, wird inaktiv." in page.text


def test_a_held_import_is_discarded(signed_in: SignedIn, house: House) -> None:
    browser, colleague = signed_in("supervisor"), signed_in("administrator")
    bring(browser, ALL)
    address = bring(browser, {"teilnehmer.csv": "\n".join(PEOPLE.splitlines()[:2]) + "\n"}, mode="full")
    colleague.get(address)
    colleague.submit(f"{address}/discard")
    assert "verworfen" in colleague.follow().text
    assert len(numbers(house)) == 5
    assert runs()[-1].state is ImportState.DISCARDED


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "Wählen Sie eine ZIP-Datei aus."),
        (b"", "Das ist keine lesbare ZIP-Datei."),
        (b"tn_id;nachname\nT1;x\n", "Das ist keine lesbare ZIP-Datei."),
        (zipped(ALL).getvalue()[:-30], "Das ist keine lesbare ZIP-Datei."),
        (zipped({"foto.jpg": b"x"}).getvalue(), "Darin ist keine Datei"),
        (zipped({"../teilnehmer.csv": PEOPLE}).getvalue(), "Pfade, die aus ihr hinausführen"),
    ],
    ids=["none", "empty", "csv", "cut", "foreign", "path"],
)
def test_nonsense_is_refused_in_a_sentence(
    signed_in: SignedIn, house: House, content: bytes | None, said: str
) -> None:
    page = upload(signed_in("supervisor"), content, status=422)
    assert said in page.text_of("upload-error")
    assert runs() == []


def test_what_is_too_large_is_refused(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    settings = browser.client.application.extensions["jobbruecke_settings"]
    browser.client.application.extensions["jobbruecke_settings"] = settings.model_copy(
        update={"upload_limit_mb": 1}
    )
    token = browser.get("/imports").form("/imports")["csrf_token"]
    for size, status, said in (
        (1_100_000, 422, "Die Datei ist größer als 1 MB."),
        (3_000_000, 413, "mehr gesendet, als hier angenommen wird"),
    ):
        body = io.BytesIO(
            b'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n' + token.encode() + b"\r\n"
            b'--x\r\nContent-Disposition: form-data; name="export"; filename="e.zip"\r\n\r\n'
            + b"y" * size
            + b"\r\n--x--\r\n"
        )
        answer = browser.client.post(
            "/imports",
            input_stream=body,
            content_length=len(body.getvalue()),
            content_type="multipart/form-data; boundary=x",
        )
        assert answer.status_code == status
        assert said in answer.get_data(as_text=True)
    assert runs() == []


def test_one_at_a_time(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    upload(browser, zipped(ALL).getvalue())
    page = upload(browser, zipped(ALL).getvalue(), status=422)
    assert "Es läuft schon ein Import" in page.text_of("upload-error")
    assert len(runs()) == 1


def test_a_caseworker_sees_them_and_uploads_none(signed_in: SignedIn, house: House) -> None:
    bring(signed_in("supervisor"), ALL)
    browser = signed_in("caseworker")
    page = browser.get("/imports")
    assert not page.find_all("input", type="file")
    browser.get(f"/imports/{runs()[0].id}")
    token = browser.get("/participants").form("/bulk")
    browser.post("/imports", token, status=403)


def test_without_its_token_nothing_is_taken_in(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    browser.post("/imports", {"export": (zipped(ALL), "export.zip")}, status=403)
    browser.post("/imports", {"export": (zipped(ALL), "export.zip"), "csrf_token": "x"}, status=403)
    assert runs() == []


def test_another_tenants_imports_are_not_there(signed_in: SignedIn, house: House) -> None:
    address = bring(signed_in("supervisor"), ALL)
    stranger = signed_in("stranger")
    for path in ("", "/rejected.csv"):
        stranger.get(address + path, status=404)
    assert "Noch kein Import." in stranger.get("/imports").text


def test_an_upload_lies_on_the_disk_only_veiled(
    signed_in: SignedIn, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the form's reader writes aside is named here, so that it can be looked at."""
    written: list[Path] = []

    def named_file() -> object:
        path = tmp_path / f"aside-{len(written)}"
        written.append(path)
        return path.open("w+b", buffering=0)

    monkeypatch.setattr(tempfile, "TemporaryFile", named_file)
    bring(signed_in("supervisor"), {"teilnehmer.csv": PEOPLE})
    assert any(path.stat().st_size for path in written)
    assert all(b"teilnehmer.csv" not in path.read_bytes() for path in written)


def test_a_veiled_file_gives_back_what_was_written() -> None:
    with EncryptedFile() as file:
        for piece in (b"a" * 70_000, b"", b"bc"):
            file.write(piece)
        for _ in range(2):
            file.seek(0)
            assert file.read() == b"a" * 70_000 + b"bc"
        with pytest.raises(io.UnsupportedOperation):
            file.write(b"x")
        with pytest.raises(io.UnsupportedOperation):
            file.seek(1)


def test_a_title_before_the_header_is_explained(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    text = browser.get(bring(browser, {"teilnehmer.csv": f"Liste der Leitung\n\n{PEOPLE}"})).text
    assert "teilnehmer.csv:1: diese Zeile ist keine Kopfzeile" in text
    assert "Erwartet wird dort: tn_id. Die Kopfzeile steht in Zeile 3." in text
    assert "Liste der Leitung" not in text


def test_a_header_that_lacks_a_column_is_explained(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    text = browser.get(bring(browser, {"teilnehmer.csv": "nummer;nachname\nT1;Müller\n"})).text
    assert "teilnehmer.csv:1 [tn_id]: eine Spalte fehlt" in text
    assert "Erwartet wird dort: tn_id. Gefunden wurde: nummer, nachname." in text


def test_people_in_place_of_a_header_are_not_shown(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    text = browser.get(bring(browser, {"teilnehmer.csv": "T1;Geheim;Anna\nT2;Groß;Ina\n"})).text
    assert "Gefunden wurde keine dieser Spalten." in text
    assert "Geheim" not in text


def test_another_separator_is_named(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    text = browser.get(bring(browser, {"teilnehmer.csv": "tn_id,nachname\nT1,Müller\n"})).text
    assert "nicht mit Semikolon getrennt. Dort steht stattdessen: Komma." in text

"""Uploads: what is refused before anything is unpacked, and what lies on the disk."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest

from portal.core.crypto import DecryptionError, Keyring
from portal.core.refusal import Refusal
from portal.domain.import_kinds import Kind
from portal.imports import packing
from portal.imports.archive import open_export
from portal.imports.uploads import open_upload, take_in
from tests.imports.exports import ALL, PEOPLE, folder, zipped

KEYRING = Keyring({"k": b"k" * 32})


def refusal(source: Path | io.BytesIO, data: Path, limit: int = 10**9) -> str:
    with pytest.raises(Refusal) as caught:
        take_in(source, data, KEYRING, limit)
    assert not [*data.rglob("*.*")] and not [path for path in data.rglob("*") if path.is_file()], (
        "nothing is kept"
    )
    return caught.value.code


def archive(*entries: tuple[zipfile.ZipInfo | str, bytes]) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for info, content in entries:
            made.writestr(info, content, zipfile.ZIP_DEFLATED)
    stream.seek(0)
    return stream


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


PEOPLE_FILE = ("teilnehmer.csv", PEOPLE.encode())


@pytest.mark.parametrize("name", ["../teilnehmer.csv", "a/../../x", "/etc/passwd", "C:\\x.csv", "..\\x.csv"])
def test_paths_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    assert refusal(archive(PEOPLE_FILE, (name, b"x")), tmp_path) == "import-zip-path"


def test_links_are_refused(tmp_path: Path) -> None:
    assert refusal(archive((link("teilnehmer.csv"), b"/etc/passwd")), tmp_path) == "import-zip-link"


def test_bombs_are_refused_before_unpacking(tmp_path: Path) -> None:
    assert refusal(archive(("teilnehmer.csv", b"0" * 10**7)), tmp_path) == "import-zip-bomb"


def test_a_size_that_lies_unpacks_no_more_than_it_says(tmp_path: Path) -> None:
    stream = archive(("teilnehmer.csv", b"0" * 10**6))
    lying = stream.getvalue().replace((10**6).to_bytes(4, "little"), (500).to_bytes(4, "little"))
    upload = take_in(io.BytesIO(lying), tmp_path, KEYRING)
    with open_upload(upload.name, tmp_path, KEYRING) as file:
        found = open_export(file).files[Kind.PARTICIPANT]
        with pytest.raises(zipfile.BadZipFile):
            found.inspect(lambda: None)


def test_more_than_can_be_unpacked_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.imports.archive.UNPACKED_LIMIT", 100)
    assert refusal(zipped(ALL), tmp_path) == "import-too-large"
    monkeypatch.setattr(packing, "UNPACKED_LIMIT", 100)
    assert refusal(folder(tmp_path.parent / "big", ALL), tmp_path) == "import-too-large"


def test_a_stream_beyond_its_limit_is_refused(tmp_path: Path) -> None:
    assert refusal(zipped(ALL), tmp_path, limit=100) == "import-upload-too-large"


def test_too_many_files_are_refused_before_their_list_is_read(tmp_path: Path) -> None:
    assert (
        refusal(archive(*[(f"{n}.txt", b"") for n in range(1001)]), tmp_path) == "import-zip-too-many-files"
    )


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"tn_id;nachname\n", b"PK\x05\x06" + b"\xff" * 18, b"\0" * 10**6]
)
def test_what_is_not_a_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    assert refusal(io.BytesIO(content), tmp_path) in {"import-not-a-zip", "import-zip-too-many-files"}


def test_a_zip_that_was_cut_is_refused(tmp_path: Path) -> None:
    whole = zipped(ALL).getvalue()
    for kept in (len(whole) // 2, len(whole) - 1, len(whole) - 30):
        assert refusal(io.BytesIO(whole[:kept]), tmp_path) == "import-not-a-zip"


def test_a_zip_with_a_password_or_an_odd_compression_is_refused(tmp_path: Path) -> None:
    whole = bytearray(zipped({"teilnehmer.csv": PEOPLE}).getvalue())
    whole[whole.rindex(b"PK\x01\x02") + 8] |= 1
    assert refusal(io.BytesIO(bytes(whole)), tmp_path) == "import-zip-encrypted"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_LZMA) as made:
        made.writestr(*PEOPLE_FILE)
    stream.seek(0)
    assert refusal(stream, tmp_path) == "import-zip-method"


def test_nothing_there_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert refusal(tmp_path / "nowhere", data) == "import-source-missing"
    assert refusal(folder(tmp_path / "empty", {"x.csv": "y"}), data) == "import-no-known-files"
    assert refusal(archive(("x.csv", b"y")), data) == "import-no-known-files"


def test_the_same_file_twice_is_refused(tmp_path: Path) -> None:
    assert refusal(archive(PEOPLE_FILE, ("b/Teilnehmer.CSV", b"tn_id\n")), tmp_path) == "import-file-refused"


def test_a_folder_and_a_zip_of_it_give_the_same(tmp_path: Path) -> None:
    source = folder(tmp_path / "export", {**ALL, "liesmich.txt": "hallo"})
    wrapped = zipped(
        {f"export/{name}": content for name, content in {**ALL, "liesmich.txt": "hallo"}.items()}
    )
    for given in (source, wrapped):
        upload = take_in(given, tmp_path, KEYRING)
        with open_upload(upload.name, tmp_path, KEYRING) as file:
            export = open_export(file)
            assert set(export.files) == set(Kind)
            assert export.unknown == ["liesmich.txt"]


def test_what_lies_on_the_disk_is_encrypted_for_its_place(tmp_path: Path) -> None:
    source = io.BytesIO()
    with zipfile.ZipFile(source, "w", zipfile.ZIP_STORED) as made:
        made.writestr("x.bin", bytes(range(256)) * 10_000)
        made.writestr("teilnehmer.csv", PEOPLE)
    source.seek(0)
    upload = take_in(source, tmp_path, KEYRING)
    path = tmp_path / upload.name
    stored = path.read_bytes()
    assert b"ller" not in stored and b"teilnehmer" not in stored
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with open_upload(upload.name, tmp_path, KEYRING) as file:
        assert file.read() == source.getvalue()
    step = 4 + int.from_bytes(stored[:4], "big")
    path.write_bytes(stored[step : 2 * step] + stored[:step] + stored[2 * step :])
    with pytest.raises(DecryptionError), open_upload(upload.name, tmp_path, KEYRING) as file:
        file.read()

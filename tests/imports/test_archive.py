"""ZIPs made to cost much: refused by what their end says, before it is believed. Counted in bytes, not in seconds."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from portal.core.refusal import Refusal
from portal.domain.import_kinds import Kind
from portal.imports.archive import FREE_BYTES, open_export
from tests.imports.exports import ALL, PEOPLE, zipped

AT_MOST = 2 << 20
"""So many bytes of a ZIP are looked at before it is refused or opened."""
ENTRIES = 1_500_000
DIRECTORY = ENTRIES * 51


class Counted(io.RawIOBase):
    """A file of nothing, with an end; counts what is read of it."""

    def __init__(self, size: int, end: bytes) -> None:
        self.size, self.end = size + len(end), end
        self.at = self.taken = 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = max(0, offset + (0, self.at, self.size)[whence])
        return self.at

    def read(self, size: int = -1) -> bytes:
        left = max(self.size - self.at, 0)
        size = left if size < 0 else min(size, left)
        self.taken += size
        assert self.taken <= AT_MOST
        nothing = max(min(size, self.size - len(self.end) - self.at), 0)
        start = max(self.at - (self.size - len(self.end)), 0)
        self.at += size
        return b"\0" * nothing + self.end[start : start + size - nothing]


def end_of(entries: int, directory: int, at: int = 0, comment: bytes = b"") -> bytes:
    """An end record of the first kind."""
    counts = (min(entries, 0xFFFF), min(entries, 0xFFFF), min(directory, 0xFFFFFFFF), min(at, 0xFFFFFFFF))
    return b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, *counts, len(comment)) + comment


def end64_of(entries: int, directory: int, at: int = 0, shift: int = 0) -> bytes:
    """End records of ZIP64; `shift` lets the second point elsewhere than at the first."""
    record = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, entries, entries, directory, at)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, at + directory + shift, 1)
    return record + locator + end_of(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)


def refusal(file: io.RawIOBase | io.BytesIO) -> str:
    with pytest.raises(Refusal) as caught:
        open_export(file)  # type: ignore[arg-type]
    return caught.value.code


@pytest.mark.parametrize(
    "end",
    [
        end64_of(ENTRIES, DIRECTORY),
        end64_of(ENTRIES, DIRECTORY, shift=1000),
        end64_of(3, DIRECTORY),
        end64_of(3, DIRECTORY, shift=-40_000_000),
        end64_of(ENTRIES, 2**63),
        end_of(3, DIRECTORY),
        end_of(0, DIRECTORY),
        end_of(ENTRIES, DIRECTORY, comment=end_of(1, 46)[:-2]),
    ],
    ids=[
        "zip64",
        "points elsewhere",
        "counts lie",
        "both",
        "endless",
        "without zip64",
        "none counted",
        "in a comment",
    ],
)
def test_a_list_of_a_million_files_is_refused_unread(end: bytes) -> None:
    file = Counted(DIRECTORY, end)
    assert refusal(file) in {"import-zip-too-many-files", "import-not-a-zip"}
    assert file.taken < 300_000


def test_the_true_reason_is_given() -> None:
    assert refusal(Counted(DIRECTORY, end64_of(ENTRIES, DIRECTORY))) == "import-zip-too-many-files"
    assert refusal(Counted(DIRECTORY, end64_of(3, DIRECTORY, shift=1000))) == "import-zip-too-many-files"


def test_a_stub_before_the_archive_changes_nothing() -> None:
    """Programs that unpack themselves begin so; positions in the end records are then too small."""
    file = Counted(100_000 + DIRECTORY, end64_of(ENTRIES, DIRECTORY))
    assert refusal(file) == "import-zip-too-many-files"
    whole = io.BytesIO(b"MZ" * 1000 + zipped(ALL).getvalue())
    assert set(open_export(whole).files) == set(Kind)


def test_more_files_than_the_end_record_admits_are_refused() -> None:
    made = bytearray(zipped({f"{n}.txt": "" for n in range(1500)} | ALL).getvalue())
    end = made.rindex(b"PK\x05\x06")
    made[end + 8 : end + 12] = struct.pack("<HH", 5, 5)
    assert refusal(io.BytesIO(bytes(made))) == "import-zip-too-many-files"


def test_comments_are_bounded() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for number in range(900):
            info = zipfile.ZipInfo(f"{number}.txt")
            info.comment = b"x" * 60_000
            made.writestr(info, b"")
    assert refusal(stream) == "import-zip-too-many-files"


def test_a_comment_of_the_archive_may_hold_anything() -> None:
    stream = zipped(ALL)
    with zipfile.ZipFile(stream, "a") as made:
        made.comment = b"PK" + b"x" * 60_000
    assert set(open_export(stream).files) == set(Kind)


def test_files_that_share_their_bytes_are_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("teilnehmer.csv", PEOPLE)
        (info,) = made.infolist()
        for name in ("auftraege.csv", "vermittler.csv"):
            twin = zipfile.ZipInfo(name)
            twin.header_offset, twin.compress_type = info.header_offset, info.compress_type
            twin.compress_size, twin.file_size, twin.CRC = info.compress_size, info.file_size, info.CRC
            made.filelist.append(twin)
            made.NameToInfo[name] = twin
    assert refusal(stream) == "import-zip-overlap"


def test_a_file_that_reaches_into_the_list_is_refused() -> None:
    made = bytearray(zipped({"teilnehmer.csv": PEOPLE}).getvalue())
    at = made.rindex(b"PK\x01\x02")
    made[at + 20 : at + 24] = struct.pack("<I", len(made))
    assert refusal(io.BytesIO(bytes(made))) == "import-zip-overlap"


def test_a_small_file_may_be_packed_tightly() -> None:
    lines = "auftrag_id;bezeichnung\n" + "".join(f"A{n};Kurs\n" for n in range(9))
    wide = lines + "x" * 60_000 + "\n" + ";;\n" * 300_000
    assert len(wide) < FREE_BYTES
    export = open_export(zipped({"auftraege.csv": wide}))
    assert set(export.files) == {Kind.ORDER}
    assert refusal(zipped({"auftraege.csv": wide + " " * FREE_BYTES})) == "import-zip-bomb"
    assert refusal(zipped({f"{n}.csv": " " * 300_000 for n in range(5)} | ALL)) == "import-zip-bomb"


def test_paths_may_be_written_with_backslashes() -> None:
    made = zipped({f"export\\2026\\{name}": content for name, content in ALL.items()} | {"export\\": ""})
    export = open_export(made)
    assert (set(export.files), export.unknown) == (set(Kind), [])
    lines = export.files[Kind.PARTICIPANT]
    assert lines.inspect(lambda: None).lines == 4


@pytest.mark.parametrize("name", ["Teilnehmer.CSV", "aufträge.csv", "auftra\u0308ge.csv", "x\\AUFTRÄGE.csv"])
def test_a_file_is_known_by_other_spellings_of_its_name(name: str) -> None:
    assert len(open_export(zipped({name: "x"})).files) == 1

"""The ZIP of an export: what it may hold, refused before anything is unpacked. Source: shared/qualli-export.md."""

from __future__ import annotations

import stat
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO

from portal.people.masking import without_numbers
from portal.qualli.codes import FileFault, FileRefused
from portal.qualli.columns import TABLES, Kind, find_table
from portal.qualli.lines import LinesFile
from portal.qualli.reading import CsvFile
from portal.refusal import Refusal

UNPACKED_LIMIT = 2 * 1024**3
"""All files together, in bytes."""
RATIO_LIMIT = 100
FILES_LIMIT = 1000
_DIRECTORY_LIMIT = 1024 * 1024
"""Largest list of contents, in bytes: it is read into memory at once."""
_END_BYTES = 22 + 65535
_LOCATOR_BYTES = 20
_ENCRYPTED = 0x1


@dataclass
class Export:
    """The files of an export, by what they are about."""

    files: dict[Kind, CsvFile | LinesFile] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    """Names of other files."""


def open_export(file: IO[bytes]) -> Export:
    """The export in a seekable ZIP. Refusal where it is none, or holds what it must not; FileRefused for one file."""
    archive = open_archive(file)
    export = Export()
    for info in archive.infolist():
        name = info.filename.rpartition("/")[2]
        table = find_table(name)
        if info.is_dir() or info.filename.startswith("__MACOSX/"):
            continue
        if table is None:
            export.unknown.append(without_numbers(name)[:100])
        elif table.kind in export.files:
            raise FileRefused(table.file, FileFault.TWICE)
        else:
            export.files[table.kind] = CsvFile(table.file, table, lambda info=info: archive.open(info))  # type: ignore[misc]
    if not export.files:
        raise Refusal("import-no-known-files")
    return export


def open_lines(file: IO[bytes]) -> Export:
    """What came through the HTTP door: one table's lines, packed by ourselves."""
    archive = open_archive(file)
    (info,) = archive.infolist()
    table = next(table for table in TABLES.values() if table.lines_file == info.filename)
    return Export({table.kind: LinesFile(table, lambda: archive.open(info))})


def open_archive(file: IO[bytes]) -> zipfile.ZipFile:
    """A ZIP whose contents were checked by their descriptions, which unpacking cannot exceed."""
    try:
        _check_directory_size(file)
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError):
        raise Refusal("import-not-a-zip") from None
    for info in archive.infolist():
        _check_entry(info)
    unpacked = sum(info.file_size for info in archive.infolist())
    if unpacked > UNPACKED_LIMIT:
        raise Refusal("import-too-large", limit_gib=UNPACKED_LIMIT // 1024**3)
    if unpacked > RATIO_LIMIT * _size(file):  # entries that share their bytes
        raise Refusal("import-zip-bomb", limit=RATIO_LIMIT)
    return archive


def _check_entry(info: zipfile.ZipInfo) -> None:
    name = info.orig_filename.replace("\\", "/")
    if name.startswith("/") or ".." in name.split("/") or name[1:2] == ":" or "\0" in name:
        raise Refusal("import-zip-path")
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise Refusal("import-zip-link")
    if info.flag_bits & _ENCRYPTED:
        raise Refusal("import-zip-encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refusal("import-zip-method")
    if info.file_size > RATIO_LIMIT * max(info.compress_size, 1):
        raise Refusal("import-zip-bomb", limit=RATIO_LIMIT)


def _check_directory_size(file: IO[bytes]) -> None:
    """Refuse a long list of contents before `zipfile` reads it whole. Source: APPNOTE.TXT 4.3.14 to 4.3.16."""
    size = _size(file)
    file.seek(max(0, size - _END_BYTES - _LOCATOR_BYTES))
    tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0:
        raise zipfile.BadZipFile
    entries, directory = struct.unpack_from("<HI", tail, end + 10)
    if tail[end - _LOCATOR_BYTES : end].startswith(b"PK\x06\x07"):
        (at,) = struct.unpack_from("<Q", tail, end - _LOCATOR_BYTES + 8)
        file.seek(min(at, size))
        entries, directory = struct.unpack_from("<QQ", file.read(56), 32)
    if entries > FILES_LIMIT or directory > _DIRECTORY_LIMIT:
        raise Refusal("import-zip-too-many-files", limit=FILES_LIMIT)
    file.seek(0)


def _size(file: IO[bytes]) -> int:
    return file.seek(0, 2)


def absent(export: Mapping[Kind, CsvFile | LinesFile]) -> list[str]:
    """Names of the known files that an export does not have."""
    return [table.file for kind, table in TABLES.items() if kind not in export]

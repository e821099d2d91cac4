"""The ZIP of an export: what it may hold, refused before anything is unpacked. Source: docs/export-format.md."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO

from portal.core.masking import without_numbers
from portal.domain.import_kinds import Kind
from portal.imports.codes import FileFault, FileRefused
from portal.imports.columns import TABLES, find_table
from portal.imports.errors import (
    ImportNoKnownFiles,
    ImportNotAZip,
    ImportTooLarge,
    ImportZipBomb,
    ImportZipEncrypted,
    ImportZipLink,
    ImportZipMethod,
    ImportZipOverlap,
    ImportZipPath,
    ImportZipTooManyFiles,
)
from portal.imports.export_times import Moment, of_entry
from portal.imports.lines import LinesFile
from portal.imports.reading import CsvFile

UNPACKED_LIMIT = 2 * 1024**3
"""All files together, in bytes."""
RATIO_LIMIT = 100
FREE_BYTES = 1 << 20
"""So much may be unpacked of whatever comes: few bytes alone may be packed tightly, an order with many lines alike."""
FILES_LIMIT = 1000
_DIRECTORY_LIMIT = 1 << 20
"""Largest list of contents, in bytes: it is read into memory at once."""
_END_BYTES = 4 * (22 + 65535)
"""As much is read to find the end record, which says how long the list is; a comment may stand behind it."""
_LOCAL_HEADER_BYTES = 30
_ENCRYPTED = 0x1


@dataclass
class Export:
    """The files of an export, by what they are about."""

    files: dict[Kind, CsvFile | LinesFile] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    """Names of other files."""
    written_at: dict[Kind, Moment] = field(default_factory=dict)
    """Local times of the files, where the archive has them."""


def open_export(file: IO[bytes]) -> Export:
    """The export in a seekable ZIP. Refusal where it is none, or holds what it must not; FileRefused for one file."""
    archive = open_archive(file)
    export = Export()
    for info in archive.infolist():
        path = info.filename.replace("\\", "/")  # as some programs for Windows write it
        name = path.rpartition("/")[2]
        table = find_table(name)
        if not name or path.startswith("__MACOSX/"):
            continue
        if table is None:
            export.unknown.append(without_numbers(name)[:100])
        elif table.kind in export.files:
            raise FileRefused(table.file, FileFault.TWICE)
        else:
            _note_time(export, table.kind, info)
            export.files[table.kind] = CsvFile(table.file, table, lambda info=info: archive.open(info))  # type: ignore[misc]
    if not export.files:
        raise ImportNoKnownFiles
    return export


def _note_time(export: Export, kind: Kind, info: zipfile.ZipInfo) -> None:
    moment = of_entry(info.date_time)
    if moment is not None:
        export.written_at[kind] = moment


def open_lines(file: IO[bytes]) -> Export:
    """What came through the HTTP door: one table's lines, packed by ourselves."""
    archive = open_archive(file)
    (info,) = archive.infolist()
    table = next(table for table in TABLES.values() if table.lines_file == info.filename)
    return Export({table.kind: LinesFile(table, lambda: archive.open(info))})


def open_archive(file: IO[bytes]) -> zipfile.ZipFile:
    """A ZIP whose contents were checked by their descriptions, which unpacking cannot exceed."""
    sparing = _Sparing(file, _DIRECTORY_LIMIT + _END_BYTES)
    try:
        archive = zipfile.ZipFile(sparing)
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError):
        raise ImportNotAZip from None
    sparing.left = None
    entries = archive.infolist()
    if len(entries) > FILES_LIMIT:
        raise ImportZipTooManyFiles(limit=FILES_LIMIT)
    for info in entries:
        _check_entry(info)
    _check_apart(archive)
    unpacked = sum(info.file_size for info in entries)
    if unpacked > UNPACKED_LIMIT:
        raise ImportTooLarge(limit_gib=UNPACKED_LIMIT // 1024**3)
    _check_ratio(unpacked, file.seek(0, 2))
    return archive


def _check_entry(info: zipfile.ZipInfo) -> None:
    name = info.orig_filename.replace("\\", "/")
    if name.startswith("/") or ".." in name.split("/") or name[1:2] == ":" or "\0" in name:
        raise ImportZipPath
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ImportZipLink
    if info.flag_bits & _ENCRYPTED:
        raise ImportZipEncrypted
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ImportZipMethod
    _check_ratio(info.file_size, info.compress_size)


def _check_ratio(unpacked: int, packed: int) -> None:
    if unpacked > max(RATIO_LIMIT * packed, FREE_BYTES):
        raise ImportZipBomb(limit=RATIO_LIMIT)


def _check_apart(archive: zipfile.ZipFile) -> None:
    """Refuse entries that share bytes: a few would be unpacked to many files."""
    entries = sorted(archive.infolist(), key=lambda info: info.header_offset)
    starts = [*(info.header_offset for info in entries[1:]), archive.start_dir]
    for info, following in zip(entries, starts, strict=False):
        if info.header_offset + _LOCAL_HEADER_BYTES + info.compress_size > following:
            raise ImportZipOverlap


class _Sparing(io.RawIOBase):
    """A file of which no more than so many bytes are read; whatever the end record says, it is not believed."""

    def __init__(self, file: IO[bytes], left: int) -> None:
        self._file = file
        self.left: int | None = left
        """None once all of it may be read."""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        """Refusal `import-zip-too-many-files` where that is too much; then nothing is read."""
        if self.left is None:
            return self._file.read(size)
        if size < 0:
            at = self._file.tell()
            size = self._file.seek(0, 2) - at
            self._file.seek(at)
        self.left -= size
        if self.left < 0:
            raise ImportZipTooManyFiles(limit=FILES_LIMIT)
        return self._file.read(size)


def absent(export: Mapping[Kind, CsvFile | LinesFile]) -> list[str]:
    """Names of the known files that an export does not have."""
    return [table.file for kind, table in TABLES.items() if kind not in export]

"""Copy an export into one ZIP, within its limits."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path
from typing import IO

from portal.core.refusal import Refusal
from portal.imports.archive import UNPACKED_LIMIT
from portal.imports.columns import find_table
from portal.imports.encrypted_files import PIECE
from portal.imports.errors import (
    ImportSourceMissing,
    ImportSourceUnreadable,
    ImportTooLarge,
    ImportUploadTooLarge,
)


def copy_export(source: Path | IO[bytes], sink: io.RawIOBase, limit: int) -> None:
    if not isinstance(source, Path):
        _copy_upload(source, sink, limit)
        return
    try:
        if source.is_dir():
            _pack(source, sink)
        else:
            with _open_file(source) as file:
                _copy_upload(file, sink, limit)
    except (FileNotFoundError, NotADirectoryError):
        raise ImportSourceMissing from None
    except PermissionError:
        raise ImportSourceUnreadable from None


def _copy_upload(source: IO[bytes], sink: io.RawIOBase, limit: int) -> None:
    _copy(source, sink, limit, ImportUploadTooLarge(limit_mb=limit // 1024**2))


def _copy(source: IO[bytes], sink: io.RawIOBase | IO[bytes], limit: int, too_large: Refusal) -> int:
    """Copy to the end; return how many bytes. Raises `too_large` before a byte beyond the limit is written."""
    taken = 0
    while chunk := source.read(PIECE):
        taken += len(chunk)
        if taken > limit:
            raise too_large
        sink.write(chunk)
    return taken


def _pack(folder: Path, sink: io.RawIOBase) -> None:
    """The export's files in `folder` as a ZIP; stored, so that no limit on compression meets our own."""
    found = sorted(path for path in folder.iterdir() if find_table(path.name))
    others = sorted(path.name for path in folder.iterdir() if not find_table(path.name) and path.is_file())
    with zipfile.ZipFile(sink, "w") as archive:
        left = UNPACKED_LIMIT
        for path in found:
            info = zipfile.ZipInfo.from_file(path, path.name, strict_timestamps=False)  # with its time
            with _open_file(path) as file, archive.open(info, "w", force_zip64=True) as entry:
                left -= _copy(file, entry, left, ImportTooLarge(limit_gib=UNPACKED_LIMIT // 1024**3))
        for name in others[:100]:
            if name.isprintable():
                archive.writestr(name, b"")  # its name alone, for the report


def _open_file(path: Path) -> IO[bytes]:
    """A regular file; pipes and devices have no end."""
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise ImportSourceUnreadable
    return os.fdopen(file, "rb")

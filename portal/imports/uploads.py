"""Exports waiting to be imported, kept encrypted below the data folder: always one ZIP, encrypted in pieces."""

from __future__ import annotations

import io
import math
import os
import uuid
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from portal.core.crypto import Keyring, key_name
from portal.imports.archive import UNPACKED_LIMIT, open_export
from portal.imports.codes import FileRefused
from portal.imports.encrypted_files import PIECE, SPARE, EncryptedReader, EncryptedWriter
from portal.imports.errors import ImportFileRefused
from portal.imports.packing import copy_export

_FOLDER = "uploads"


@dataclass(frozen=True)
class Upload:
    """An export that was taken in; `name` is its path below the data folder."""

    name: str


def take_in(
    source: Path | IO[bytes], data_folder: Path, keys: Keyring, limit: int = UNPACKED_LIMIT
) -> Upload:
    """Keep the export in a folder, a ZIP or a stream of at most `limit` bytes. Touches no database.

    Refusal where there is nothing, or nothing that may be imported; then nothing is kept.
    """
    with _keeping(data_folder, keys) as (upload, sink):
        copy_export(source, sink, limit)
    try:
        with open_upload(upload.name, data_folder, keys) as kept:
            _check(kept)
    except BaseException:
        forget(upload.name, data_folder)
        raise
    return upload


def take_in_lines(chunks: Iterable[bytes], name: str, data_folder: Path, keys: Keyring) -> Upload:
    """Keep the lines that come through the HTTP door, as a file called `name` in a ZIP. Touches no database."""
    with (
        _keeping(data_folder, keys) as (upload, sink),
        zipfile.ZipFile(sink, "w") as archive,
        archive.open(name, "w", force_zip64=True) as entry,
    ):
        for chunk in chunks:
            entry.write(chunk)
    return upload


@contextmanager
def _keeping(data_folder: Path, keys: Keyring) -> Iterator[tuple[Upload, io.RawIOBase]]:
    """A new upload to be written; nothing of it is kept where that fails."""
    upload = Upload(f"{_FOLDER}/{uuid.uuid4().hex}")
    path = data_folder / upload.name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with open(path, "xb", opener=_private) as file, EncryptedWriter(file, upload.name, keys) as sink:
            yield upload, sink
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@contextmanager
def open_upload(name: str, data_folder: Path, keys: Keyring) -> Iterator[IO[bytes]]:
    """The plain ZIP of an upload, seekable, opened piece by piece. FileNotFoundError where it is gone."""
    with (
        (data_folder / name).open("rb") as file,
        io.BufferedReader(EncryptedReader(file, name, keys)) as reader,
    ):
        yield reader


def forget(name: str | None, data_folder: Path) -> None:
    """Delete an upload, if it is still there."""
    if name:
        (data_folder / name).unlink(missing_ok=True)


def upload_key(name: str, data_folder: Path) -> str | None:
    """Return the name of the key that encrypted an upload; None if the upload is gone."""
    try:
        with (data_folder / name).open("rb") as file:
            file.seek(4)
            return key_name(file.read(SPARE))
    except FileNotFoundError:
        return None


def reencrypt_upload(name: str, data_folder: Path, keys: Keyring) -> bool:
    """Encrypt a complete upload with the newest key. Return whether another key had encrypted it.

    Raises FileNotFoundError if it is gone, DecryptionError if no key decrypts it. Readers keep the old file.
    """
    path, anew = data_folder / name, data_folder / f"{name}.anew"
    with path.open("rb") as file:
        file.seek(4)
        if keys.is_current(file.read(SPARE)):
            return False
    try:
        with (
            open_upload(name, data_folder, keys) as plain,
            open(anew, "wb", opener=_private) as target,
            EncryptedWriter(target, name, keys) as sink,
        ):
            while piece := plain.read(PIECE):
                sink.write(piece)
        anew.replace(path)
    finally:
        anew.unlink(missing_ok=True)
    return True


def find_uploads(data_folder: Path, before: float) -> Iterator[str]:
    """Names of uploads last written before a time, in seconds since 1970; also of what an interrupted rotation left."""
    try:
        with os.scandir(data_folder / _FOLDER) as entries:
            for entry in entries:
                if _written_at(entry) < before:
                    yield f"{_FOLDER}/{entry.name}"
    except FileNotFoundError:
        return  # nothing was ever uploaded on this machine


def _written_at(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:  # its import was emptied at this moment
        return math.inf


def _check(kept: IO[bytes]) -> None:
    try:
        open_export(kept)
    except FileRefused as refused:
        raise ImportFileRefused(file=refused.file, fault=refused.fault.value) from None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)

"""Exports waiting to be imported, kept encrypted below the data folder: always one ZIP, encrypted in pieces."""

from __future__ import annotations

import io
import math
import os
import stat
import uuid
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from portal.core.crypto import Keyring, key_name
from portal.imports.archive import UNPACKED_LIMIT, open_export
from portal.imports.codes import FileRefused
from portal.imports.columns import find_table
from portal.imports.errors import (
    ImportFileRefused,
    ImportSourceMissing,
    ImportSourceUnreadable,
    ImportTooLarge,
    ImportUploadTooLarge,
)

PIECE = 1 << 20
"""Plain bytes in one encrypted piece."""
_FOLDER = "uploads"
_SPARE = 64
"""An encrypted piece is longer than a plain one by less than this."""


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
        _copy(source, sink, limit)
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
        with open(path, "xb", opener=_private) as file, _EncryptedWriter(file, upload.name, keys) as sink:
            yield upload, sink
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@contextmanager
def open_upload(name: str, data_folder: Path, keys: Keyring) -> Iterator[IO[bytes]]:
    """The plain ZIP of an upload, seekable, opened piece by piece. FileNotFoundError where it is gone."""
    with (
        (data_folder / name).open("rb") as file,
        io.BufferedReader(_EncryptedReader(file, name, keys)) as reader,
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
            return key_name(file.read(_SPARE))
    except FileNotFoundError:
        return None


def reencrypt_upload(name: str, data_folder: Path, keys: Keyring) -> bool:
    """Encrypt a complete upload with the newest key. Return whether another key had encrypted it.

    Raises FileNotFoundError if it is gone, DecryptionError if no key decrypts it. Readers keep the old file.
    """
    path, anew = data_folder / name, data_folder / f"{name}.anew"
    with path.open("rb") as file:
        file.seek(4)
        if keys.is_current(file.read(_SPARE)):
            return False
    try:
        with (
            open_upload(name, data_folder, keys) as plain,
            open(anew, "wb", opener=_private) as target,
            _EncryptedWriter(target, name, keys) as sink,
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


def _copy(source: Path | IO[bytes], sink: io.RawIOBase, limit: int) -> None:
    if not isinstance(source, Path):
        _copy_stream(source, sink, limit)
        return
    try:
        if source.is_dir():
            _pack(source, sink)
        else:
            with _open_file(source) as file:
                _copy_stream(file, sink, limit)
    except (FileNotFoundError, NotADirectoryError):
        raise ImportSourceMissing from None
    except PermissionError:
        raise ImportSourceUnreadable from None


def _copy_stream(source: IO[bytes], sink: io.RawIOBase, limit: int) -> None:
    taken = 0
    while chunk := source.read(PIECE):
        taken += len(chunk)
        if taken > limit:
            raise ImportUploadTooLarge(limit_mb=limit // 1024**2)
        sink.write(chunk)


def _pack(folder: Path, sink: io.RawIOBase) -> None:
    """The export's files in `folder` as a ZIP; stored, so that no limit on compression meets our own."""
    found = sorted(path for path in folder.iterdir() if find_table(path.name))
    others = sorted(path.name for path in folder.iterdir() if not find_table(path.name) and path.is_file())
    with zipfile.ZipFile(sink, "w") as archive:
        left = UNPACKED_LIMIT
        for path in found:
            info = zipfile.ZipInfo.from_file(path, path.name, strict_timestamps=False)  # with its time
            with _open_file(path) as file, archive.open(info, "w", force_zip64=True) as entry:
                left -= _copy_bounded(file, entry, left)
        for name in others[:100]:
            if name.isprintable():
                archive.writestr(name, b"")  # its name alone, for the report


def _copy_bounded(file: IO[bytes], entry: IO[bytes], left: int) -> int:
    taken = 0
    while chunk := file.read(PIECE):
        taken += len(chunk)
        if taken > left:
            raise ImportTooLarge(limit_gib=UNPACKED_LIMIT // 1024**3)
        entry.write(chunk)
    return taken


def _open_file(path: Path) -> IO[bytes]:
    """A regular file; pipes and devices have no end."""
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise ImportSourceUnreadable
    return os.fdopen(file, "rb")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _place(name: str, piece: int) -> str:
    return f"upload:{name}:{piece}"


class _EncryptedWriter(io.RawIOBase):
    """Encrypts what is written, piece by piece; each is bound to the upload and its place in it."""

    def __init__(self, file: IO[bytes], name: str, keys: Keyring) -> None:
        self._file, self._name, self._keys = file, name, keys
        self._rest, self._pieces = bytearray(), 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._rest += data
        while len(self._rest) >= PIECE:
            self._encrypt(bytes(self._rest[:PIECE]))
            del self._rest[:PIECE]
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._encrypt(bytes(self._rest))
            self._file.flush()
            os.fsync(self._file.fileno())  # the row that names it must not outlive it in a power cut
        super().close()

    def _encrypt(self, plain: bytes) -> None:
        piece = self._keys.encrypt(plain, _place(self._name, self._pieces))
        self._file.write(len(piece).to_bytes(4, "big") + piece)
        self._pieces += 1


class _EncryptedReader(io.RawIOBase):
    """Decrypts from any position, one piece in memory at a time. Raises DecryptionError if a piece was changed."""

    def __init__(self, file: IO[bytes], name: str, keys: Keyring) -> None:
        self._file, self._name, self._keys = file, name, keys
        self._step = 4 + int.from_bytes(file.read(4), "big")
        pieces, rest = divmod(os.fstat(file.fileno()).st_size, self._step)
        self._pieces = pieces + bool(rest)
        self._loaded, self._plain = -1, b""
        self._size = (self._pieces - 1) * PIECE + len(self._load(self._pieces - 1)) if self._pieces else 0
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size:
            return 0
        piece, start = divmod(self._at, PIECE)
        part = self._load(piece)[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _load(self, piece: int) -> bytes:
        if piece != self._loaded:
            self._file.seek(piece * self._step)
            head = int.from_bytes(self._file.read(4), "big")
            encrypted = self._file.read(min(head, PIECE + _SPARE))
            self._plain = self._keys.decrypt(encrypted, _place(self._name, piece))
            self._loaded = piece
        return self._plain

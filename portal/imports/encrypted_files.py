"""Files encrypted in pieces, each bound to the file and its place in it."""

from __future__ import annotations

import io
import os
from typing import IO, Any

from portal.core.crypto import Keyring

PIECE = 1 << 20
"""Plain bytes in one encrypted piece."""
SPARE = 64
"""An encrypted piece is longer than a plain one by less than this."""


def _place(name: str, piece: int) -> str:
    return f"upload:{name}:{piece}"


class EncryptedWriter(io.RawIOBase):
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


class EncryptedReader(io.RawIOBase):
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
            encrypted = self._file.read(min(head, PIECE + SPARE))
            self._plain = self._keys.decrypt(encrypted, _place(self._name, piece))
            self._loaded = piece
        return self._plain

"""Uploads on their way in: what is written to disk while a form is read is encrypted (docs/domain.md#rules)."""

from __future__ import annotations

import io
import os
import tempfile
import weakref
from typing import IO, Any

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from flask import Request


class EncryptedFile(io.RawIOBase):
    """A temporary file that is written once and then read, under a key that never leaves this object.

    Nothing checks that it was not tampered with: it has no name, and lives as long as its request.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        # the parser drops a form that breaks off half-way without closing its files
        weakref.finalize(self, self._file.close)
        self._cipher = Cipher(algorithms.AES(os.urandom(32)), modes.CTR(os.urandom(16)))
        self._writer: CipherContext = self._cipher.encryptor()
        self._reader: CipherContext | None = None

    def writable(self) -> bool:
        return self._reader is None

    def readable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if self._reader is not None:
            raise io.UnsupportedOperation("it is being read")
        return self._file.write(self._writer.update(bytes(data)))

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """To its beginning, from where on it is read."""
        if offset or whence != io.SEEK_SET:
            raise io.UnsupportedOperation("only to the beginning")
        self._file.seek(0)
        self._reader = self._cipher.decryptor()
        return 0

    def readinto(self, buffer: Any) -> int:
        if self._reader is None:
            raise io.UnsupportedOperation("it is still being written")
        found = self._reader.update(self._file.read(len(buffer)))
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        self._file.close()
        super().close()


class EncryptingRequest(Request):
    """A request whose uploads never lie on the disk as they came."""

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002
        content_type: str | None,  # noqa: ARG002
        filename: str | None = None,  # noqa: ARG002
        content_length: int | None = None,  # noqa: ARG002
    ) -> IO[bytes]:
        return EncryptedFile()  # type: ignore[return-value]

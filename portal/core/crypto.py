"""Encryption at rest: AES-GCM, bound to the row and column that a value belongs to."""

from __future__ import annotations

import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app

_NONCE_BYTES = 12


class DecryptionError(Exception):
    """A value cannot be decrypted: unknown key, other row or column, or changed bytes."""


def key_mark(name: str) -> bytes:
    """Return the first bytes of every value encrypted with the key of this name."""
    encoded = name.encode()
    return bytes([len(encoded)]) + encoded


def key_name(encrypted: bytes) -> str:
    """Return the name of the key that encrypted a value."""
    return _split(encrypted)[0]


class Keyring:
    """The operator's keys: any of them decrypts, the first encrypts.

    An encrypted value is: length of the key's name, the name, nonce, ciphertext with tag.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._newest = next(iter(keys))

    def encrypt(self, plain: bytes, place: str) -> bytes:
        """Encrypt `plain` for `place`, which names table, column and row."""
        nonce = os.urandom(_NONCE_BYTES)
        return (
            key_mark(self._newest) + nonce + self._ciphers[self._newest].encrypt(nonce, plain, place.encode())
        )

    def decrypt(self, encrypted: bytes, place: str) -> bytes:
        """Return the plain bytes of a value encrypted for the same `place`. Raises DecryptionError."""
        name, body = _split(encrypted)
        try:
            return self._ciphers[name].decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], place.encode())
        except KeyError:
            raise DecryptionError("the key of this value is not among ENCRYPTION_KEYS") from None
        except (InvalidTag, ValueError):  # ValueError: cut off within the nonce
            raise DecryptionError("this value was changed or belongs to another place") from None

    def is_current(self, encrypted: bytes) -> bool:
        """Return whether the newest key encrypted a value."""
        return key_name(encrypted) == self._newest


def _split(encrypted: bytes) -> tuple[str, bytes]:
    length = encrypted[0] if encrypted else 0
    return encrypted[1 : 1 + length].decode(errors="replace"), encrypted[1 + length :]


def current_keyring() -> Keyring:
    """Return the keyring of the current application."""
    found: Keyring = current_app.extensions["jobbruecke_keyring"]
    return found

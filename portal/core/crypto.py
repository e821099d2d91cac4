"""Encryption at rest: AES-GCM, bound to the row and column that a value belongs to."""

from __future__ import annotations

import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app

_NONCE_BYTES = 12


class VaultError(Exception):
    """A sealed value cannot be opened: unknown key, other row or column, or changed bytes."""


def key_mark(name: str) -> bytes:
    """What every value begins with that the key of this name seals."""
    encoded = name.encode()
    return bytes([len(encoded)]) + encoded


def key_name(sealed: bytes) -> str:
    """The name of the key that sealed a value."""
    return _split(sealed)[0]


class Vault:
    """Seals and opens values with the operator's keys, the first of which seals.

    A sealed value is: length of the key's name, the name, nonce, ciphertext with tag.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._newest = next(iter(keys))

    def seal(self, plain: bytes, place: str) -> bytes:
        """`plain` encrypted for `place`, which names table, column and row."""
        nonce = os.urandom(_NONCE_BYTES)
        return (
            key_mark(self._newest) + nonce + self._ciphers[self._newest].encrypt(nonce, plain, place.encode())
        )

    def open(self, sealed: bytes, place: str) -> bytes:
        """The plain bytes of a value sealed for the same `place`; VaultError otherwise."""
        name, body = _split(sealed)
        try:
            return self._ciphers[name].decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], place.encode())
        except KeyError:
            raise VaultError("the key of this value is not among ENCRYPTION_KEYS") from None
        except (InvalidTag, ValueError):  # ValueError: cut off within the nonce
            raise VaultError("this value was changed or belongs to another place") from None

    def is_current(self, sealed: bytes) -> bool:
        """Whether `sealed` was made with the newest key."""
        return key_name(sealed) == self._newest


def _split(sealed: bytes) -> tuple[str, bytes]:
    length = sealed[0] if sealed else 0
    return sealed[1 : 1 + length].decode(errors="replace"), sealed[1 + length :]


def current_vault() -> Vault:
    """The vault of the current application."""
    found: Vault = current_app.extensions["jobbruecke_vault"]
    return found

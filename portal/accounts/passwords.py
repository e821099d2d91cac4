"""Passwords: Argon2id, and the same time spent for accounts that do not exist."""

from __future__ import annotations

from functools import lru_cache

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher

MINIMUM_LENGTH = 12
"""Characters that a password wants, at least."""
MAXIMUM_LENGTH = 1000

_hasher = PasswordHash((Argon2Hasher(),))


def hash_password(password: str) -> str:
    """The hash to store; different each time."""
    return _hasher.hash(password)


def verify_password(password: str, stored: str | None) -> bool:
    """Whether `password` is the one behind `stored`; takes as long where nothing is stored."""
    try:
        matches = _hasher.verify(password[:MAXIMUM_LENGTH], stored or _of_nobody())
    except PwdlibError:  # a hash of a kind we do not know
        return False
    return matches and stored is not None


@lru_cache(maxsize=1)
def _of_nobody() -> str:
    return _hasher.hash("nobody's password")

"""Passwords: Argon2id, and the same time spent for accounts that do not exist."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher

from portal.accounts.errors import PasswordEasy, PasswordTooLong, PasswordTooShort
from portal.accounts.guessing import is_easy

MINIMUM_LENGTH = 12
"""Characters that a password wants, at least."""
MAXIMUM_LENGTH = 1000

_hasher = PasswordHash((Argon2Hasher(),))


def check_password(password: str, *about: str) -> None:
    """As NIST SP 800-63B has it: length, and nothing that is known or easily guessed; no rules on characters.

    `about` is what belongs to the person (name, e-mail, initials, tenant) and makes a bad password. Raises Refusal
    `password-too-short`, `password-too-long`, `password-easy`.
    """
    typed = _as_hashed(password)
    if len(typed) < MINIMUM_LENGTH:
        raise PasswordTooShort(limit=MINIMUM_LENGTH)
    if len(password) > MAXIMUM_LENGTH:
        raise PasswordTooLong(limit=MAXIMUM_LENGTH)
    if is_easy(typed, *about):
        raise PasswordEasy


def hash_password(password: str) -> str:
    """Return the hash to store; different each time."""
    return _hasher.hash(_as_hashed(password))


def verify_password(password: str, stored: str | None) -> bool:
    """Return whether `password` is the one behind `stored`; takes as long where nothing is stored."""
    return verify_and_renew(password, stored)[0]


def verify_and_renew(password: str, stored: str | None) -> tuple[bool, str | None]:
    """`verify_password`, and a hash to store instead where `stored` was made with older parameters."""
    try:
        matches, newer = _hasher.verify_and_update(_as_hashed(password), stored or _dummy_hash())
    except PwdlibError:  # a hash of a kind we do not know
        return False, None
    return (matches, newer) if stored is not None else (False, None)


def _as_hashed(password: str) -> str:
    """One way of writing the same letters: keyboards differ in how they compose an umlaut (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password[:MAXIMUM_LENGTH])


@lru_cache(maxsize=1)
def _dummy_hash() -> str:
    return _hasher.hash("no account has this password")

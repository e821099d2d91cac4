"""Types of settings: how the text of one is read, and what it wants. No error repeats a value or a part of it."""

from __future__ import annotations

import base64
import binascii
import math
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

from portal.core.idna_domains import mailable
from portal.core.service_addresses import base_address, database_address, redis_address, split_address


def _read_keys(value: object) -> object:
    if not isinstance(value, str):
        return value
    keys: dict[str, str] = {}
    for item in filter(None, (part.strip() for part in value.split(","))):
        name, colon, key = item.partition(":")
        if not colon or not name.isalnum() or len(name) > 16:
            raise ValueError("wants NAME:KEY, NAME being up to 16 letters and digits")
        if name in keys:
            raise ValueError("wants each NAME once")
        keys[name] = key
    return keys


def _check_keys(value: dict[str, SecretStr]) -> dict[str, SecretStr]:
    if not value:
        raise ValueError("wants at least one NAME:KEY")
    for key in value.values():
        try:
            raw = base64.b64decode(key.get_secret_value(), validate=True)
        except binascii.Error:
            raise ValueError("wants keys in base64") from None
        if len(raw) != 32:
            raise ValueError("wants keys of 32 bytes")
    return value


def _read_pauses(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return tuple(float(part) for part in value.split(","))
    except ValueError:  # its text would repeat the value
        raise ValueError("wants numbers with commas between them") from None


def _check_pauses(value: tuple[float, ...]) -> tuple[float, ...]:
    if not value or not all(math.isfinite(pause) and pause > 0 for pause in value):
        raise ValueError("wants at least one pause, each above 0")
    return value


def _check_page(value: str | None) -> str | None:
    if not value:
        return None
    split_address(value.replace("{applicant_id}", "1", 1))
    if value.count("{applicant_id}") != 1 or "{" in value.replace("{applicant_id}", ""):
        raise ValueError("wants an address with {applicant_id} in it, once")
    return value


def _check_path(value: str) -> str:
    if value.startswith("~"):
        raise ValueError("wants a path without ~, which only a shell reads")
    return value


def check_sender(value: str) -> str:
    """Return the sender of mails as it is. Raises ValueError."""
    try:
        address = Address(addr_spec=mailable(parseaddr(value)[1]))
    except (ValueError, IndexError, HeaderParseError):
        raise ValueError("wants NAME <name@domain>, or name@domain") from None
    if not address.username or "." not in address.domain or not value.isprintable():
        raise ValueError("wants NAME <name@domain>, or name@domain")
    return value


EncryptionKeys = Annotated[
    dict[str, SecretStr], NoDecode, BeforeValidator(_read_keys), AfterValidator(_check_keys)
]
Pauses = Annotated[tuple[float, ...], NoDecode, BeforeValidator(_read_pauses), AfterValidator(_check_pauses)]
DatabaseAddress = Annotated[str, AfterValidator(database_address)]
RedisAddress = Annotated[str, AfterValidator(redis_address)]
BaseAddress = Annotated[str, AfterValidator(base_address)]
OptionalAddress = Annotated[str | None, AfterValidator(lambda value: base_address(value) if value else None)]
ApplicantPage = Annotated[str | None, AfterValidator(_check_page)]
FilePath = Annotated[str, AfterValidator(_check_path)]

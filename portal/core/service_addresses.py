"""Addresses of the services that settings name: database, Redis, web servers, mail server.

Each is parsed as its library will parse it, before anything connects. No error repeats the address or a part of it.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from redis import ConnectionPool

from portal.core.idna_domains import ascii_domain

POSTGRESQL = "postgresql+psycopg://"
_LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")


def is_host(text: str) -> bool:
    """Return whether `text` is a host name or an IP address; one with a zone names no host that others could reach."""
    if ":" in text:
        return _is_address(text) and "%" not in text
    try:
        return bool(_HOST.fullmatch(ascii_domain(text)))
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Return whether `host` is a loopback address written as one; names do not count, not even localhost."""
    return "%" not in host and _is_address(host) and ipaddress.ip_address(host).is_loopback


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def split_address(text: str) -> SplitResult:
    """Return the parts of an http(s) address. Raises ValueError.

    `urlsplit` drops line breaks and takes any host: what others would read differently is refused here.
    """
    if not text.isprintable() or re.search(r'[\s\\"<>^`|]', text):
        raise ValueError("wants an address without white space, line breaks or backslashes")
    parts = _split(text)
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if not secure or not parts.hostname:
        raise ValueError("wants https://…, or http:// to a literal loopback address")
    if "@" in parts.netloc:
        raise ValueError("wants an address without user")
    return parts


def _split(text: str) -> SplitResult:
    """Return the parts of any address, with a host that is one and a port that is a number."""
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname
    except ValueError:  # its text repeats the value
        raise ValueError("wants an address whose host and port are ones") from None
    if port == 0 or (host and not is_host(host)):
        raise ValueError("wants an address whose host and port are ones")
    return parts


def base_address(text: str) -> str:
    """A checked http(s) address to which paths are added. Raises ValueError."""
    split_address(text)
    if "?" in text or "#" in text:
        raise ValueError("wants an address without query or fragment")
    return text.rstrip("/")


def database_address(text: str) -> str:
    """A checked address of the database, a relative SQLite file being of the working folder. Raises ValueError."""
    for scheme in ("postgres://", "postgresql://"):  # the first is what hosting providers hand out
        if text.startswith(scheme):
            text = POSTGRESQL + text.removeprefix(scheme)
    if text.startswith(POSTGRESQL):
        from portal.core import postgresql_addresses  # noqa: PLC0415 - loads the driver

        host, port = postgresql_addresses.read_postgresql(text)
        if (host and not is_host(host)) or port not in (None, *range(1, 65536)):
            raise ValueError("wants a host and a port that are ones; encode @, / and # in a password with %")
        return text
    if not text.startswith("sqlite:///"):
        raise ValueError("wants sqlite:///… or postgresql+psycopg://…")
    return f"sqlite:///{_sqlite_path(text.removeprefix('sqlite:///'))}"


def _sqlite_path(name: str) -> Path:
    if name.startswith(("~", ":memory:", "file:")) or "?" in name or name.endswith("/") or not name:
        raise ValueError("wants the path of a file; ~, :memory:, file: and options are not read")
    return Path.cwd() / name


def redis_address(text: str) -> str:
    """A checked address of Redis. Raises ValueError."""
    parts = _split(text)
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise ValueError("wants redis://…, rediss://… or unix://…")
    if parts.scheme == "unix":
        complete = parts.path.startswith("/") and not parts.hostname
    else:
        complete = bool(parts.hostname) and bool(re.fullmatch("(?:/[0-9]{0,5})?", unquote(parts.path)))
    if not complete or parts.fragment or not text.isprintable():
        raise ValueError("wants a host and the number of a database, or the path of a socket")
    try:
        ConnectionPool.from_url(text).make_connection()  # connects to nothing yet
    except (ValueError, TypeError):  # the options behind the question mark; the text repeats them
        raise ValueError("wants options that Redis's client knows") from None
    return text

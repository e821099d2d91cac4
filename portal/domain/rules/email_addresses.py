"""E-mail addresses as Qualli.life gives them: one that mail can be sent to, or any text. Pure."""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 254
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_LABEL = re.compile(r"[^\W_](?:[\w-]*[^\W_])?")


def is_address(text: str) -> bool:
    """Return whether a text is one address that mail can be sent to: name@domain, nothing beside it.

    Source: RFC 5321 and 6531; a domain of one label, comments, quoted names and literal addresses are no one's.
    """
    local, at, domain = text.rpartition("@")
    if not at or len(text) > _LONGEST or len(local) > 64 or unicodedata.normalize("NFKC", text) != text:
        return False
    return _LOCAL.fullmatch(local) is not None and _is_domain(domain)


def _is_domain(domain: str) -> bool:
    labels = domain.split(".")
    if len(labels) < 2 or len(labels[-1]) < 2 or labels[-1].isdecimal():
        return False
    if not all(_LABEL.fullmatch(label) and "_" not in label for label in labels):
        return False
    try:
        domain.encode("idna")
    except UnicodeError:
        return False
    return True


def readable_address(text: str | None) -> str | None:
    """Return the text if it is an address; None otherwise, so that it is never sent to the network as one."""
    return text if text and is_address(text) else None

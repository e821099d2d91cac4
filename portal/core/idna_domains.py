"""Addresses with umlauts in their domain: as mail servers know them, and all ways to write the same one.

IDNA 2008 (RFC 5891), in which straße.de is not strasse.de: Python's own codec is older, and mails to the latter.
"""

from __future__ import annotations

from contextlib import suppress

import idna


def ascii_domain(domain: str) -> str:
    """The domain as the network knows it, bücher.example as xn--bcher-kva.example. Raises ValueError."""
    if domain.isascii():
        return domain
    return idna.encode(domain, uts46=True).decode()


def mailable(address: str) -> str:
    """The e-mail address with its domain in ASCII; what stands before the @ is the server's own. Raises ValueError."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{ascii_domain(domain)}"


def spellings(address: str) -> frozenset[str]:
    """Return every form in which a typed e-mail address may be stored: browsers send bücher.example as xn--…."""
    typed = lower_address(address)
    found = {typed}
    local, at, domain = typed.rpartition("@")
    with suppress(ValueError):
        found.add(mailable(typed))
    if "xn--" in domain:
        with suppress(ValueError):
            found.add(f"{local}{at}{idna.decode(domain)}")
    return frozenset(found)


def lower_address(text: str) -> str:
    """Return an address in lower case, for comparing. A letter outside ASCII whose lower case is ASCII stays.

    With the Kelvin sign in place of a K it is another address.
    """
    return "".join(
        char.lower() if char.isascii() or not char.lower().isascii() else char for char in text.strip()
    )

"""Who asks, by address: read from whatever form a proxy hands it on in, and what limits count it by."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from flask import request

_NETWORK_BITS = 64
"""Of an IPv6 address: all behind them are one connection's, which may use any."""
_WITH_PORT = re.compile(r"\[(?P<six>[^\]]*)\](?::[0-9]*)?|(?P<four>[0-9.]+):[0-9]*")


def plain_address(text: str) -> str | None:
    """The address alone, of `ip:port`, `[ip]:port`, one with a zone or one that maps IPv4; None where it is none."""
    found = _WITH_PORT.fullmatch(text.strip())
    bare = (found["six"] or found["four"] or "") if found else text.strip()
    try:
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)


def with_plain_address(wsgi_app: Any) -> Any:
    """Let the application see the address alone; where a proxy names none, that of the proxy."""

    def call(environ: dict[str, Any], start_response: Any) -> Any:
        peer = environ.get("werkzeug.proxy_fix.orig", {}).get("REMOTE_ADDR") or ""
        said = environ.get("REMOTE_ADDR") or ""
        environ["REMOTE_ADDR"] = plain_address(said) or plain_address(peer) or ""
        return wsgi_app(environ, start_response)

    return call


def caller_key() -> str:
    """Return the key by which limits count a client."""
    address = request.remote_addr or "nowhere"
    if ":" not in address:
        return address
    return str(ipaddress.ip_network(f"{address}/{_NETWORK_BITS}", strict=False))

"""Keeping pages and control door to the machine they run on, and to pages of their own."""

import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import request

from sandbox.problems import Problem
from sandbox.services import services
from sandbox.words import ProblemType

_READING = {"GET", "HEAD", "OPTIONS"}


def refuse_foreign_browsers() -> None:
    """Refuse host names that are not ours (DNS rebinding), and changes asked for by other sites' pages."""
    if _host_name() not in services().allowed_hosts:
        raise _refused("Diese Adresse wird unter diesem Namen nicht bedient.")
    if request.method in _READING:
        return
    origin = request.headers.get("Origin")
    if origin is not None and origin != request.host_url.rstrip("/"):
        raise _refused("Die Anfrage kommt von einer fremden Seite.")
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise _refused("Die Anfrage kommt von einer fremden Seite.")


def refuse_unauthorised() -> None:
    """Admit callers with the control token; without one, the machine itself alone."""
    token = services().control_token
    if token is not None:
        shown = request.headers.get("Authorization", "")
        if not hmac.compare_digest(shown.encode(), f"Bearer {token}".encode()):
            raise Problem(401, ProblemType.UNAUTHORISED, "Das Steuer-Token fehlt oder gilt nicht.")
        return
    refuse_other_machines()


def refuse_other_machines() -> None:
    """Let in only the machine itself."""
    try:
        is_local = ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        is_local = False
    if not is_local:
        raise _refused("Nur von diesem Rechner aus.")


def _host_name() -> str:
    return urlsplit(f"//{request.host}").hostname or ""


def _refused(detail: str) -> Problem:
    return Problem(403, ProblemType.UNAUTHORISED, detail)

"""The operator's identity provider, by OpenID Connect Core 1.0: authorization code with PKCE, state and nonce.

Authlib is an extra, so the client has a module of its own (portal.accounts.provider_client), which is imported only
where a provider is set.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from importlib.util import find_spec


class ProviderError(Exception):
    """Why a sign-in by the provider fails."""


class Unavailable(ProviderError):
    """The provider does not answer, or not in its language; trying later may help."""


class Refused(ProviderError):
    """The provider's answer proves no identity. `reason` goes into the log, never on a page."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class AuthRequest:
    """A sign-in that was sent off to the provider; kept on the server until it comes back."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> AuthRequest:
        return cls(*(secrets.token_urlsafe(48) for _ in range(3)))


@dataclass(frozen=True)
class Identity:
    """The user as the provider names them; `email` only if it has verified it."""

    issuer: str
    subject: str
    email: str | None


def is_installed() -> bool:
    """Return whether the extra is there."""
    return find_spec("authlib") is not None

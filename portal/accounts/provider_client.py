"""The client of an identity provider, made with Authlib.

Nothing is asked of any host but the issuer's, no redirect is followed, and time and size of an answer are bounded.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from portal.accounts.bounded import Bounded
from portal.accounts.provider import AuthRequest, Identity, Refused, Unavailable
from portal.core.idna_domains import lower_address
from portal.core.settings import Settings

SCOPE = "openid email"
ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "Ed25519",
    "EdDSA",
)
"""Signatures by the provider's own key: never `none`, never one by a secret that both sides know."""
LEEWAY_SECONDS = 60
"""How far the two clocks may be apart."""


class Provider:
    """A client of one provider; what it publishes is asked once and kept."""

    def __init__(self, settings: Settings) -> None:
        assert settings.oidc_issuer is not None and settings.oidc_client_id is not None
        self.name = settings.oidc_name
        self.issuer = settings.oidc_issuer
        self.origin = "{0.scheme}://{0.netloc}".format(urlsplit(self.issuer))
        self._client_id = settings.oidc_client_id
        self._secret = settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else None
        self._redirect = f"{settings.public_url}/sign-in/provider/back"
        self._metadata: dict[str, Any] | None = None
        self._keys: dict[str, Any] | None = None

    def address(self, begun: AuthRequest) -> str:
        """Where the browser goes to sign in. Raises Unavailable."""
        endpoint = self._endpoint("authorization_endpoint")
        with self._client() as client:
            address, _ = client.create_authorization_url(
                endpoint, state=begun.state, nonce=begun.nonce, code_verifier=begun.verifier
            )
        return str(address)

    def redeem(self, code: str, begun: AuthRequest) -> Identity:
        """Who came back with this code. Raises Unavailable, Refused."""
        endpoint = self._endpoint("token_endpoint")
        try:
            with self._client() as client:
                token = client.fetch_token(
                    endpoint, code=code, code_verifier=begun.verifier, allow_redirects=False
                )
        except AuthlibBaseError:
            raise Refused("code-refused") from None
        except (requests.RequestException, ValueError):
            raise Unavailable from None
        if not isinstance(token.get("id_token"), str):
            raise Refused("token-missing")
        return self._identify(token["id_token"], token.get("access_token"), begun.nonce)

    def _identify(self, id_token: str, access_token: Any, nonce: str) -> Identity:
        wants = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self._client_id},
        }
        known = {"nonce": nonce, "client_id": self._client_id, "access_token": access_token}
        try:
            token = self._open(id_token)
            claims = CodeIDToken(token.claims, token.header, wants, known)
            claims.validate(leeway=LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise Refused(type(error).__name__) from None
        subject, email = claims.get("sub"), claims.get("email")
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise Refused("subject-missing")
        verified = claims.get("email_verified") is True and isinstance(email, str)
        return Identity(self.issuer, subject, lower_address(email) if verified else None)

    def _open(self, id_token: str) -> Any:
        """Return the token, its signature checked; where the provider has new keys, they are asked once more."""
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        try:
            return jwt.decode(id_token, KeySet.import_key_set(self._fetch_keys()), registry=registry)
        except (InvalidKeyIdError, BadSignatureError):
            fresh = KeySet.import_key_set(self._fetch_keys(anew=True))
            return jwt.decode(id_token, fresh, registry=registry)

    def _fetch_keys(self, *, anew: bool = False) -> Any:
        if self._keys is None or anew:
            self._keys = self._get(self._endpoint("jwks_uri"))
        return self._keys

    def _endpoint(self, name: str) -> str:
        """An address that the provider publishes: of the issuer's own host, or none at all."""
        if self._metadata is None:
            found = self._get(self.issuer.rstrip("/") + "/.well-known/openid-configuration")
            if found.get("issuer") != self.issuer:
                raise Unavailable
            self._metadata = found
        address = self._metadata.get(name)
        if not isinstance(address, str) or not self._is_ours(address):
            self._metadata = None
            raise Unavailable
        return address

    def _is_ours(self, address: str) -> bool:
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.netloc}" == self.origin

    def _get(self, address: str) -> dict[str, Any]:
        try:
            with self._client() as client:
                answer = client.request("GET", address, withhold_token=True, allow_redirects=False)
                found = answer.json() if answer.status_code == 200 else None
        except (requests.RequestException, ValueError):
            raise Unavailable from None
        if not isinstance(found, dict):
            raise Unavailable
        return found

    def _client(self) -> Any:
        client = OAuth2Session(
            self._client_id,
            self._secret,
            scope=SCOPE,
            redirect_uri=self._redirect,
            code_challenge_method="S256",
        )
        client.trust_env = False
        client.headers["Accept-Encoding"] = "identity"
        client.mount("https://", Bounded())
        client.mount("http://", Bounded())
        return client

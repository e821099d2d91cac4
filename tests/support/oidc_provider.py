"""An identity provider of our own for tests: a real process, which misbehaves on demand.

`python -m tests.support.oidc_provider` prints its port. `POST /control` says who signs in and what goes wrong.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

CLIENT, SECRET = "jobbruecke", "a secret of both sides, long enough"


# --- the process ----------------------------------------------------------------------------------------------


class State:
    """Whoever signs in, what goes wrong, and what was given out."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {
            "sub": "s-1",
            "email": "caseworker@example.org",
            "email_verified": True,
        }
        self.mischief = ""
        self.codes: dict[str, dict[str, str]] = {}
        self.calls: list[str] = []
        self.rotate("one")

    def rotate(self, kid: str) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"})


class Handler(BaseHTTPRequestHandler):
    state = State()
    issuer = ""

    def log_message(self, *_: object) -> None:
        """Nothing: the test run is not the place."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.state.calls.append(path)
        if path == "/.well-known/openid-configuration":
            self._metadata()
        elif path == "/keys":
            self._json({"keys": [self.state.key.as_dict(private=False)]})
        elif path == "/authorize":
            self._authorize()
        elif path == "/calls":
            self._json({"calls": self.state.calls})
        else:
            self._json({}, 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.state.calls.append(self.path)
        if self.path == "/control":
            self._control(json.loads(body))
        elif self.path == "/token":
            self._token({name: values[0] for name, values in parse_qs(body).items()})
        else:
            self._json({}, 404)

    def _control(self, wanted: dict[str, Any]) -> None:
        if "rotate" in wanted:
            self.state.rotate(wanted["rotate"])
        self.state.person |= wanted.get("person", {})
        self.state.mischief = wanted.get("mischief", self.state.mischief)
        self._json({})

    def _metadata(self) -> None:
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        match self.state.mischief:
            case "metadata-issuer":
                found["issuer"] = "https://other.example"
            case "metadata-foreign-token":
                found["token_endpoint"] = "http://127.0.0.1:9/token"
            case "metadata-foreign-keys":
                found["jwks_uri"] = "http://127.0.0.1:9/keys"
            case "metadata-rubbish":
                self._bytes(b"<html>", 200)
                return
            case "metadata-500":
                self._json({}, 500)
                return
            case "metadata-redirect":
                self._redirect(f"{self.issuer}/elsewhere")
                return
        self._json(found)

    def _authorize(self) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        assert asked["response_type"] == "code" and asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256" and "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.state.codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer}
        match self.state.mischief:
            case "denied":
                answer = {"error": "access_denied", "state": asked["state"]}
            case "authorize-issuer":
                answer["iss"] = "https://other.example"
        self._redirect(f"{asked['redirect_uri']}?{urlencode(answer)}")

    def _token(self, sent: dict[str, str]) -> None:
        asked = self.state.codes.pop(sent.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
        authorisation = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if (
            asked is None
            or challenge.rstrip(b"=").decode() != asked["code_challenge"]
            or sent.get("redirect_uri") != asked["redirect_uri"]
            or self.headers.get("Authorization") != authorisation
        ):
            self._json({"error": "invalid_grant"}, 400)
            return
        match self.state.mischief:
            case "token-redirect":
                self._redirect(f"{self.issuer}/elsewhere")
            case "token-huge":
                self._bytes(b'{"id_token": "' + b"x" * 2_000_000 + b'"}', 200)
            case "token-slow":
                self._slowly()
            case "token-500":
                self._json({}, 500)
            case "token-none":
                self._json({"access_token": "a", "token_type": "Bearer"})
            case _:
                self._json({"access_token": "a", "token_type": "Bearer", "id_token": self._id_token(asked)})

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            **self.state.person,
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
        }
        changes = _false_claims(now).get(self.state.mischief, {})
        claims = {name: value for name, value in (claims | changes).items() if value is not None}
        return self._signed(claims)

    def _signed(self, claims: dict[str, Any]) -> str:
        key = self.state.key
        header = {"alg": "ES256", "kid": key.kid}
        match self.state.mischief:
            case "alg-none":
                return ".".join([_b64({"alg": "none"}), _b64(claims), ""])
            case "alg-secret":
                return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET))
            case "alg-public-key":
                public = key.as_pem(private=False).decode()
                return ".".join(_by_public_key(claims, public))
            case "signature":
                return jwt.encode(header, claims, ECKey.generate_key("P-256", {"kid": key.kid}))
            case "rubbish":
                return "no.token.atall"
        return jwt.encode(header, claims, key)

    def _slowly(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        for _ in range(600):
            try:
                self.wfile.write(b" ")
                self.wfile.flush()
            except OSError:
                return
            time.sleep(0.1)

    def _redirect(self, address: str) -> None:
        self.send_response(302)
        self.send_header("Location", address)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _json(self, value: object, status: int = 200) -> None:
        self._bytes(json.dumps(value).encode(), status)

    def _bytes(self, body: bytes, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _false_claims(now: int) -> dict[str, dict[str, Any]]:
    """What is wrong with a token, by the mischief; None: not in it."""
    return {
        "nonce": {"nonce": "another"},
        "no-nonce": {"nonce": None},
        "audience": {"aud": "another"},
        "audiences": {"aud": [CLIENT, "another"]},
        "issuer": {"iss": "https://other.example"},
        "expired": {"iat": now - 600, "exp": now - 120},
        "future": {"iat": now + 600, "nbf": now + 600, "exp": now + 900},
        "clock": {"iat": now + 30, "exp": now + 330},
        "no-expiry": {"exp": None},
        "no-subject": {"sub": None},
    }


def _by_public_key(claims: dict[str, Any], public: str) -> tuple[str, str, str]:
    """Signed with what everybody knows, in the hope that it is taken for a secret."""
    header, body = _b64({"alg": "HS256"}), _b64(claims)
    mark = hmac.digest(public.encode(), f"{header}.{body}".encode(), "sha256")
    return header, body, base64.urlsafe_b64encode(mark).rstrip(b"=").decode()


def _b64(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.issuer = f"http://127.0.0.1:{server.server_port}"
    print(server.server_port, flush=True)
    server.serve_forever()


# --- the test's side ------------------------------------------------------------------------------------------


@dataclass
class OidcProvider:
    """The running process, as tests talk to it."""

    issuer: str
    process: subprocess.Popen[str]

    def control(self, **wanted: Any) -> None:
        requests.post(f"{self.issuer}/control", json=wanted, timeout=30).raise_for_status()

    def sign_in(self, address: str) -> str:
        """What the person's browser does there: where it is sent back to."""
        answer = requests.get(address, allow_redirects=False, timeout=30)
        assert answer.status_code == 302
        return answer.headers["Location"]

    def calls(self) -> list[str]:
        found: list[str] = requests.get(f"{self.issuer}/calls", timeout=30).json()["calls"]
        return found

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)


@contextmanager
def running_provider() -> Iterator[OidcProvider]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.oidc_provider"], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        provider = OidcProvider(f"http://127.0.0.1:{port}", process)
        try:
            yield provider
        finally:
            process.terminate()


if __name__ == "__main__":
    main()

"""What a call to a network may end with, as types, and which of them an error of the library is."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from http.client import HTTPException, IncompleteRead

from urllib3.exceptions import ConnectTimeoutError, DecodeError, NewConnectionError, ReadTimeoutError

from portal.networks.protocol.contract import ProblemBody
from portal.networks.protocol.transport import causes


class NetworkError(Exception):
    """Something that keeps a call from succeeding."""

    maybe_taken_in = False
    """Whether the request may have had its effect although no proper answer came."""
    http_status: int | None = None

    @property
    def word(self) -> str:
        """The kind of error, for attempts."""
        return type(self).__name__.lower()


class Unavailable(NetworkError):
    """No answer, or 5xx: worth another attempt later."""

    def __init__(self, why: str, *, maybe_taken_in: bool, http_status: int | None = None) -> None:
        super().__init__(why)
        self.maybe_taken_in = maybe_taken_in
        self.http_status = http_status

    @property
    def word(self) -> str:
        return str(self.args[0])


class Throttled(NetworkError):
    """429 or 503 with the time to wait, in seconds; None where the network does not say.

    Either may come from something between us that lost the answer: only a 429 with the network's own word proves
    that nothing was taken in.
    """

    def __init__(self, http_status: int, retry_after: float | None, *, proven: bool) -> None:
        super().__init__("throttled")
        self.maybe_taken_in = not proven
        self.http_status = http_status
        self.retry_after = retry_after


class Refused(NetworkError):
    """The network's own word that another attempt would not mend it; `problem` says why."""

    def __init__(self, http_status: int, problem: ProblemBody) -> None:
        super().__init__(problem.word)
        self.http_status = http_status
        self.problem = problem

    @property
    def word(self) -> str:
        return self.problem.word


class Unauthorised(Refused):
    """401: the token is not taken."""


class Garbled(NetworkError):
    """An answer that breaks the contract: not JSON, too long, too slow, of another shape, a redirect."""

    maybe_taken_in = True

    def __init__(self, why: str, http_status: int | None = None) -> None:
        super().__init__(why)
        self.http_status = http_status

    @property
    def word(self) -> str:
        return str(self.args[0])


def translate(error: Exception, expired: bool) -> NetworkError:
    """Return our error for one of the library; what matters is whether the request had gone out."""
    if expired:
        return Garbled("too-slow")
    found = causes(error)
    for kinds, translated in _WORDS:
        if any(isinstance(item, kinds) for item in found):
            return translated()
    return Unavailable("connection-lost", maybe_taken_in=True)


_WORDS: tuple[tuple[tuple[type[BaseException], ...], Callable[[], NetworkError]], ...] = (
    (
        (ssl.SSLCertVerificationError,),
        lambda: Unavailable("certificate-refused", maybe_taken_in=False),
    ),
    (
        (NewConnectionError, ConnectTimeoutError),
        lambda: Unavailable("no-connection", maybe_taken_in=False),
    ),
    # from here on the request may have gone out: other errors of TLS come in the middle of an answer, too
    ((ssl.SSLError,), lambda: Unavailable("tls-failed", maybe_taken_in=True)),
    ((TimeoutError, ReadTimeoutError), lambda: Unavailable("no-answer", maybe_taken_in=True)),
    ((ConnectionError, IncompleteRead), lambda: Unavailable("connection-lost", maybe_taken_in=True)),
    ((DecodeError,), lambda: Garbled("not-decodable")),
    ((HTTPException,), lambda: Garbled("not-http")),
)

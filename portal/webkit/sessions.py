"""Sessions kept on the server: the browser holds a random number, the table its hash (docs/security.md).

A stranger has such a number, too, but no row: the form token follows from it, and nothing else is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import session
from flask.sessions import SessionMixin
from werkzeug.datastructures import CallbackDict

from portal.domain.accounts import Account, LoginSession

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
View = TypeVar("View", bound=Callable[..., Any])


class ServerSession(CallbackDict[str, Any], SessionMixin):
    """What a browser's session holds: JSON values only."""

    def __init__(self, found: LoginSession | None = None, token: str | None = None) -> None:
        def changed(session: ServerSession) -> None:
            session.modified = True

        super().__init__(dict(found.data) if found else {}, changed)
        self.row_id = found.id if found else None
        self.seen_at = found.seen_at if found else None
        self.token = token
        self.new = found is None
        self.modified = False
        self.renewed = False
        self.database_down = False
        self.account: Account | None = None
        """Whose session it is, as it was when the request began."""
        self.time_zone: str | None = None
        """Of the account's tenant."""
        self.version: int | None = None
        """That of the account's tenant when the request began."""

    @property
    def light(self) -> bool:
        """Whether it holds but the form token of a stranger's number: there is nothing to keep."""
        return self.row_id is None and not self.renewed and self.keys() <= {"csrf_token"}

    def renew(self) -> None:
        """Continue under a new number and without earlier contents, as at every sign-in and sign-out."""
        self.clear()
        self.renewed = True


def polled(view: View) -> View:
    """Mark a view that an open page asks by itself: it does not keep the session alive."""
    view.live = True  # type: ignore[attr-defined]
    return view


def current_session() -> ServerSession:
    """Return the session of the current request."""
    found = session._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask has no other way
    assert isinstance(found, ServerSession)
    return found

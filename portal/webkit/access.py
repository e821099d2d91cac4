"""Who may do what: one table, and the mark that every view carries."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Response, abort, g, redirect, request, session, url_for
from flask_login import current_user

from portal.domain.permissions import GRANTED, Permission
from portal.webkit.fragments import is_fragment, sign_in_again

View = TypeVar("View", bound=Callable[..., Any])


_WITHOUT_TENANT = frozenset(
    {Permission.SIGNED_IN, Permission.CHOOSE_TENANT, Permission.OPERATE, Permission.RETRY}
)

SETTING_UP = frozenset(
    {
        *("second_factor.show", "second_factor.begin", "second_factor.draw", "second_factor.confirm"),
        "accounts.sign_out",
    }
)
"""Endpoints for users who still have to set up a second factor."""


def may(permission: Permission) -> bool:
    """Return whether the signed-in person has `permission`."""
    return bool(current_user.is_authenticated) and permission in GRANTED[current_user.role]


def requires(permission: Permission) -> Callable[[View], View]:
    """Restrict a view to users with `permission`: 403 for others, sign-in for anonymous requests."""

    def mark(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not current_user.is_authenticated:
                return sign_in_again()
            if current_user.must_set_up and request.endpoint not in SETTING_UP:
                return _set_up_first()
            if not may(permission):
                abort(403)
            if permission not in _WITHOUT_TENANT and g.get("tenant_id") is None:
                return _choose_tenant()
            return view(*args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return mark


def public(view: View) -> View:
    """Open a view to everyone; `tests/web/test_access.py` lists which are."""
    view.permission = None  # type: ignore[attr-defined]
    return view


def _set_up_first() -> Any:
    """A second factor is demanded: nothing else before it is there."""
    address = url_for("second_factor.show")
    if is_fragment():
        return Response(status=403, headers={"HX-Redirect": address})
    if request.method == "GET":
        session["next"] = request.full_path.rstrip("?")
    return redirect(address)


def _choose_tenant() -> Any:
    """Support has to say first whose data it wants to see."""
    if is_fragment():
        abort(403)
    if request.method == "GET":
        session["next"] = request.full_path.rstrip("?")
    return redirect(url_for("tenants.choose"))

"""Who may do what: one table, and the mark that every view carries."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar

from flask import Response, abort, g, redirect, request, session, url_for
from flask_login import current_user

from portal.accounts.models import Role
from portal.web.fragments import is_fragment, sign_in_again

View = TypeVar("View", bound=Callable[..., Any])


class Permission(StrEnum):
    VIEW = "view"
    RELEASE = "release"
    """Release, revoke, choose the mediator."""
    TRANSFER_CHOSEN = "transfer-chosen"
    """Transfer chosen people now."""
    TRANSFER_ALL = "transfer-all"
    JUDGE_HELD = "judge-held"
    """Let a held delivery go, or discard it."""
    IMPORT = "import"
    """Take over an export of Qualli.life."""
    CONFIGURE = "configure"
    """Network, credentials, times and limits of a tenant."""
    CHOOSE_TENANT = "choose-tenant"
    MANAGE_ACCOUNTS = "manage-accounts"
    """Create, change and disable the accounts of a tenant."""
    SHOW_NUMBER = "show-number"
    """See a social insurance number in full, for a reason that the audit keeps."""
    AUDIT = "audit"
    """See who did what."""
    DISCLOSE = "disclose"
    """Hand out everything that is known about a person (Art. 15 GDPR)."""
    PROTECT = "protect"
    """See what retention does, and the record of processing (Art. 30 GDPR)."""
    ERASE = "erase"
    """Erase a person before her time."""
    OPERATE = "operate"
    """See how all tenants are doing."""
    RETRY = "retry"
    """Try again for any tenant."""
    SIGNED_IN = "signed-in"
    """Whatever the role, and without a tenant."""


_READER = frozenset({Permission.SIGNED_IN, Permission.VIEW})
_CASEWORKER = _READER | {Permission.RELEASE, Permission.TRANSFER_CHOSEN}
_SUPERVISOR = _CASEWORKER | {
    Permission.TRANSFER_ALL,
    Permission.JUDGE_HELD,
    Permission.IMPORT,
    Permission.SHOW_NUMBER,
    Permission.DISCLOSE,
}
_ADMINISTRATOR = _SUPERVISOR | {
    Permission.CONFIGURE,
    Permission.MANAGE_ACCOUNTS,
    Permission.AUDIT,
    Permission.PROTECT,
    Permission.ERASE,
}
_SUPPORT_READER = _READER | {
    Permission.CHOOSE_TENANT,
    Permission.OPERATE,
    Permission.AUDIT,
    Permission.PROTECT,
}
GRANTED: dict[Role, frozenset[Permission]] = {
    Role.CASEWORKER: _CASEWORKER,
    Role.SUPERVISOR: _SUPERVISOR,
    Role.ADMINISTRATOR: _ADMINISTRATOR,
    # Support needs no number to help.
    Role.SUPPORT: (_ADMINISTRATOR - {Permission.SHOW_NUMBER}) | _SUPPORT_READER | {Permission.RETRY},
    Role.SUPPORT_READER: _SUPPORT_READER,
}
_WITHOUT_TENANT = frozenset(
    {Permission.SIGNED_IN, Permission.CHOOSE_TENANT, Permission.OPERATE, Permission.RETRY}
)

SETTING_UP = frozenset(
    {
        *("second_factor.show", "second_factor.begin", "second_factor.draw", "second_factor.confirm"),
        "accounts.sign_out",
    }
)
"""Where somebody gets who still has to set up a second factor."""


def may(permission: Permission) -> bool:
    """Whether the signed-in person has `permission`."""
    return bool(current_user.is_authenticated) and permission in GRANTED[current_user.role]


def requires(permission: Permission) -> Callable[[View], View]:
    """Only those with `permission` get to the view; 403 for others, sign-in for nobody."""

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
    """The view is for everybody; `tests/web/test_access.py` lists which are."""
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

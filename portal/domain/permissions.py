"""TODO."""

from __future__ import annotations

from enum import StrEnum

from portal.domain.accounts import Role


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
    """Erase a person before their time."""
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

"""TODO."""

from __future__ import annotations

from flask import g

TENANT_KEY = "tenant_id"
"""Where the session keeps the tenant that support chose."""


def current_tenant_id() -> int:
    """The tenant whose data this request sees; views that ask require a permission that wants one."""
    found: int = g.tenant_id
    return found

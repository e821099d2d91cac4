"""By what the limits on guessing passwords and codes count."""

from __future__ import annotations

import hashlib
import hmac

from flask import current_app, request

from portal.accounts.codes import is_time_code
from portal.accounts.signing_in import find_pending
from portal.core.idna_domains import spellings
from portal.webkit.callers import caller_key


def typed_account() -> str:
    """Return a keyed number for the e-mail address tried, since the limiter's store holds no addresses."""
    typed = min(spellings(request.form.get("email", "")))
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, typed.encode(), hashlib.sha256).hexdigest()[:32]


def typed_account_here() -> str:
    """Return the key of the address tried from this caller."""
    return f"{typed_account()}@{caller_key()}"


def pending_account() -> str:
    """Return the key of the account that waits for a code."""
    pending = find_pending()
    return f"code:{pending.account_id if pending else 0}"


def pending_account_here() -> str:
    """Return the key of that account from this caller."""
    return f"{pending_account()}@{caller_key()}"


def recovers() -> bool:
    """Return whether a recovery code was typed: those are too long to be guessed."""
    return not is_time_code(request.form.get("code", ""))

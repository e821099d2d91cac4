"""The second factor of an account: set up, confirm, check, renew, take away. Never commits."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, or_, select, update

from portal.accounts import codes
from portal.accounts.errors import (
    CodeWrong,
    OwnSecondFactor,
    PasswordWrong,
    SecondFactorNone,
    SecondFactorSet,
)
from portal.accounts.passwords import verify_password
from portal.accounts.sessions import end_sessions
from portal.core.crypto import current_keyring
from portal.core.database import db
from portal.core.settings import current_settings
from portal.domain.accounts import Account, RecoveryCode, Role, SecondFactor, secret_place


def is_wanted(role: Role) -> bool:
    """Return whether the operator demands a second factor of this role (JOBBRUECKE_SECOND_FACTOR_FOR)."""
    whom = current_settings().second_factor_for
    return whom == "everybody" or (whom == "support" and role.for_all_tenants)


def is_set(account_id: int) -> bool:
    """Return whether the account is asked for a code when it signs in."""
    found = select(SecondFactor.id).where(
        SecondFactor.account_id == account_id, SecondFactor.confirmed_at.is_not(None)
    )
    return db.session.scalar(found) is not None


def find_factor(account_id: int) -> SecondFactor | None:
    """Return the second factor of an account, confirmed or only begun."""
    return db.session.scalar(select(SecondFactor).where(SecondFactor.account_id == account_id))


def begin(account: Account, password: str | None, now: dt.datetime) -> None:
    """Make a secret, which asks for nothing until confirmed; one begun before is void.

    `password` None: who signed in without one. Raises Refusal `second-factor-set`, `password-wrong`.
    """
    _check_password(account, password)
    if is_set(account.id):
        raise SecondFactorSet
    _forget(account.id)
    encrypted = current_keyring().encrypt(codes.new_secret().encode(), secret_place(account.id))
    db.session.add(SecondFactor(account_id=account.id, secret_encrypted=encrypted, created_at=now))
    db.session.flush()


def confirm(account: Account, typed: str, now: dt.datetime) -> list[str]:
    """Ask for codes from now on, since the first one fits; gives the recovery codes, shown this once.

    Raises Refusal `second-factor-none`, `second-factor-set`, `code-wrong`.
    """
    factor = find_factor(account.id)
    if factor is None:
        raise SecondFactorNone
    if factor.confirmed_at is not None:
        raise SecondFactorSet
    _use_step(factor, typed, now)
    factor.confirmed_at = now
    return _make_recovery_codes(factor)


def open_secret(factor: SecondFactor) -> str:
    """The secret as an app wants it."""
    return current_keyring().decrypt(factor.secret_encrypted, secret_place(factor.account_id)).decode()


def check_code(account_id: int, typed: str, now: dt.datetime) -> bool:
    """Use up a code, by time or for recovery; whether it was one for recovery. Raises Refusal `code-wrong`."""
    factor = find_factor(account_id)
    if factor is None or factor.confirmed_at is None:
        raise CodeWrong
    if codes.is_time_code(typed):
        _use_step(factor, typed, now)
        return False
    _use_recovery_code(factor, typed, now)
    return True


def renew_recovery_codes(account: Account, password: str | None, typed: str, now: dt.datetime) -> list[str]:
    """New recovery codes; the old ones are void. Raises Refusal `password-wrong`, `code-wrong`."""
    _check_password(account, password)
    check_code(account.id, typed, now)
    factor = find_factor(account.id)
    assert factor is not None
    return _make_recovery_codes(factor)


def turn_off(account: Account, password: str | None, typed: str, now: dt.datetime) -> None:
    """Ask for no code any more; every session ends. Raises Refusal `password-wrong`, `code-wrong`."""
    _check_password(account, password)
    check_code(account.id, typed, now)
    _forget(account.id)
    end_sessions(account.id, now)


def reset(account: Account, by: int | None, now: dt.datetime) -> None:
    """Reset the second factor of an account whose device and codes are lost, and end its sessions.

    Raises Refusal `own-second-factor`, `second-factor-none`.
    """
    if account.id == by:
        raise OwnSecondFactor
    if not is_set(account.id):
        raise SecondFactorNone
    _forget(account.id)
    end_sessions(account.id, now)


def unused_recovery_codes(account_id: int) -> int:
    """Return how many recovery codes are left."""
    query = select(func.count()).where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(query) or 0


def _check_password(account: Account, password: str | None) -> None:
    if password is not None and not verify_password(password, account.password_hash):
        raise PasswordWrong


def _use_step(factor: SecondFactor, typed: str, now: dt.datetime) -> None:
    """Of two who send the same code at once, one is let in: the row count decides."""
    step = codes.matching_step(open_secret(factor), typed, now, factor.last_step)
    if step is None:
        raise CodeWrong
    older = or_(SecondFactor.last_step.is_(None), SecondFactor.last_step < step)
    result = db.session.execute(
        update(SecondFactor).where(SecondFactor.id == factor.id, older).values(last_step=step)
    )
    if cast("CursorResult[Any]", result).rowcount != 1:
        raise CodeWrong


def _use_recovery_code(factor: SecondFactor, typed: str, now: dt.datetime) -> None:
    hashed = codes.hash_recovery_code(typed, factor.recovery_salt or bytes(16))
    result = db.session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == factor.account_id,
            RecoveryCode.code_hash == hashed,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    if cast("CursorResult[Any]", result).rowcount != 1:
        raise CodeWrong


def _make_recovery_codes(factor: SecondFactor) -> list[str]:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == factor.account_id))
    made, salt = codes.new_recovery_codes(), secrets.token_bytes(16)
    factor.recovery_salt = salt
    db.session.add_all(
        RecoveryCode(account_id=factor.account_id, code_hash=codes.hash_recovery_code(code, salt))
        for code in made
    )
    db.session.flush()
    return made


def _forget(account_id: int) -> None:
    for table in (RecoveryCode, SecondFactor):
        db.session.execute(delete(table).where(table.account_id == account_id))

"""Codes of the second factor: by time (RFC 6238), and for recovery. No database, no clock."""

from __future__ import annotations

import datetime as dt
import hmac
import io
import secrets

import pyotp
import segno
from argon2.low_level import Type, hash_secret_raw

STEP_SECONDS = 30
WINDOW = 1
"""Steps before and after now whose codes count, too: clocks of phones go wrong by a little."""
RECOVERY_CODES = 10
RECOVERY_LENGTH = 10
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without those that are mistaken for one another when written down."""
_ISSUER = "Jobbrücke"


def new_secret() -> str:
    """160 bits in base32, as authenticator apps want them."""
    return pyotp.random_base32()


def provisioning_address(secret: str, email: str) -> str:
    """What the picture says: the secret, and under which name an app lists it."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=_ISSUER)


def picture(address: str) -> bytes:
    """Return the address as a QR code, SVG: dark on light whatever the theme, since cameras want it so."""
    drawn = io.BytesIO()
    code = segno.make(address, error="m")
    code.save(drawn, kind="svg", scale=5, border=4, dark="#000", light="#fff", xmldecl=False, nl=False)
    return drawn.getvalue()


def is_time_code(typed: str) -> bool:
    """Return whether a typed code is one by time, and not one for recovery."""
    return (code := tidy(typed)).isdecimal() and code.isascii() and len(code) == 6


def tidy(typed: str) -> str:
    """A code as it is compared: people type spaces, dashes and capitals."""
    return "".join(char for char in typed.casefold() if not char.isspace() and char not in "-–")


def matching_step(secret: str, typed: str, now: dt.datetime, last_step: int | None) -> int | None:
    """The step of time whose code was typed; None where none fits, or only one that was used already."""
    code, current = tidy(typed), int(now.timestamp()) // STEP_SECONDS
    found = None
    for step in range(current - WINDOW, current + WINDOW + 1):
        same = hmac.compare_digest(pyotp.TOTP(secret).generate_otp(step).encode(), code.encode())
        if same and (last_step is None or step > last_step):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Codes to print: about 50 bits each, in two groups."""
    half = RECOVERY_LENGTH // 2
    made = ("".join(secrets.choice(_LETTERS) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES))
    return [f"{code[:half]}-{code[half:]}" for code in made]


def hash_recovery_code(typed: str, salt: bytes) -> bytes:
    """Argon2id of a code; one salt for all codes of an account, so that a try costs one computation."""
    return hash_secret_raw(
        tidy(typed).encode(), salt, time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, type=Type.ID
    )

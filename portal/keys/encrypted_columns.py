"""Every place that holds encrypted values (portal.core.crypto). A test finds a column that is missing here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Column, Table

from portal.domain.accounts import SecondFactor, secret_place
from portal.domain.deliveries import DeliveryPart, part_place
from portal.domain.imports import ImportLine
from portal.domain.notices import Mail
from portal.domain.notices import secret_place as mail_secret_place
from portal.domain.participants import Participant, social_insurance_place
from portal.domain.tenants import Connection, token_place

UPLOADS = "uploads"
"""Name for the encrypted files in the data folder, beside the columns; see portal.imports.uploads."""
NOT_ENCRYPTED = frozenset(
    {
        "api_token.token_hash",
        "import_run.request_digest",
        "import_run.request_key",
        "login_session.token_hash",
        "one_time_link.token_hash",
        "recovery_code.code_hash",
        "second_factor.recovery_salt",
        "seal.contents",
        "seal.digest",
    }
)
"""Columns of bytes that hold hashes and their salts alone, which are not encrypted."""


@dataclass(frozen=True)
class EncryptedColumn:
    """A column of encrypted values, and the name of each value's place."""

    table: Table
    column: Column[Any]
    wants: tuple[str, ...]
    """The columns that `place` reads."""
    place: Callable[[Any], str]
    """Of a row with `id` and those columns."""
    batch: int = 200
    """Rows in one transaction: few where values are large."""

    @property
    def name(self) -> str:
        return f"{self.table.name}.{self.column.name}"


def _encrypted(
    model: type[Any], column: str, place: Callable[[Any], str], *wants: str, batch: int = 200
) -> EncryptedColumn:
    table = cast("Table", model.__table__)
    return EncryptedColumn(table, table.c[column], wants, place, batch)


ENCRYPTED = (
    _encrypted(SecondFactor, "secret_encrypted", lambda row: secret_place(row.account_id), "account_id"),
    _encrypted(Connection, "token_encrypted", lambda row: token_place(row.id)),
    _encrypted(
        Participant,
        "social_insurance_number_encrypted",
        lambda row: social_insurance_place(row.tenant_id, row.number),
        *("tenant_id", "number"),
    ),
    _encrypted(
        ImportLine,
        "secret",
        lambda row: social_insurance_place(row.tenant_id, row.number),
        *("tenant_id", "number"),
    ),
    _encrypted(Mail, "secret_encrypted", lambda row: mail_secret_place(row.id)),
    _encrypted(
        DeliveryPart,
        "content_encrypted",
        lambda row: part_place(row.delivery_id, row.number),
        *("delivery_id", "number"),
        batch=5,
    ),
)

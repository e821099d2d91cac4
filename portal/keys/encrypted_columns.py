"""Every place where something sealed is kept (portal.core.crypto). A test finds a column that is missing here."""

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
"""How the sealed files in the data folder are called beside the columns; see portal.imports.uploads."""
NOT_SEALED = frozenset(
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
"""Columns of bytes that hold hashes and their salts alone, which no key opens."""


@dataclass(frozen=True)
class SealedColumn:
    """A column of sealed values, and how the place of each is called."""

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


def _sealed(
    model: type[Any], column: str, place: Callable[[Any], str], *wants: str, batch: int = 200
) -> SealedColumn:
    table = cast("Table", model.__table__)
    return SealedColumn(table, table.c[column], wants, place, batch)


SEALED = (
    _sealed(SecondFactor, "secret_sealed", lambda row: secret_place(row.account_id), "account_id"),
    _sealed(Connection, "token_sealed", lambda row: token_place(row.id)),
    _sealed(
        Participant,
        "social_insurance_number_sealed",
        lambda row: social_insurance_place(row.tenant_id, row.number),
        *("tenant_id", "number"),
    ),
    _sealed(
        ImportLine,
        "secret",
        lambda row: social_insurance_place(row.tenant_id, row.number),
        *("tenant_id", "number"),
    ),
    _sealed(Mail, "secret_sealed", lambda row: mail_secret_place(row.id)),
    _sealed(
        DeliveryPart,
        "sealed",
        lambda row: part_place(row.delivery_id, row.number),
        *("delivery_id", "number"),
        batch=5,
    ),
)

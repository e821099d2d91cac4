"""The register of columns: every one is classified, none too many, and the record of processing says it."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import LargeBinary, Table

from portal.core.database import Base, commit, db, scope_to
from portal.domain.tenants import Tenant
from portal.privacy.classes import Retention, Sort, Subjects
from portal.privacy.markdown import as_markdown
from portal.privacy.processing import processing_record
from portal.privacy.registry import ALWAYS_TECHNICAL, TABLES
from tests.support.database import Cast

MODELS: dict[str, Table] = dict(Base.metadata.tables)


@pytest.mark.parametrize("name", sorted(set(MODELS) | set(TABLES)))
def test_every_column_of_every_table_is_classified(name: str) -> None:
    """Whoever adds a column says in portal/privacy/registry.py what it is to data protection."""
    assert name in MODELS, "the table is gone"
    assert name in TABLES, "the table is not classified"
    classified = set(TABLES[name].columns())
    assert classified == {column.name for column in MODELS[name].columns} - ALWAYS_TECHNICAL


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_table_about_people_says_about_whom_and_names_them(name: str) -> None:
    kept = TABLES[name]
    about_people = any(sort is not Sort.TECHNICAL for sort in kept.columns().values())
    assert about_people is (kept.subjects is not Subjects.NOBODY)
    naming = {key.column.table.name for key in MODELS[name].foreign_keys} & {
        "participant",
        "account",
        "mediator",
    }
    assert not naming or about_people


def test_what_names_participants_is_kept_no_longer_than_they_are() -> None:
    short = {Retention.ACTIVITY, Retention.BULK, Retention.PAYLOAD, Retention.IMPORT}
    for name, table in MODELS.items():
        if any(key.column.table.name == "participant" for key in table.foreign_keys):
            assert TABLES[name].retention in short, name


def test_encrypted_columns_count_as_personal() -> None:
    for name, table in MODELS.items():
        for column in table.columns:
            if isinstance(column.type, LargeBinary) and "encrypted" in column.name and name != "connection":
                assert TABLES[name].columns()[column.name] is Sort.PERSONAL


def test_a_column_cannot_be_classified_twice() -> None:
    kept = TABLES["heartbeat"]
    twice = type(kept)(kept.subjects, kept.purpose, kept.retention, personal="name", technical="name")
    with pytest.raises(ValueError, match="twice"):
        twice.columns()


def test_the_record_names_every_table_and_the_periods_that_hold(sqlite_app: Flask, cast: Cast) -> None:
    scope_to(cast.alpha)
    tenant = db.session.get_one(Tenant, cast.alpha)
    tenant.protocol_months, tenant.payload_days = 17, 43
    commit()
    with sqlite_app.test_request_context():
        written = as_markdown(processing_record(tenant, None))
    for name in TABLES:
        assert name in written
    for words in ("17 Monate", "43 Tage", "Alpha", "Art. 30", "Qualli.life", "AES-GCM", "Drittländer"):
        assert words in written
    assert "social_insurance_number_encrypted" in written

"""Databases without a table, on both systems."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal.core.paths import ROOT
from tests.support.database import make_settings, new_database, running_app
from tests.support.services import PostgresServer

_NEXT_STEP = '''
"""A table more, and an index on one that is there."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table("later", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_index("ix_later", "participant", ["caseworker"])


def downgrade() -> None:
    op.drop_index("ix_later", "participant")
    op.drop_table("later")
'''


@pytest.fixture
def next_version(tmp_path: Path) -> Path:
    """The folder of migrations of a version that has one step more."""
    folder = tmp_path / "migrations"
    shutil.copytree(ROOT / "migrations", folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "0002_later.py").write_text(_NEXT_STEP.lstrip(), encoding="utf-8")
    return folder


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database without any table; for SQLite not even a file."""
    with contextlib.ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'new' / 'empty.db'}"
        if request.param == "postgres":
            server: PostgresServer = request.getfixturevalue("postgres_server")
            url = stack.enter_context(new_database(server.url))
        yield url


@pytest.fixture
def empty_app(empty_url: str, tmp_path: Path) -> Iterator[Flask]:
    """An application over that database, in its context."""
    with running_app(make_settings(empty_url, tmp_path)) as app:
        yield app

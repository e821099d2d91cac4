"""The command line over the application of the test."""

from __future__ import annotations

import pytest
from flask import Flask, current_app

from tests.support.bridge import Bridge
from tests.support.commands import Commands
from tests.support.database import Cast


@pytest.fixture
def bare(sqlite_app: Flask) -> Commands:
    """The command line over migrated tables without any row."""
    return Commands(sqlite_app)


@pytest.fixture
def staffed(sqlite_app: Flask, cast: Cast) -> Commands:
    """The command line over tenants alpha and beta."""
    return Commands(sqlite_app)


@pytest.fixture
def commands(bridge: Bridge) -> Commands:
    """The command line over the bridge's tenant `alpha`, on both databases."""
    return Commands(current_app._get_current_object())  # type: ignore[attr-defined]

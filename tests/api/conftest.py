"""A tenant with a token."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support.database import Cast, make_cast
from tests.support.door import Door, new_token


@pytest.fixture
def door(request: pytest.FixtureRequest) -> Door:
    """A program that may send for tenant alpha; on both databases if the test asks for `app`, else on SQLite."""
    app: Flask = request.getfixturevalue("app" if "app" in request.fixturenames else "sqlite_app")
    cast: Cast = request.getfixturevalue("cast") if "cast" in request.fixturenames else make_cast()
    return Door(app, new_token(cast.alpha))

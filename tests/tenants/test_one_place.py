"""Whose rows a request sees is decided in one place (portal.webkit.scope), and not in features about people."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from portal.core import database, row_level_security
from portal.core.paths import ROOT

FEATURES = ("bulk", "deliveries", "mediators", "participants", "privacy", "releases", "tenants")
WIDENING = {"EVERY_TENANT", "scope_to", "scoped_to", "for_every_tenant", "bypassed_row_level_security"}
"""What changes whose rows are seen. Where signing in, the operator's pages, jobs and commands use it, they say why."""
BESIDE = {"db.engine", "sqlalchemy.text"}
"""What asks the database past the session, or past SQLAlchemy."""
FILES = [
    path
    for feature in FEATURES
    for path in sorted((ROOT / "portal" / feature).glob("*.py"))
    if path.stem != "jobs"
]


def names(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.ImportFrom):
            found |= {name for it in node.names for name in (it.name, f"{node.module}.{it.name}")}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "db":
            found.add(f"db.{node.attr}")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_features_about_people_see_what_the_session_sees(path: Path) -> None:
    assert not names(path) & WIDENING


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.stem.endswith("views")],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_views_ask_through_the_session_alone(path: Path) -> None:
    assert not names(path) & BESIDE


def test_the_guard_sees_who_widens() -> None:
    assert names(ROOT / "portal" / "webkit" / "scope.py") & WIDENING
    assert names(ROOT / "portal" / "operations" / "queries.py") & WIDENING


def test_the_guard_names_what_the_code_names() -> None:
    """A new name would be passed over."""
    for name in WIDENING:
        assert hasattr(database, name) or hasattr(row_level_security, name), name

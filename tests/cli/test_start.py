"""What a process loads at its start: nobody waits for libraries that only others need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from portal.cli import COMMANDS, cli
from tests.support.database import make_settings, settings_environment

LARGE = ("alembic", "gunicorn", "holidays", "requests", "typst", "xlsxwriter", "zxcvbn")
ALL = ("flask", "sqlalchemy", "redis", "psycopg", *LARGE)


@pytest.mark.parametrize(
    ("start", "needless"),
    [
        ("from portal.cli import cli; cli(['--version'], standalone_mode=False)", ALL),
        ("import portal.cli.trying", ALL),
        ("import portal.app; portal.app.create_app()", ("psycopg", *LARGE)),
    ],
    ids=["version", "sandbox", "pages"],
)
def test_a_start_loads_nothing_that_it_does_not_need(
    start: str, needless: tuple[str, ...], tmp_path: Path
) -> None:
    look = f"{start}\nimport sys\nprint('loaded', *(name for name in {needless!r} if name in sys.modules))"
    settings = make_settings(f"sqlite:///{tmp_path / 'none.db'}", tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", look],
        env=settings_environment(settings),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "loaded"


def test_commands_are_found_in_the_list_alone() -> None:
    """What was added to the group itself would be loaded by every start, and stand outside of the order."""
    assert list(COMMANDS) == sorted(COMMANDS)
    assert cli.commands == {}

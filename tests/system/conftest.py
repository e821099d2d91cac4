"""The wheel, installed once for the whole run."""

from pathlib import Path

import pytest

from tests.support.installed import install_wheel


@pytest.fixture(scope="session")
def installed_command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `jobbruecke` of the installed wheel."""
    return install_wheel(tmp_path_factory.mktemp("installed"))

"""Processes that the tests of a folder share, ended with its last test: idle ones would slow down what follows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from typing import Any, TypeVar

import pytest

Kept = TypeVar("Kept")
_kept: dict[pytest.Directory, tuple[ExitStack, dict[str, Any]]] = {}


def keep(
    request: pytest.FixtureRequest, name: str, start: Callable[[], AbstractContextManager[Kept]]
) -> Kept:
    """Start something for the first test of a folder; its other tests get the same.

    It ends with the folder: after all fixtures of its tests, and before what lasts for the whole run.
    """
    folder = request.node.getparent(pytest.Directory)
    assert folder is not None
    if folder not in _kept:
        _kept[folder] = ExitStack(), {}
        folder.addfinalizer(partial(_end, folder))
    stack, found = _kept[folder]
    if name not in found:
        found[name] = stack.enter_context(start())
    return found[name]  # type: ignore[no-any-return]


def _end(folder: pytest.Directory) -> None:
    stack, _ = _kept.pop(folder)
    stack.close()

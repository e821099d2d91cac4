"""Processes that the tests of a folder share, ended with its last test: idle ones would slow down what follows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest

Kept = TypeVar("Kept")
_kept: dict[Path, tuple[ExitStack, dict[str, Any]]] = {}


def keep(
    request: pytest.FixtureRequest, name: str, start: Callable[[], AbstractContextManager[Kept]]
) -> Kept:
    """Start something for the first test of a folder; its other tests get the same."""
    stack, found = _kept.setdefault(request.path.parent, (ExitStack(), {}))
    if name not in found:
        found[name] = stack.enter_context(start())
    return found[name]  # type: ignore[no-any-return]


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """End what a folder keeps once the next test is of another one, after all fixtures of the test."""
    if nextitem is None or nextitem.path.parent != item.path.parent:
        stack, _ = _kept.pop(item.path.parent, (ExitStack(), {}))
        stack.close()

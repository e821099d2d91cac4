"""Which tests `make test` leaves to `make test-all`, in which order the others run, and what they may cost."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Generator
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

TIERS = {
    "twin": "what runs on PostgreSQL again and is not about SQL",
    "matrix": "every fault at every place",
    "thorough": "the same in other languages, sizes and examples, and what takes minutes",
}
"""The marks of what is left out; pyproject.toml deselects them."""
_LONG = ("processes", "browser", "slow")
_TOGETHER = ("tests/browser",)
"""Folders that run on one worker as a whole: their tests share a browser and a system."""
CPU_SECONDS = 60
"""More of the test's own process than this needs the mark `slow`; other processes on the machine do not count."""
_left_out: dict[str, str] = {}
_began = time.monotonic()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as a twin what runs on PostgreSQL again, unless its subject is SQL (`conformance`); draw the samples."""
    for item in items:
        parameters = getattr(item, "callspec", None)
        again = parameters is not None and "postgres" in map(str, parameters.params.values())
        if again and item.get_closest_marker("conformance") is None:
            item.add_marker(pytest.mark.twin)
    _draw_samples(items)
    _put_long_files_first(items)


def _draw_samples(items: list[pytest.Item]) -> None:
    """Leave to `make test-all` all but so many cases of a test that is marked `sampled`; always the same ones."""
    families = defaultdict[tuple[object, str], list[pytest.Item]](list)
    for item in items:
        ordinary = not any(item.get_closest_marker(tier) for tier in TIERS)
        if ordinary and item.get_closest_marker("sampled"):
            families[item.path, getattr(item, "originalname", item.name)].append(item)
    for (_, name), cases in families.items():
        mark = cases[0].get_closest_marker("sampled")
        assert mark is not None
        drawn = random.Random(name).sample(cases, min(mark.args[0], len(cases)))
        for case in cases:
            if case not in drawn:
                case.add_marker(pytest.mark.thorough)


def _put_long_files_first(items: list[pytest.Item]) -> None:
    """Order whole files, so that no worker is left alone with a long one at the end."""
    long = {item.path for item in items if any(item.get_closest_marker(mark) for mark in _LONG)}
    items.sort(key=lambda item: item.path not in long)


class _ByFile(LoadScopeScheduling):
    """Whole files, and some whole folders, in the order of the collection."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return next((folder for folder in _TOGETHER if path.startswith(folder)), path)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Take over from `loadfile`, which begins with the files of most tests, and so ends with the longest tests."""
    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return _ByFile(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that takes long and does not say so."""
    began = time.process_time()
    result = yield
    seconds = time.process_time() - began
    if seconds > CPU_SECONDS and not any(item.get_closest_marker(mark) for mark in ("slow", "thorough")):
        pytest.fail(f"{seconds:.0f} seconds of CPU time, without the mark slow", pytrace=False)
    return result


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Remember what is left out, by the tier that it belongs to."""
    for item in items:
        tier = next((name for name in TIERS if item.get_closest_marker(name)), None)
        if tier:
            _left_out[item.nodeid] = tier


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what a worker of pytest-xdist left out to the process that reports."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = _left_out


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker left out; all workers collect the same."""
    _left_out.update(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say last how many tests ran, how long they took, and what was left to `make test-all`."""
    run = sum(len(terminalreporter.stats.get(name, ())) for name in ("passed", "failed", "xfailed"))
    minutes, seconds = divmod(round(time.monotonic() - _began), 60)
    line = f"{run:,} run in {minutes}:{seconds:02}"
    counts = Counter(_left_out.values())
    if counts:
        each = ", ".join(f"{name} {number:,}" for name, number in counts.most_common())
        line += f"; left to test-all: {counts.total():,} ({each})"
    terminalreporter.write_line(line)

"""Failpoints: around each commit and each call to the network a test may end the process, or do anything else.

The product knows nothing of them. A commit has the name of the function that asks for it without its `portal.`
(`deliveries.sending.send`, the second one in it `deliveries.sending.send:2`), a call that of the contract's operation
(`call.openDelivery`); `.before` or `.after` goes behind. `docs/reliability.md` tells what is tried with them.
"""

from __future__ import annotations

import ast
import contextlib
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy.orm import Session

from portal.core import database, leases
from portal.core.paths import ROOT
from portal.networks.protocol.client import NetworkClient
from portal.tenants import context
from portal.webkit import fragments

Action = Callable[[str], None]

PLANS = "FAILPOINT_PLANS"
"""Names the folder of plans in the environment of a process."""
UNNOTICED = {
    "accounts.": "who signs in, and how: no work goes on from it",
    "api.access.": "notes that a token was used",
    "audit.": "only reads",
    "cli.accounts.": "as accounts",
    "cli.audit.": "only reads",
    "cli.checks.": "only reads",
    "cli.imports._look": "only reads",
    "cli.imports.import_": "lets go of the database while files are copied",
    "cli.imports.import_:3": "only reads",
    "cli.judging_imports.pass_:2": "only reads",
    "cli.judging_imports.show": "only reads",
    "cli.states.": "decided anew, and cut off, it is decided once more",
    "cli.privacy.": "notes what is handed out",
    "cli.tenant_checks.": "only reads",
    "cli.tenants.": "settings of a tenant",
    "cli.tokens.": "tokens of a tenant",
    "cli.waiting.": "only reads",
    "deliveries.network_views.": "settings of a tenant, one transaction",
    "keys.": "begun again, it goes on by what is left: tests/keys kills it",
    "mediators.": "settings of a mediator",
    "notices.views.": "what somebody has read",
    "operations.": "only reads",
    "privacy.views.": "notes what is handed out",
    "releases.list_views.": "how somebody looks at a list",
    "releases.number_views.": "notes what is shown",
    "shell.": "notes what is looked at",
    "tenants.": "settings of a tenant",
    "tokens.": "tokens of a tenant",
    "worker.process.": "tells that a process lives",
    "worker.schedule._do": "only reads",
    "worker.schedule.tick": "only reads",
}
"""Commits that move nothing which goes on by itself, by name or room: there is no failpoint around them."""

_action: Action | None = None


# --- where commits are in the code -------------------------------------------------------------------------


@dataclass(frozen=True)
class Site:
    """Where the code asks for a commit: the function, and the lines of the call."""

    function: str
    first_line: int
    last_line: int


@lru_cache
def sites(path: Path) -> list[Site]:
    """The commits in a file, in order: calls of `commit`, and blocks that end in one."""
    tree = ast.parse(path.read_text())
    return list(_sites(tree, (), _committing(tree)))


def _committing(tree: ast.Module) -> set[str]:
    """The functions that commit for who calls them, of those that a file imports."""
    return {
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module in _MODULES_THROUGH
        for alias in node.names
        if alias.name in ("commit", "save", "done")
    }


def _sites(node: ast.AST, functions: tuple[str, ...], committing: set[str]) -> Iterator[Site]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call) and _commits(child.func, committing):
            yield Site(".".join(functions), child.lineno, child.end_lineno or child.lineno)
        named = isinstance(child, ast.FunctionDef | ast.ClassDef)
        yield from _sites(child, (*functions, child.name) if named else functions, committing)  # type: ignore[attr-defined]


def _commits(function: ast.expr, committing: set[str]) -> bool:
    if isinstance(function, ast.Attribute):
        return function.attr == "step"  # of a lease: a block that ends in a commit
    return isinstance(function, ast.Name) and function.id in committing


def names(path: Path) -> list[str]:
    """What the commits of a file are called."""
    seen, found = Counter[str](), list[str]()
    for site in sites(path):
        seen[site.function] += 1
        number = f":{seen[site.function]}" if seen[site.function] > 1 else ""
        found.append(f"{_module(path)}.{site.function}{number}")
    return found


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removeprefix("portal.")


def is_noticed(name: str) -> bool:
    """Whether there is a failpoint around this commit."""
    return name not in UNNOTICED and not any(it.endswith(".") and name.startswith(it) for it in UNNOTICED)


def all_commits() -> list[str]:
    """The commits of the product that there are failpoints around."""
    files = [path for folder in ("portal", "worker") for path in sorted((ROOT / folder).rglob("*.py"))]
    own = (path for path in files if str(path) not in _THROUGH)
    return [name for path in own for name in names(path) if is_noticed(name)]


_MODULES_THROUGH = {it.__name__ for it in (database, context, fragments)}
_THROUGH = {database.__file__, leases.__file__, contextlib.__file__, context.__file__, fragments.__file__}
"""Files whose functions commit for those who call them."""


def _who_commits(frame: FrameType | None) -> str | None:
    """The name of the commit that is going on; None where it is not the product's."""
    if frame is None or frame.f_code.co_filename != database.__file__:
        return None
    while frame.f_code.co_filename in _THROUGH:
        assert frame.f_back is not None
        frame = frame.f_back
    path = Path(frame.f_code.co_filename)
    if not path.is_relative_to(ROOT) or path.relative_to(ROOT).parts[0] not in ("portal", "worker"):
        return None
    for site, name in zip(sites(path), names(path), strict=True):
        if site.first_line <= frame.f_lineno <= site.last_line:
            return name if is_noticed(name) else None
    raise AssertionError(f"{path}:{frame.f_lineno} commits, and it cannot be seen")


# --- coming to one -----------------------------------------------------------------------------------------


@contextlib.contextmanager
def armed(action: Action) -> Iterator[None]:
    """In a test's own process: call `action` with the name of each failpoint that is reached meanwhile.

    What it raises should be no `Exception`, since a crash is caught by nobody.
    """
    global _action  # noqa: PLW0603 - one for the process, as a crash is
    _hook()
    before, _action = _action, action
    try:
        yield
    finally:
        _action = before


@lru_cache
def _hook() -> None:
    """Notice commits and calls in this process, for good."""
    commit, exchange = Session.commit, NetworkClient._exchange

    def noticed_commit(session: Session) -> None:
        name = _who_commits(sys._getframe(1)) if _action else None
        with _around(name):
            commit(session)

    def noticed_exchange(client: NetworkClient, *request: Any) -> Any:
        name = sys._getframe(1).f_locals["name"]  # of the call that it is done for
        with _around(f"call.{name.partition(' ')[0]}", whatever_comes=True):
            return exchange(client, *request)

    Session.commit = noticed_commit  # type: ignore[method-assign]
    NetworkClient._exchange = noticed_exchange  # type: ignore[method-assign]


def reach(point: str) -> None:
    """Come to a failpoint."""
    if _action is not None:
        _action(point)


@contextlib.contextmanager
def _around(name: str | None, *, whatever_comes: bool = False) -> Iterator[None]:
    if name is None:
        yield
        return
    reach(f"{name}.before")
    try:
        yield
    except Exception:
        if whatever_comes:
            reach(f"{name}.after")
        raise
    reach(f"{name}.after")


# --- in other processes ------------------------------------------------------------------------------------


def environment(plans: Path) -> dict[str, str]:
    """What makes a process die where a plan says so, for the tenant whose data it sees.

    A plan is a file named after a tenant's number, `every` standing for work that is nobody's: `7` kills whoever comes
    to the seventh failpoint of that tenant, `call.putPart.before 2` whoever comes to this one for the second time. With
    `stop` behind it the process is stopped instead, with `power-cut` its parent dies too, with `always` whoever comes
    there later dies as well. What was reached is written into `<tenant>.trace`, and counts through all processes.
    """
    return {PLANS: str(plans), "PYTHONPATH": str(Path(__file__).with_name("failing"))}


def arm_this_process() -> None:
    """Have this process die where the plans of its environment say so."""
    global _action  # noqa: PLW0603 - for good
    _hook()
    _action = _Plans(Path(os.environ[PLANS]))


class _Plans:
    """Kills this process where a plan says so."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, point: str) -> None:
        subject = database.current_scope()
        name = str(subject) if isinstance(subject, int) else "every"
        reached = self._note(name, point)
        try:
            plan = _Plan((self._folder / name).read_text().split())
        except FileNotFoundError:
            return
        if plan.means(reached):
            (self._folder / f"{name}.died").write_text(point)
            _end(plan.how)

    def _note(self, name: str, point: str) -> list[str]:
        trace = self._folder / f"{name}.trace"
        with trace.open("a") as file:
            file.write(f"{point}\n")
        return trace.read_text().split()


class _Plan:
    """What a plan says: at which of the failpoints, or at which time of one of them, and how."""

    def __init__(self, words: list[str]) -> None:
        self.how = words.pop() if words[-1] in ("stop", "power-cut", "always") else "kill"
        self._number = int(words[-1])
        self._point = words[0] if len(words) > 1 else None

    def means(self, reached: list[str]) -> bool:
        """Whether the last of those reached is meant."""
        if self._point is not None and reached[-1] != self._point:
            return False
        times = reached.count(self._point) if self._point else len(reached)
        return times >= self._number if self.how == "always" else times == self._number


def _end(how: str) -> None:
    if how == "power-cut":
        os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGSTOP if how == "stop" else signal.SIGKILL)

"""Failpoints: named places where a test may end the process, or do anything else; nothing happens there otherwise.

There is one before and one after each commit that moves a delivery, an import, a decision or a release, and before and
after each call to the network. `docs/reliability.md` tells what is tried with them.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

Side = Literal["before", "after"]

COMMITS = (
    # what people and cron set off
    "release.page",
    "release.command",
    "revoke.command",
    "mediator.command",
    "delivery.page",
    "deliver.command",
    "pass.command",
    "discard.command",
    "plan.swept",
    "reconcile.page",
    "reconcile-read.command",
    "reconcile-settle.command",
    "stop-waiting.command",
    "network-account.page",
    "network-account.command",
    # the job of a delivery
    "delivery.claimed",
    "delivery.begun",
    "delivery.stopped",
    "delivery.tried-again",
    "delivery.let-go",
    "work.put-off",
    # build
    "build.put-off",
    "build.forbidden",
    "build.seen",
    "build.emptied",
    "build.frozen",
    "build.omitted",
    "build.omitted-rest",
    "build.nothing",
    "build.braked",
    "build.digested",
    "build.finished",
    # send
    "send.begun",
    "send.ready",
    "send.wrong-network",
    "send.account-doubted",
    "send.account-again",
    "send.reconcile",
    "send.unknown-holdings",
    "send.too-large",
    "send.account",
    "send.opened",
    "send.part-read",
    "send.no-longer-allowed",
    "send.looked-again",
    "send.taken-back",
    "send.checked",
    "send.receipt",
    "send.refused",
    "send.failed",
    "send.paused",
    "send.nothing-to-abandon",
    "send.abandoning",
    "attempt.noted",
    # what a refusal leads to
    "refused.reconcile",
    "refused.unauthorised",
    "refused.ended",
    "refused.rebuilt",
    "refused.failed",
    "refused.record-ended",
    "refused.record",
    # answers
    "answers.no-token",
    "answers.asking",
    "answers.stale",
    "answers.complete",
    "answers.applied",
    "answers.later",
    # whether a network is back
    "probe.asking",
    "probe.noted",
    # import
    "import.page",
    "import.sent",
    "import.passed",
    "import.discarded",
    "import.command",
    "import-pass.command",
    "import-discard.command",
    "identity.command",
    "import.claimed",
    "import.begun",
    "import.door",
    "import.staging",
    "import.staged",
    "import.keys",
    "import.checked",
    "import.analysed",
    "import.piece",
    "import.explained",
    "import.ended",
    "import.nothing-to-empty",
    "import.lines-deleted",
    "import.emptied",
    "import.beat",
    # decisions for many
    "bulk.chosen",
    "bulk.mediator",
    "bulk.started",
    "bulk.claimed",
    "bulk.piece",
    # erasing
    "erasure.claimed",
    "erasure.put-off",
    "erasure.piece",
    # notices and mails
    "notices.looked",
    "notices.kept",
    "notices.morning",
    "notices.cron-looked",
    "mail.claimed",
    "mail.composed",
    "mail.unwanted",
    "mail.put-off",
    "mail.noted",
    "mail.overdue",
)
"""Commits by name; each is named once in the code (a test walks through it)."""

CALLS = (
    "readAccount",
    "openDelivery",
    "listDeliveries",
    "readDelivery",
    "abandonDelivery",
    "putPart",
    "commitDelivery",
    "readAcknowledgements",
)
"""Calls to the network, by the contract's operations."""

STEPS = (*COMMITS, *(f"call.{call}" for call in CALLS))
POINTS = tuple(f"{step}.{side}" for step in STEPS for side in ("before", "after"))
"""Every failpoint there is."""

Action = Callable[[str], None]
_action: Action | None = None


def reach(step: str, side: Side) -> None:
    """Come to a failpoint."""
    if _action is not None:
        _action(f"{step}.{side}")


@contextmanager
def armed(action: Action) -> Iterator[None]:
    """In a test's own process: call `action` with the name of each failpoint that is reached meanwhile.

    What it raises should be no `Exception`, since a crash is caught by nobody.
    """
    global _action  # noqa: PLW0603 - one for the process, as a crash is
    before, _action = _action, action
    try:
        yield
    finally:
        _action = before


def arm(folder: str, scope: Callable[[], object]) -> None:
    """Have this process die where a plan in `folder` says so for the tenant that `scope` names.

    A plan is a file named after a tenant's number, `every` standing for work that is nobody's: `7` kills whoever comes
    to the seventh failpoint of that tenant, `send.receipt.before 2` whoever comes to this one for the second time. With
    `stop` behind it the process is stopped instead, with `power-cut` its parent dies too, with `always` whoever comes
    there later dies as well. What was reached is written into `<tenant>.trace`, and counts through all processes.
    """
    global _action  # noqa: PLW0603 - for good
    _action = _Plans(Path(folder), scope)


class _Plans:
    """Kills this process where a plan says so."""

    def __init__(self, folder: Path, scope: Callable[[], object]) -> None:
        self._folder, self._scope = folder, scope

    def __call__(self, point: str) -> None:
        subject = self._scope()
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

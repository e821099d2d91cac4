"""Things done at the same moment, each over a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from flask import current_app

from portal.core.database import commit, db, scope_to

Action = Callable[[], object]


def at_once(tenant_id: int | str, *actions: Action) -> list[object]:
    """Do all of these at the same moment, each in its own session, and commit; what each gave, or raised."""
    ready = threading.Barrier(len(actions))
    running = [Aside(tenant_id, action, ready) for action in actions]
    return [it.result() for it in running]


class Aside:
    """An action in a session of its own, beside the test's; begins at once, or when all are `ready`."""

    def __init__(self, tenant_id: int | str, action: Action, ready: threading.Barrier | None = None) -> None:
        self._app = current_app._get_current_object()  # type: ignore[attr-defined]
        self._tenant_id, self._action, self._ready = tenant_id, action, ready
        self._given: object = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def is_done(self, seconds: float) -> bool:
        """Whether it has ended, after at most so many seconds."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def result(self) -> object:
        """What it gave, or the error that it raised."""
        assert self.is_done(30), "it does not end"
        return self._given

    def _run(self) -> None:
        with self._app.app_context():
            scope_to(self._tenant_id)
            try:
                if self._ready:
                    self._ready.wait(10)
                self._given = self._action()
                commit()
            except Exception as error:  # noqa: BLE001 - the test decides what it means
                self._given = error
            finally:
                db.session.remove()

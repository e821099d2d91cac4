"""Runs a night's erasure in processes that die on purpose; reads `ERASURE_ID COMMITS before|after`, answers exit codes.

Each process kills itself with SIGKILL at the given commit, just before or just after the database has it.
"""

from __future__ import annotations

import os
import signal
import sys

from flask import Flask

from portal import create_app
from portal.database import db
from worker.erasing import run_erasure


def main() -> None:
    """Answer until there are no more questions. The application is made once; each child connects by itself."""
    app = create_app()
    for question in sys.stdin:
        erasure_id, commits, when = question.split()
        child = os.fork()
        if not child:
            try:
                run(app, int(erasure_id), int(commits), when)
                os._exit(0)
            finally:
                os._exit(1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def run(app: Flask, erasure_id: int, commits: int, when: str) -> None:
    """Erase one person at a time, and die at the commit with this number, from 1."""
    with app.app_context():
        dialect = db.engine.dialect
        seen = 0
        commit = dialect.do_commit

        def dying_commit(connection: object) -> None:
            nonlocal seen
            seen += 1
            if seen == commits and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            commit(connection)  # type: ignore[arg-type]
            if seen == commits:
                os.kill(os.getpid(), signal.SIGKILL)

        dialect.do_commit = dying_commit  # type: ignore[method-assign]
        run_erasure(erasure_id, batch=1)
        db.session.remove()
        db.engine.dispose()


if __name__ == "__main__":
    main()

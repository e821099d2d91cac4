"""Jobs in processes that die on purpose: whoever starts them reads `ROW COMMITS before|after`.

Each process does the job in pieces of one, and kills itself with SIGKILL at the commit with this number, from 1, just
before or just after the database has it; the exit code is the answer. Forked, so that trying every commit in turn takes
seconds. Tests ask by `dying_workers`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import Flask

from portal.bare import create_bare_app
from portal.bulk.jobs import run_bulk
from portal.core.database import db
from portal.core.settings import current_settings
from portal.imports.running import run_import
from portal.privacy.jobs import run_erasure
from tests.support.database import settings_environment
from tests.support.forked import start

Job = Callable[[int, int], None]
JOBS: dict[str, Job] = {"import": run_import, "bulk": run_bulk, "erasure": run_erasure}


@contextmanager
def dying_workers(job: str) -> Iterator[Callable[[int, int, str], int]]:
    """Gives `crash(row, commits, when)`: the job in a process that kills itself there; its exit code."""
    environment = settings_environment(current_settings())
    asked, asks = os.pipe()
    answers, answered = os.pipe()
    with os.fdopen(asks, "w") as questions, os.fdopen(answers) as found:
        start(f"{__name__}:main", [job], env=environment, stdin=asked, stdout=answered, stderr=2)
        os.close(asked)
        os.close(answered)

        def crash(row: int, commits: int, when: str) -> int:
            questions.write(f"{row} {commits} {when}\n")
            questions.flush()
            while not (answer := found.readline().strip()).lstrip("-").isdigit():
                assert answer, "the process that starts others has died"
            return int(answer)

        yield crash


def main() -> None:
    """Answer until there are no more questions. The application is made once; each child connects by itself."""
    job = JOBS[sys.argv[1]]
    app = create_bare_app()
    for question in sys.stdin:
        row, commits, when = question.split()
        child = os.fork()
        if not child:
            try:
                _run(app, job, int(row), int(commits), when)
                os._exit(0)
            finally:
                os._exit(1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _run(app: Flask, job: Job, row: int, commits: int, when: str) -> None:
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
        job(row, 1)
        db.session.remove()
        db.engine.dispose()

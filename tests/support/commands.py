"""The command line in the test's own process: the real commands, over the test's application."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask
from structlog.testing import capture_logs

from portal.cli import cli
from portal.core.database import db
from tests.support.installed import Said


class Commands:
    """Runs `jobbruecke …`; what was read in the test's session before is let go, since commands write."""

    def __init__(self, app: Flask) -> None:
        self._runner = app.test_cli_runner()

    def run(self, *words: str, stdin: str = "") -> Said:
        """Run a command to its end, whatever that is; `stdin` is what is typed."""
        db.session.rollback()
        with capture_logs():  # the console script sends them to standard error, and errors alone
            found = self._runner.invoke(cli, list(words), input=stdin)
        if found.exception is not None and not isinstance(found.exception, SystemExit):
            raise found.exception
        return Said(found.exit_code, found.stdout, found.stderr)

    def say(self, *words: str, stdin: str = "") -> str:
        """Run it, and give what it printed; it must be done."""
        said = self.run(*words, stdin=stdin)
        assert said.code == 0, f"{' '.join(words)}: {said}"
        assert said.err == "", said.err
        return said.out

    def ask(self, *words: str, stdin: str = "") -> Any:
        """Run it with `--json`, and give the value; it must be done."""
        return json.loads(self.say(*words, "--json", stdin=stdin))

    def refuse(self, *words: str, stdin: str = "") -> str:
        """Run what must be refused, exit code 1; its sentence, which stands on standard error alone."""
        said = self.run(*words, stdin=stdin)
        assert said.code == 1, said
        assert said.out == "", said.out
        return said.err.strip()

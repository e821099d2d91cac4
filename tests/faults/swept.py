"""A process that comes to the commit of a task three times, for the tests of failpoints."""

from __future__ import annotations

import sys

from portal.bare import create_bare_app
from portal.core.database import scope_to
from worker import schedule


def main() -> None:
    """Commit three times for the tenant of the first argument."""
    with create_bare_app().app_context():
        scope_to(int(sys.argv[1]))
        for _ in range(3):
            schedule._each(lambda: None)


if __name__ == "__main__":
    main()

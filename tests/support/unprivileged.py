"""Become another user, then a program that ends with its parent: `unprivileged.py USER PARENT_PID COMMAND…`.

In one step, because changing the user undoes the tie to the parent.
"""

import ctypes
import os
import pwd
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(name: str, parent: int, command: list[str]) -> None:
    """Run `command` as `name`; PostgreSQL stops at once, without harm, on SIGQUIT."""
    user = pwd.getpwnam(name)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.chdir("/")
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])

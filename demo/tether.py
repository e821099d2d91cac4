"""Start a program that ends with its parent: `python tether.py PARENT_PID SIGNAL COMMAND…`.

A program of its own instead of code between fork and exec, which would not be safe beside threads. Runs with
`-I -S`, so it imports nothing but the standard library.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, signal_number: int, command: list[str]) -> None:
    """Become `command`; the kernel sends it `signal_number` when `parent` dies, however that happens."""
    if sys.platform == "linux":  # elsewhere a killed parent leaves its children behind
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked
        sys.exit(1)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])

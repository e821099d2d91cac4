"""`make demo-reset`: forget the demo's data."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from demo.folder import FolderError, forget, locked


def main(arguments: list[str] | None = None) -> int:
    """Empty the data folder; 1 and a sentence while the demo runs with it."""
    parser = argparse.ArgumentParser(prog="demo.reset", description="Forget the demo's data.")
    parser.add_argument(
        "--data", type=Path, default=Path("var"), help="the data folder (default: %(default)s)"
    )
    folder: Path = parser.parse_args(arguments).data
    if not folder.is_dir():
        print(f"There is nothing to forget: {folder} is not there.")
        return 0
    try:
        with locked(folder):
            forget(folder)
    except (FolderError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Forgotten. The next `make run` fills {folder} anew.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

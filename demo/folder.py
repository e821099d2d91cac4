"""The data folder of the demo: what lies in it, who has it, and how it is emptied."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

DATABASE = "jobbruecke.db"
SANDBOX = "sandbox.sqlite3"
FILES = "files"
SECRETS = "secrets.json"
FILLING = "filling"
"""Is there while the demo data is being written; a folder found with it was interrupted."""
LOCK = "run.lock"
LOGS = "log"
"""What the programs say, a file each; begun anew with each start."""

_LAST_RUN_SECONDS = 20.0
"""How long the programs of a killed run may take to notice and end."""


class FolderError(Exception):
    """The data folder cannot be used; the text says why, and what to do."""


def prepare(folder: Path) -> None:
    """Make the folder, for its owner alone. Raises FolderError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in (FILES, LOGS):
            (folder / name).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise FolderError(f"The data folder {folder} cannot be used: {error.strerror}.") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FolderError(f"The data folder {folder} cannot be written to.")


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Have the folder for oneself; gives the open lock, which children inherit and thereby hold as well.

    Raises FolderError when a run has it. After a run that was killed, waits for its programs to end.
    """
    file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(file, folder)
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        yield file
    finally:
        os.close(file)


def _lock(file: int, folder: Path) -> None:
    deadline = time.monotonic() + _LAST_RUN_SECONDS
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        holder = os.pread(file, 20, 0).decode().strip()
        if holder.isdigit() and Path(f"/proc/{holder}").exists():
            raise FolderError(
                f"Jobbrücke runs with the data folder {folder} already (process {holder}). "
                "Stop it, or use another folder: make run DATA=… PORT=… SANDBOX_PORT=…"
            )
        if time.monotonic() > deadline:
            raise FolderError(f"Programs of an earlier run still use the data folder {folder}.")
        time.sleep(0.1)


def forget(folder: Path) -> None:
    """Remove what the demo has written, and nothing else that may lie in the folder."""
    for name in (DATABASE, SANDBOX):
        for end in ("", "-wal", "-shm", "-journal"):
            (folder / f"{name}{end}").unlink(missing_ok=True)
    for name in (FILES, LOGS):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in (SECRETS, FILLING, "redis.log", "redis.sock"):
        (folder / name).unlink(missing_ok=True)


def start_over_if_unfinished(folder: Path) -> bool:
    """Whether demo data has to be written: into a new folder, or one where that was interrupted."""
    if (folder / DATABASE).exists() and not (folder / FILLING).exists():
        return False
    forget(folder)
    prepare(folder)
    (folder / FILLING).touch()
    return True


def finish_filling(folder: Path) -> None:
    """Note that the demo data is complete."""
    (folder / FILLING).unlink(missing_ok=True)


def load_secrets(folder: Path) -> dict[str, str]:
    """SECRET_KEY and ENCRYPTION_KEYS of this folder, made once. Raises FolderError when they are lost."""
    path = folder / SECRETS
    if not path.exists():
        if (folder / DATABASE).exists():
            raise FolderError(
                f"{path} is missing, and without its keys the database cannot be read. "
                "Put it back, or start over: make demo-reset"
            )
        _write_privately(path, json.dumps(_new_secrets()))
    try:
        loaded = json.loads(path.read_text())
        return {name: str(loaded[name]) for name in ("SECRET_KEY", "ENCRYPTION_KEYS")}
    except (ValueError, KeyError, TypeError):
        raise FolderError(f"{path} cannot be read. Put it back, or start over: make demo-reset") from None


def _new_secrets() -> dict[str, str]:
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    return {"SECRET_KEY": secrets.token_urlsafe(48), "ENCRYPTION_KEYS": f"demo:{key}"}


def _write_privately(path: Path, text: str) -> None:
    """Whole or not at all, and never readable for others in between."""
    half = path.with_suffix(".new")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)

"""The product as it is installed: a wheel in a virtual environment of its own, driven by its command line."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.core.paths import ROOT
from tests.support import forked

_STOP_SECONDS = 30
_PARTS = ["portal", "worker", "sandbox", "demo", "templates", "static", "migrations"]
_FILES = ["pyproject.toml", "wsgi.py", "README.md", "LICENSE"]


@dataclass(frozen=True)
class Said:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, read as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Installed:
    """The command `jobbruecke` of an installation, run in `folder` with `environment` and nothing else."""

    command: Path
    folder: Path
    environment: Mapping[str, str]
    is_forked: bool = False
    """Whether its processes are forked from one that has imported the product; `command` is our own then."""

    def run(self, *words: str, stdin: str = "", seconds: float = 120) -> Said:
        """Run it to its end; `stdin` is what is typed. Raises `subprocess.TimeoutExpired`."""
        if self.is_forked:
            place: dict[str, Any] = {"cwd": self.folder, "env": self.environment}
            return Said(*forked.run(forked.JOBBRUECKE, words, **place, stdin=stdin, seconds=seconds))
        done = subprocess.run(
            [str(self.command), *words],
            cwd=self.folder,
            env=dict(self.environment),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def say(self, *words: str, stdin: str = "", seconds: float = 120) -> str:
        """Run it, and give what it printed. Raises where it refuses."""
        said = self.run(*words, stdin=stdin, seconds=seconds)
        assert said.code == 0, f"{' '.join(words)}: {said.code} {said.out} {said.err}"
        return said.out

    def ask(self, *words: str, seconds: float = 120) -> Any:
        """Run it with `--json`, and give the value. Raises where it refuses."""
        return json.loads(self.say(*words, "--json", seconds=seconds))

    @contextmanager
    def keep(self, name: str, *words: str) -> Iterator[subprocess.Popen[bytes] | forked.Forked]:
        """Run it until the end of the block; what it says stands in `NAME.log`."""
        place: dict[str, Any] = {"cwd": self.folder, "env": dict(self.environment)}
        process: subprocess.Popen[bytes] | forked.Forked
        with (self.folder / f"{name}.log").open("ab") as log:
            place |= {"stdout": log, "stderr": log}
            if self.is_forked:
                process = forked.start(forked.JOBBRUECKE, words, **place, new_session=True)
            else:
                process = subprocess.Popen([str(self.command), *words], **place, start_new_session=True)
        try:
            yield process
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_SECONDS)
            with contextlib.suppress(ProcessLookupError):  # children that did not hear it
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(_STOP_SECONDS)

    def logs(self) -> str:
        """The end of everything that was said, for messages of failures."""
        return "\n".join(
            f"{path.name}: {path.read_text(errors='replace')[-3000:]}" for path in self.folder.glob("*.log")
        )


def install_wheel(folder: Path, without: Container[str] = ()) -> Path:
    """Build the wheel from a copy, install it into `folder`/venv, and give its command `jobbruecke`.

    The libraries are those that the tests use themselves: an index is not asked. Those named by `without` are missing.
    """
    source = folder / "source"
    source.mkdir()
    for name in _PARTS:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in _FILES:
        shutil.copy(ROOT / name, source / name)
    _pip("wheel", "--no-build-isolation", "--wheel-dir", str(folder / "dist"), str(source))
    (wheel,) = (folder / "dist").glob("jobbruecke-*.whl")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    python = folder / "venv" / "bin" / "python"
    _pip("--python", str(python), "install", str(wheel))
    # A path in a .pth file is searched last, and the .pth files there are not read: not our checkout's.
    own = sysconfig.get_path("purelib", "venv", vars={"base": str(folder / "venv")})
    (Path(own) / "libraries.pth").write_text(f"{_libraries(folder / 'libraries', without)}\n")
    return python.with_name("jobbruecke")


def _libraries(folder: Path, without: Container[str]) -> Path:
    """A folder that leads to the libraries of the tests, but for some."""
    folder.mkdir()
    for item in Path(sysconfig.get_path("purelib")).iterdir():
        if item.name not in without:
            (folder / item.name).symlink_to(item)
    return folder


def _pip(*words: str) -> None:
    options = ["-q", "--no-input", "--disable-pip-version-check"]
    place = words.index("install") if "install" in words else words.index("wheel")
    command = [*words[:place], words[place], "--no-deps", "--no-index", *words[place + 1 :]]
    subprocess.run([sys.executable, "-m", "pip", *options, *command], check=True)

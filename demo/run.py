"""Everything at once on one machine: `make run`, or `jobbruecke demo`."""

from __future__ import annotations

import errno
import http.client
import os
import signal
import socket
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from demo import folder as data_folder
from demo import redis_server
from demo.child import Program
from demo.folder import FolderError
from demo.logins import LOGINS, PASSWORD
from demo.supervisor import Supervisor
from portal.core.paths import PRIVATE

HOST = "127.0.0.1"
_WORKER_STOP_SECONDS = 20
"""A worker ends its job first; after that the job's lease brings it back at the next start."""


class PortError(Exception):
    """A port cannot be had; the text says why, and what to do."""


def main(port: int = 5000, sandbox_port: int = 5001, data: Path = Path("var")) -> int:
    """Run until stopped; 1 and a sentence when it cannot start."""
    data = data.absolute()
    os.umask(PRIVATE)
    try:
        claim_ports({"PORT": port, "SANDBOX_PORT": sandbox_port})
        data_folder.prepare(data)
        with data_folder.locked(data) as lock, redis_server.socket_in(data) as redis_socket:
            return _run(port, sandbox_port, data, redis_socket, lock)
    except (PortError, FolderError, redis_server.NoRedisError, OSError) as error:
        print(f"jobbruecke demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def claim_ports(ports: Mapping[str, int]) -> None:
    """Raise PortError unless every port is free, and no two are the same."""
    if len(set(ports.values())) < len(ports):
        raise PortError(f"{' and '.join(ports)} must differ; both are {next(iter(ports.values()))}.")
    for name, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                taken = error.errno == errno.EADDRINUSE
                why = "is taken by another program" if taken else f"cannot be used ({error.strerror})"
                option = f"--{name.lower().replace('_', '-')}"
                raise PortError(
                    f"Port {port} {why}. Choose another: make run {name}={port + 100}, or jobbruecke demo "
                    f"{option} {port + 100}"
                ) from None


def _run(port: int, sandbox_port: int, data: Path, redis_socket: Path, lock: int) -> int:
    fills = data_folder.start_over_if_unfinished(data)
    env = environment(data, redis_socket, sandbox_port)
    if fills:
        print("Filling the database with invented people; this takes a moment, once.", flush=True)
    programs = _programs(env, port, sandbox_port, data, redis_socket, fills=fills)
    logs = data / data_folder.LOGS
    supervisor = Supervisor(programs, keep_open=[lock], logs=logs)
    return supervisor.run(partial(_announce, port, sandbox_port, data))


def environment(data: Path, redis_socket: Path, sandbox_port: int) -> dict[str, str]:
    """What all programs are told; paces fit for watching, unless the environment says otherwise."""
    sandbox = f"http://{HOST}:{sandbox_port}"
    paces = {
        "POLL_SECONDS": "1",
        "POLL_LIMIT_SECONDS": "10",
        "RETRY_SECONDS": "2,5,15,60",
        "PROBE_SECONDS": "5",
    }
    own = data_folder.load_secrets(data) | {
        "DATABASE_URL": f"sqlite:///{data / data_folder.DATABASE}",
        "REDIS_URL": redis_server.redis_url(redis_socket),
        "NETWORK_JOBNETZWERK_URL": sandbox,
        "NETWORK_JOB4YOU_URL": sandbox,
        "NETWORK_JOBNETZWERK_PAGE": f"{sandbox}/applicants/{{applicant_id}}",
        "NETWORK_JOB4YOU_PAGE": f"{sandbox}/applicants/{{applicant_id}}",
        "DATA_FOLDER": str(data / data_folder.FILES),
        "SECURE_COOKIES": "false",
    }
    named = {f"JOBBRUECKE_{name}": value for name, value in own.items()}
    paced = {f"JOBBRUECKE_{name}": value for name, value in paces.items()}
    return {"PYTHONUNBUFFERED": "1"} | paced | dict(os.environ) | named


def _programs(
    env: Mapping[str, str], port: int, sandbox_port: int, data: Path, redis_socket: Path, *, fills: bool
) -> list[Program]:
    jobbruecke = str(Path(sys.executable).with_name("jobbruecke"))
    program = partial(Program, env=env)
    server = partial(program, ready_seconds=60)
    programs = [
        program("database", [jobbruecke, "db", "upgrade"], once=True),
        program(
            "redis",
            redis_server.server_command(data, redis_socket),
            ready=partial(redis_server.answers, redis_socket),
        ),
        server("sandbox", _sandbox_command(sandbox_port, data), ready=partial(serves, sandbox_port)),
        program("worker", [jobbruecke, "worker"], stop_seconds=_WORKER_STOP_SECONDS),
        program("cron", [jobbruecke, "cron"]),
        server(
            "web",
            [jobbruecke, "web", "--host", HOST, "--port", str(port)],
            ready=partial(serves, port),
            stop_signal=signal.SIGTERM,
        ),
    ]
    if fills:
        done = partial(data_folder.finish_filling, data)
        programs.insert(3, program("data", [sys.executable, "-m", "demo.data"], once=True, when_done=done))
    return programs


def _sandbox_command(port: int, data: Path) -> list[str]:
    address = ["--host", HOST, "--port", str(port)]
    return [sys.executable, "-m", "sandbox", *address, "--data", str(data / data_folder.SANDBOX)]


def serves(port: int) -> bool:
    """Whether a web server on this machine answers, without an error of its own, within a second."""
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _announce(port: int, sandbox_port: int, data: Path) -> None:
    wide = max(len(login.email) for login in LOGINS) + 2
    lines = [
        "",
        f"Jobbrücke:              http://{HOST}:{port}/",
        f"The network, a sandbox: http://{HOST}:{sandbox_port}/",
        "",
        f"Sign in with the password {PASSWORD} as",
        *(f"  {login.email:<{wide}}{login.what}" for login in LOGINS),
        "",
        f"The data is kept in {data}; `make demo-reset` starts over. Ctrl-C stops everything.",
        f"What the programs say stands in {data / data_folder.LOGS}.",
        "",
    ]
    print("\n".join(lines), flush=True)

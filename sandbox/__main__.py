"""`python -m sandbox`: serve a job network to try against."""

import argparse
import os
import sqlite3
import sys
from pathlib import Path

from flask import Flask

from sandbox import DEFAULT_ANSWER_DELAY_SECONDS, LOOPBACK_HOSTS, create_app
from sandbox.database import Database
from sandbox.server import serve

TOKEN_VARIABLE = "JOBBRUECKE_SANDBOX_CONTROL_TOKEN"  # noqa: S105 - the name of it


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; 1 and a sentence where the state file cannot be used."""
    options = _parser().parse_args(arguments)
    try:
        Database(options.data).create_tables()
    except (OSError, sqlite3.Error) as error:
        print(f"sandbox: cannot use {options.data} for its state: {error}", file=sys.stderr)
        return 1

    def load() -> Flask:
        return create_app(
            options.data,
            answer_delay_seconds=options.answer_delay,
            control_token=os.environ.get(TOKEN_VARIABLE) or None,
            allowed_hosts=LOOPBACK_HOSTS | set(options.allow_host),
        )

    serve(load, host=options.host, port=options.port)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sandbox",
        description="A job network to try against. It keeps what it is told in one file.",
        epilog=f"{TOKEN_VARIABLE} in the environment guards the control door with a bearer token.",
    )
    _add_address_options(parser)
    _add_network_options(parser)
    return parser


def _add_address_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=_port, default=5001, help="port to listen on, 0 for any (default: %(default)s)"
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="one more host name under which a browser may call the pages; may be repeated",
    )


def _add_network_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        type=Path,
        default=Path("var/sandbox.sqlite3"),
        metavar="PATH",
        help="SQLite file with the state, created where missing (default: %(default)s)",
    )
    parser.add_argument(
        "--answer-delay",
        type=_seconds,
        default=DEFAULT_ANSWER_DELAY_SECONDS,
        metavar="SECONDS",
        help="time between a commit and its answers (default: %(default)s)",
    )


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError(text)
    return port


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 10_000_000:
        raise ValueError(text)
    return seconds


if __name__ == "__main__":
    sys.exit(main())

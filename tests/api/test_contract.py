"""The HTTP door keeps its description: schemathesis asks a real server whatever it can think of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from portal.core.database import db
from portal.domain.imports import ImportRun
from portal.domain.participants import Participant
from tests.support.door import LINES, new_token
from tests.support.factories import looking
from tests.support.services import RedisServer
from tests.support.web_server import running_web

HOOKS = Path(__file__).with_name("schemathesis_hooks.py")
TOKENS = 20
"""Each may ask 120 times a minute."""


@pytest.mark.slow
@pytest.mark.processes
@pytest.mark.parametrize("tries", [4, pytest.param(40, marks=pytest.mark.thorough)])
def test_schemathesis_finds_no_deviation(tmp_path: Path, redis_server: RedisServer, tries: int) -> None:
    redis_server.flush()
    with running_web(tmp_path, f"sqlite:///{tmp_path}/main.db", redis_server) as server:
        tokens = [new_token(server.cast.alpha, f"T{number}") for number in range(TOKENS)]
        db.session.rollback()
        first = {"Authorization": f"Bearer {tokens[0]}", "Content-Type": LINES}
        examples = json.loads(requests.get(f"{server.url}/api/v1/openapi.json", timeout=60).text)
        for place in (
            "mediators",
            "orders",
            "participants",
        ):  # the examples of the description are taken over
            body = examples["paths"][f"/{place}"]["put"]["requestBody"]["content"][LINES]
            lines = body["examples"]["lines"]["value"].encode()
            answer = requests.put(f"{server.url}/api/v1/{place}", data=lines, headers=first, timeout=60)
            assert (answer.status_code, answer.json()["rejected"]) == (200, []), answer.text
        command = [str(Path(sys.executable).with_name("schemathesis")), "run"]
        command += [f"{server.url}/api/v1/openapi.json", "--phases", "examples,coverage,fuzzing"]
        command += ["--max-examples", str(tries), "--generation-deterministic", "--continue-on-failure"]
        # Lines that mean nothing are answered line by line, with 200; and a deeper check of what is refused is ours.
        command += [
            "--exclude-checks",
            "negative_data_rejection,positive_data_acceptance",
            "--warnings",
            "off",
        ]
        environment = os.environ | {
            "SCHEMATHESIS_HOOKS": str(HOOKS),
            "DOOR_TOKENS": " ".join(tokens),
            "NO_PROXY": "*",
        }
        run = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
        with looking():  # it found its way in, and did not only try doors
            assert db.session.query(ImportRun).count() > 10
            assert db.session.query(Participant).count() >= 2

"""The sandbox keeps the contract, and the contract is the one agreed upon."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from sandbox import messages
from sandbox.words import Operation, Outcome, ProblemType, Reason
from tests.sandbox.provider import Provider
from tests.support.sandbox import SandboxServer

HERE = Path(__file__).parent
CONTRACT = HERE.parents[1] / "sandbox" / "openapi.yaml"
# Of the contract as both sides agreed upon it. It changes only together with them.
AGREED = "6903f6c094273d5411ee5551387e556d7e6ee987445e1250c8215c4c0ef94a6f"


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    """Give the schemas of the contract by name."""
    found: dict[str, Any] = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))["components"]["schemas"]
    return found


def test_the_copy_of_the_contract_is_the_agreed_one() -> None:
    assert hashlib.sha256(CONTRACT.read_bytes()).hexdigest() == AGREED


@pytest.mark.parametrize(
    "model",
    [
        messages.NewDelivery,
        messages.Manifest,
        messages.MediatorRecord,
        messages.OrderRecord,
        messages.ParticipantRecord,
        messages.WithdrawalRecord,
        messages.Profile,
        messages.ProfileEntry,
    ],
)
def test_what_it_takes_has_the_fields_of_the_contract(
    schemas: dict[str, Any], model: type[BaseModel]
) -> None:
    schema = schemas[model.__name__]
    fields = model.model_fields
    assert set(fields) == set(schema["properties"])
    assert {name for name, field in fields.items() if field.is_required()} == set(schema.get("required", []))
    assert schema["additionalProperties"] is False


def test_it_uses_the_words_of_the_contract(schemas: dict[str, Any]) -> None:
    acknowledgement = schemas["Acknowledgement"]["properties"]
    assert set(Outcome) == set(acknowledgement["outcome"]["enum"])
    assert set(Reason) == set(acknowledgement["reason"]["enum"])
    listed = schemas["Problem"]["properties"]["type"]["description"].partition(": ")[2]
    assert set(ProblemType) == set(re.findall(r"[a-z-]+", listed))
    assert set(Operation) == set(re.findall(r"operationId: (\w+)", CONTRACT.read_text(encoding="utf-8")))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "examples"),
    [
        ("jobnetzwerk", 8),
        *(pytest.param(name, 15, marks=pytest.mark.thorough) for name in ("jobnetzwerk", "job4you")),
    ],
)
def test_schemathesis_finds_no_deviation(
    server: SandboxServer, tmp_path: Path, network: str, examples: int
) -> None:
    provider = Provider(server, network)
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", str(CONTRACT), "--url", server.url]
    command += ["--header", f"Authorization: Bearer {provider.token}"]
    command += [
        "--phases",
        "coverage,fuzzing,stateful",
        "--max-examples",
        str(examples),
        "--generation-deterministic",
    ]
    # Much that the schema allows is refused for what it means, with the same 422: numbers, digests, cursors.
    command += ["--exclude-checks", "positive_data_acceptance", "--continue-on-failure", "--warnings", "off"]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py"), "NO_PROXY": "*"}
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
    # It found its way in, and did not only try doors.
    seen = {(call["operation"], call["status"]) for call in server.requests_seen(provider.provider_id)}
    for way_in in [("openDelivery", 201), ("commitDelivery", 202), ("readAcknowledgements", 200)]:
        assert way_in in seen
    assert {("putPart", 422), ("openDelivery", 409)} <= seen

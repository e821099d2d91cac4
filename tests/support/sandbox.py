"""A real sandbox in a process of its own, for tests that need a job network."""

import os
import re
import signal
import subprocess
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from tests.support.forked import SANDBOX, Forked, start

_START_SECONDS = 30
_ADDRESS = re.compile(r"^Sandbox: (http://127\.0\.0\.1:(\d+))$", re.MULTILINE)


class SandboxServer:
    """Starts the sandbox on a free loopback port with its state in `folder`.

    Use it as a context manager, or call `start` and `stop`. `kill` is a SIGKILL to all of its processes, and
    `restart` comes back on the same port with the same state. Answers come `answer_delay` seconds after a
    commit. `command` starts an installed one in place of ours.
    """

    def __init__(
        self,
        folder: Path,
        *,
        answer_delay: float = 0,
        control_token: str | None = None,
        command: Sequence[str] = (),
    ) -> None:
        self._command = command
        self.database = folder / "sandbox.sqlite3"
        self.log = folder / "sandbox.log"
        self.answer_delay = answer_delay
        self.control_token = control_token
        self.port = 0
        self.url = ""
        self._process: subprocess.Popen[bytes] | Forked | None = None
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._session.close()

    def start(self) -> Self:
        """Start the process and wait until it answers."""
        words = ["--port", str(self.port), "--data", str(self.database)]
        words += ["--answer-delay", str(self.answer_delay)]
        environment = os.environ | {"JOBBRUECKE_SANDBOX_CONTROL_TOKEN": self.control_token or ""}
        with self.log.open("wb") as log:
            if self._command:
                self._process = subprocess.Popen(
                    [*self._command, *words], env=environment, stdout=log, stderr=log, start_new_session=True
                )
            else:
                self._process = start(SANDBOX, words, env=environment, stdout=log, new_session=True)
        self._wait_until_ready()
        return self

    def stop(self) -> None:
        """Stop it as a service manager would, and wait for the end."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None

    def kill(self) -> None:
        """Kill all of its processes at once, as a power cut would."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(15)
        self._process = None

    def restart(self) -> None:
        """Stop it if it runs, and start it on the same port with the same state."""
        self.stop()
        self.start()

    def control(self, method: str, path: str, body: object = None, **query: Any) -> Any:
        """Call the control door; the JSON of the answer, None where it has none. Raises for a refusal."""
        response = self._session.request(
            method,
            f"{self.url}/control{path}",
            json=body,
            params=query,
            headers={"Authorization": f"Bearer {self.control_token}"} if self.control_token else {},
            timeout=30,
        )
        if not response.ok:
            raise RuntimeError(f"control door: {response.status_code} {response.text}")
        return response.json() if response.content else None

    def create_provider(
        self, network: str = "jobnetzwerk", provider_id: str | None = None, **more: Any
    ) -> str:
        """Create a provider and give its token; `more` as in docs/sandbox.md (licensed_until, …)."""
        body = {"provider_id": provider_id or f"p-{uuid.uuid4().hex[:12]}", "network": network, **more}
        token: str = self.control("POST", "/providers", body)["token"]
        return token

    def change_provider(self, provider_id: str, **changes: Any) -> None:
        """Change a provider: licensed_until, max_part_bytes, encodings, mediators_known, token, …"""
        self.control("PATCH", f"/providers/{provider_id}", changes)

    def set_mediator(self, provider_id: str, mediator_id: str, known: bool | None) -> None:
        """Create a mediator in the network (True), take it away (False), or back to the default (None)."""
        self.control("PUT", f"/providers/{provider_id}/mediators/{mediator_id}", {"known": known})

    def set_answer_delay(self, seconds: float | None) -> None:
        """Set the delay for deliveries not yet answered and later ones; 0 lets all waiting answers come."""
        self.control("PUT", "/answer-delay", {"seconds": seconds})

    def force(
        self,
        provider_id: str,
        participant_id: str,
        outcome: str | None,
        reason: str | None = None,
        detail: str | None = None,
    ) -> None:
        """Force active, archived, rejected or refused (422 at the part) upon a participant; None ends it."""
        path = f"/providers/{provider_id}/outcomes/{participant_id}"
        if outcome is None:
            self.control("DELETE", path)
        else:
            self.control("PUT", path, {"outcome": outcome, "reason": reason, "detail": detail})

    def misbehave(
        self,
        kind: str,
        operation: str | None = None,
        *,
        provider_id: str | None = None,
        count: int | None = None,
        **parameters: Any,
    ) -> int:
        """Add a rule of misbehaviour and give its number; without a count it works until `behave`."""
        body = {"kind": kind, "operation": operation, "provider_id": provider_id, "count": count}
        rule_id: int = self.control("POST", "/misbehaviours", body | {"parameters": parameters})["rule_id"]
        return rule_id

    def behave(self, rule_id: int | None = None) -> None:
        """End one rule, or all; answers held back are given now."""
        self.control("DELETE", "/misbehaviours" if rule_id is None else f"/misbehaviours/{rule_id}")

    def applicants(self, provider_id: str) -> dict[str, dict[str, Any]]:
        """Give what the network holds, by participant: applicant_id, state, reason, record, sequence."""
        found = self.control("GET", f"/providers/{provider_id}/applicants")
        return {applicant["participant_id"]: applicant for applicant in found}

    def deliveries(self, provider_id: str) -> list[dict[str, Any]]:
        """Give all deliveries in the order of their opening, with state, parts and counts."""
        found: list[dict[str, Any]] = self.control("GET", f"/providers/{provider_id}/deliveries")
        return found

    def records(self, provider_id: str, delivery_id: str) -> list[dict[str, Any]]:
        """Give the records of a delivery as they arrived."""
        path = f"/providers/{provider_id}/deliveries/{delivery_id}/records"
        found: list[dict[str, Any]] = self.control("GET", path)
        return found

    def answers(self, provider_id: str, delivery_id: str) -> list[dict[str, Any]]:
        """Give all answers to a delivery; `fate` says whether one is given, held or lost."""
        path = f"/providers/{provider_id}/deliveries/{delivery_id}/answers"
        found: list[dict[str, Any]] = self.control("GET", path)
        return found

    def requests_seen(self, provider_id: str | None = None) -> list[dict[str, Any]]:
        """Give the requests to the contract's paths, oldest first: operation, status, sequence, …"""
        query = {} if provider_id is None else {"provider_id": provider_id}
        found: list[dict[str, Any]] = self.control("GET", "/requests", **query)
        return found

    def forget_requests(self) -> None:
        """Forget the requests seen so far."""
        self.control("DELETE", "/requests")

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            found = _ADDRESS.search(self.log.read_text(encoding="utf-8", errors="replace"))
            if found:
                self.url, self.port = found[1], int(found[2])
                # The socket listens already: the request waits until the worker takes it.
                self._session.close()
                self._session.get(f"{self.url}/healthz", timeout=_START_SECONDS).raise_for_status()
                return
            time.sleep(0.05)
        self.kill()
        raise RuntimeError(f"the sandbox did not start: {self.log.read_text(errors='replace')[-2000:]}")

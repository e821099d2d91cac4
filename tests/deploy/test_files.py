"""The files of deploy/: they parse, and every command, setting and measure that they name exists."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from flask import Flask

from portal.cli import cli
from portal.core.database import utcnow
from portal.core.paths import ROOT
from portal.core.settings import PREFIX, Settings
from portal.operations.measures import PREFIX as MEASURE
from portal.operations.measures import find_measures

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
KNOWN = {PREFIX + name.upper() for name in Settings.model_fields}
REQUIRED = {PREFIX + name.upper() for name, field in Settings.model_fields.items() if field.is_required()}


def parse(words: list[str]) -> None:
    """Check a command with its options as the command line itself would, without running it."""
    assert words[0].rpartition("/")[2] == "jobbruecke"
    command: click.Command = cli
    context = click.Context(cli, info_name="jobbruecke")
    rest = words[1:]
    while isinstance(command, click.Group):
        found = command.get_command(context, rest.pop(0))
        assert found is not None, words
        command, context = found, click.Context(found, parent=context)
    command.parse_args(context, rest)


def unit(path: Path) -> configparser.ConfigParser:
    found = configparser.ConfigParser(strict=False, interpolation=None, comment_prefixes=("#",))
    found.optionxform = str  # type: ignore[assignment, method-assign]
    found.read_string(path.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_runs_a_command_that_there_is(path: Path) -> None:
    service = unit(path)["Service"]
    parse(service["ExecStart"].split())
    assert service["User"] == "jobbruecke" and service["EnvironmentFile"]


@pytest.mark.parametrize("path", [it for it in UNITS if "migrate" not in it.name], ids=lambda path: path.name)
def test_what_runs_for_ever_is_stopped_in_order_and_may_do_little(path: Path) -> None:
    service = unit(path)["Service"]
    assert (service["KillMode"], service["Restart"]) == ("mixed", "always")
    assert service["NoNewPrivileges"] == "yes" and service["ProtectSystem"] == "strict"
    lease = max(it.le for it in Settings.model_fields["lease_seconds"].metadata if hasattr(it, "le"))
    if "worker" in path.name:
        assert lease < int(service["TimeoutStopSec"]) < 90


def names_of_settings(text: str) -> set[str]:
    return set(re.findall(rf"\b{PREFIX}[A-Z0-9_]+", text))


@pytest.mark.parametrize(
    "path", sorted(it for it in DEPLOY.rglob("*") if it.is_file()), ids=lambda it: it.name
)
def test_every_setting_that_is_named_exists(path: Path) -> None:
    assert names_of_settings(path.read_text(encoding="utf-8")) <= KNOWN


@pytest.mark.parametrize("name", ["jobbruecke.env.example", "compose.yml"])
def test_nothing_that_is_required_is_missing(name: str) -> None:
    assert names_of_settings((DEPLOY / name).read_text(encoding="utf-8")) >= REQUIRED


def test_the_compose_file_starts_what_there_is() -> None:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text(encoding="utf-8"))
    services = found["services"]
    assert set(services) == {"migrate", "grant", "web", "worker", "cron", "postgres", "redis"}
    for name in ("migrate", "grant", "web", "worker", "cron"):
        if name != "grant":  # a line for the shell, which tests/deploy/test_compose.py gives it
            parse(services[name]["command"])
        assert services[name]["cap_drop"] == ["ALL"] and services[name]["read_only"] is True
    for name, service in services.items():
        assert ":" in service["image"] and "://" not in service["image"], name
        for needed in service.get("depends_on", {}):
            assert needed in services
    assert "/health/ready" in str(services["web"]["healthcheck"])


def test_the_image_is_built_from_pinned_packages_and_not_run_by_root() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert "--require-hashes -r requirements.lock" in text and (ROOT / "requirements.lock").is_file()
    assert re.search(r"^USER 1\d+$", text, re.MULTILINE)
    words = re.search(r"^CMD (\[.*\])$", text, re.MULTILINE)
    assert words
    parse(yaml.safe_load(words.group(1)))


def rules() -> Iterator[dict[str, Any]]:
    found = yaml.safe_load((DEPLOY / "alerts.yml").read_text(encoding="utf-8"))
    for group in found["groups"]:
        yield from group["rules"]


def test_alerts_name_measures_that_there_are(sqlite_app: Flask) -> None:
    measures = {MEASURE + it.name: it for it in find_measures(utcnow())}
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket"} and rule["annotations"]["summary"]
        used = re.findall(rf"({MEASURE}\w+)(?:\{{(\w+)=\"([\w-]+)\"\}})?", rule["expr"])
        assert used, rule["alert"]
        for name, label, value in used:
            assert name in measures, name
            if label:
                assert measures[name].label == label and value in measures[name].values, (name, value)


def test_every_alert_is_explained() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [rule["alert"] for rule in rules() if f"`{rule['alert']}`" not in text] == []

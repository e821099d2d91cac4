"""What the command line says of itself, and that the documents say the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from portal.cli import cli
from portal.core.paths import ROOT
from portal.core.settings import PREFIX, Settings
from tests.imports.exports import ALL, folder
from tests.support.bridge import Bridge
from tests.support.commands import Commands
from tests.support.database import make_settings, running_app

COMMANDS = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def _every(
    command: click.Command, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None and below.name == name
            yield from _every(below, (*words, name))
    else:
        yield words, command


EVERY = dict(_every(cli))


def test_every_command_of_the_design_is_there() -> None:
    assert {" ".join(words) for words in EVERY} == {
        *(
            "db upgrade",
            "db grant",
            "keys status",
            "keys rotate",
            "tenant create",
            "tenant set",
            "tenant show",
            "account create",
            "import",
        ),
        *("imports show", "imports pass", "imports discard", "identity"),
        *(
            "account link",
            "account set",
            "account disable",
            "account enable",
            "audit list",
            "audit verify",
            "audit export",
        ),
        "account reset-second-factor",
        *("token create", "token list", "token revoke"),
        *("person report", "person erase", "privacy status", "privacy record"),
        *("release", "revoke", "mediator", "deliver", "delivery show", "delivery pass", "delivery discard"),
        "delivery stop-waiting",
        *("reconcile show", "reconcile read", "reconcile settle"),
        *("network-account show", "network-account accept"),
        *("states check", "states refresh", "bench-data"),
        *("status", "protocol", "why", "deliveries", "web", "worker", "cron", "sandbox", "demo", "check"),
    }


@pytest.mark.parametrize("words", [(), *EVERY, ("tenant",), ("delivery",), ("db",), ("account",), ("token",)])
def test_help_needs_nothing_and_explains_every_option(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No settings, no database: somebody may just want to look."""
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    said = click.testing.CliRunner().invoke(cli, [*words, "--help"])
    assert (said.exit_code, said.stderr) == (0, "")
    assert said.output.startswith("Usage: ")
    for option in EVERY[words].params if words in EVERY else ():
        if isinstance(option, click.Option):
            assert option.help and option.opts[0] in said.output, option.opts


@pytest.mark.parametrize("words", EVERY)
def test_every_command_is_documented_with_its_options(words: tuple[str, ...]) -> None:
    rows = [line for line in COMMANDS.splitlines() if re.match(rf"\| `{' '.join(words)}[ `]", line)]
    assert len(rows) == 1, rows
    shared = {"--json"} | ({"--tenant"} if words[0] != "account" else set())
    named = set(re.findall(r"--[a-z-]+", rows[0]))
    own = {option.opts[0] for option in EVERY[words].params if isinstance(option, click.Option)}
    if words == ("tenant", "create"):  # "takes everything that `tenant set` sets"
        shared |= own
    assert own - shared <= named <= own | shared, own ^ named


def test_every_setting_is_documented_as_it_is() -> None:
    rows = [line for line in SETTINGS.splitlines() if line.startswith(f"| `{PREFIX}")]
    wanted = [
        f"| `{PREFIX}{name.upper()}` | {_default(name)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    assert rows == wanted


def _default(name: str) -> str:
    field = Settings.model_fields[name]
    if field.is_required():
        return "required"
    value = field.default
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return f"`{','.join(f'{part:g}' for part in value)}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def test_json_has_the_keys_that_are_documented(bridge: Bridge, commands: Commands, tmp_path: Path) -> None:
    """Every key of every command stands in the document; labels beside codes go without saying."""
    bridge.person("1001", consent_on=None)
    person = ("--tenant", "alpha", "--participant", "1001")
    commands.say("release", *person, "--by", "VM", "--confirm-consent")
    commands.say("deliver", "--tenant", "alpha")
    bridge.work()
    export = str(folder(tmp_path / "export", ALL))
    for words in (
        ("tenant", "show", "alpha"),
        ("status", *person),
        ("why", *person),
        ("protocol", *person),
        ("deliveries", "--tenant", "alpha"),
        ("delivery", "show", "--tenant", "alpha", "1"),
        ("import", "--tenant", "alpha", export),
        ("check",),
    ):
        values = json.loads(commands.run(*words, "--json").out)
        lists = [found[0] for found in values.values() if isinstance(found, list) and found]
        for found in (values, *lists):
            codes = {key for key in found if not key.endswith("_label")}
            missing = {key for key in codes if f"`{key}`" not in COMMANDS}
            assert not missing, (words, missing)


def test_another_language(sqlite_url: str, tmp_path: Path) -> None:
    """JOBBRUECKE_LOCALE decides about the sentences, words and labels."""
    with running_app(make_settings(sqlite_url, tmp_path, locale="en")) as app:
        commands = Commands(app)
        assert commands.refuse("tenant", "show", "nobody").startswith("There is no")
        assert "Missing" in commands.say("tenant", "create", "spree", "--name", "Spree")

"""`jobbruecke keys`: how many values each key encrypts, and encrypting everything again with the newest."""

from __future__ import annotations

import click

from portal.cli.context import with_app
from portal.cli.options import json_option
from portal.cli.output import print_json
from portal.cli.refused import Refused
from portal.core.settings import current_settings
from portal.keys.service import UNKNOWN, Progress, count_by_key, rotate
from portal.webkit.languages import gettext as _


@click.group()
def keys() -> None:
    """The encryption keys: what they encrypt, and changing them while everything runs."""


@keys.command("status")
@json_option
@with_app
def status(as_json: bool) -> None:
    """Count what each key encrypts, place by place. A key that encrypts nothing any more may be removed."""
    counted, names = count_by_key(), list(current_settings().keys)
    if as_json:
        print_json(_values(names))
        return
    for place, by_key in counted.items():
        for name in (*names, UNKNOWN):
            if by_key[name]:
                called = name or _("unbekannter Schlüssel")
                click.echo(f"{place}  {called}: {by_key[name]}")
    for name in names[1:]:
        if not any(by_key[name] for by_key in counted.values()):
            click.echo(_("Mit „%(key)s“ ist nichts mehr verschlüsselt; er kann entfernt werden.", key=name))


@keys.command("rotate")
@json_option
@with_app
def rotate_(as_json: bool) -> None:
    """Encrypt everything again with the first key, while everything runs. Harmless when repeated or cut off."""
    done: dict[str, Progress] = {}
    for progress in rotate():
        done[progress.place] = progress
        if not as_json:
            click.echo(f"{progress.place}: {progress.done}")
    names = list(current_settings().keys)
    values = _values(names)
    if as_json:
        print_json(values | {"reencrypted": {place: it.done for place, it in done.items()}})
    left = values["left"]
    if left:
        raise Refused(
            _("%(count)s Werte sind noch mit anderen Schlüsseln verschlüsselt. Rufen Sie den Befehl noch einmal auf; "
              "was kein Schlüssel öffnet, nennt „jobbruecke keys status“.", count=left)
        )  # fmt: skip
    if not as_json:
        click.echo(_("Alles ist mit „%(key)s“ verschlüsselt.", key=names[0]))


def _values(names: list[str]) -> dict[str, object]:
    counted = count_by_key()
    left = sum(number for by_key in counted.values() for name, number in by_key.items() if name != names[0])
    used = {name for by_key in counted.values() for name in by_key}
    return {
        "newest": names[0],
        "left": left,
        "removable": [name for name in names[1:] if name not in used],
        "unknown": sum(by_key[UNKNOWN] for by_key in counted.values()),
        "places": {place: dict(by_key) for place, by_key in counted.items()},
    }

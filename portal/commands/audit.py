"""`jobbruecke audit`: whether what was written still stands as it was written."""

from __future__ import annotations

import click
from flask_babel import lazy_gettext as _l

from portal import current_settings
from portal.audit.heads import HeadError, export_heads, heads_file, newest_heads, read_heads
from portal.audit.verifying import Finding, Misfit, verify
from portal.commands.edge import in_application
from portal.commands.options import json_option
from portal.commands.output import print_json
from portal.commands.refused import Refused
from portal.commands.words import _
from portal.database import EVERY_TENANT, commit, reading, scope_to, utcnow
from portal.refusal import Refusal

_MISFITS = {
    Misfit.SEAL_MISSING: _l("Das Siegel %(number)s der Kette %(chain)s fehlt."),
    Misfit.SEAL_CHANGED: _l("Das Siegel %(number)s der Kette %(chain)s wurde verändert."),
    Misfit.ENTRY_MISSING: _l(
        "Der Eintrag %(entry)s in %(table)s fehlt (Kette %(chain)s, Siegel %(number)s)."
    ),
    Misfit.ENTRY_CHANGED: _l(
        "Der Eintrag %(entry)s in %(table)s wurde verändert (Kette %(chain)s, Siegel %(number)s)."
    ),
    Misfit.ENTRY_ADDED: _l("Der Eintrag %(entry)s in %(table)s kam von außen dazu (Kette %(chain)s)."),
    Misfit.CUT_OFF: _l(
        "Die Kette %(chain)s ist nicht mehr die, die ausgeführt wurde: Siegel %(number)s passt nicht."
    ),
}


@click.group()
def audit() -> None:
    """The audit and the protocols: whether anybody changed them."""


@audit.command("verify")
@json_option
@in_application
def verify_(as_json: bool) -> None:
    """Read every seal and entry again, and name the first that does not fit; then the exit code is 1."""
    scope_to(EVERY_TENANT)
    try:
        with reading():
            result = verify(read_heads(current_settings()))
            commit()
    except HeadError as error:
        raise Refusal("audit-head-wrong", line=error.line) from None
    finding = result.finding
    if as_json:
        counts = {name: getattr(result, name) for name in ("seals", "entries", "erased", "unsealed")}
        print_json({"ok": finding is None, **counts, "finding": _values(finding) if finding else None})
    if finding is not None:
        raise Refused(_sentence(finding))
    if not as_json:
        click.echo(
            _(
                "Alles passt. Einträge: %(entries)s, Siegel: %(seals)s, nach Ablauf gelöscht: %(erased)s.",
                entries=result.entries,
                seals=result.seals,
                erased=result.erased,
            )
        )


@audit.command("export")
@in_application
def export() -> None:
    """Append the signed heads of all chains to the file; cron does so every hour."""
    with reading():
        heads = newest_heads(utcnow())
        commit()
    export_heads(current_settings(), heads)
    click.echo(_("Ausgeführt nach %(file)s.", file=heads_file(current_settings())))


def _values(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.misfit.value,
        "message": _sentence(finding),
        "chain": finding.chain,
        "seal": finding.number,
        "table": finding.table,
        "entry": finding.entry_id,
    }


def _sentence(finding: Finding) -> str:
    values = {
        "chain": finding.chain,
        "number": finding.number,
        "table": finding.table,
        "entry": finding.entry_id,
    }
    return str(_MISFITS[finding.misfit]) % values

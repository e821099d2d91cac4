"""What a command says when it is refused."""

from __future__ import annotations

import click


class Refused(click.ClickException):
    """What was wanted cannot be had: one sentence on standard error, exit code 1."""

    def show(self, file: object = None) -> None:  # noqa: ARG002
        click.echo(self.message, err=True)

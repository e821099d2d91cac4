"""Refusals: what a person wanted and cannot have, by code; `portal.shell.messages` has the sentences."""

from __future__ import annotations


class Refusal(Exception):
    """Something is refused for a reason that a person can understand; nothing was changed.

    `code` names the sentence, `values` fill it. Values never hold personal data beyond the numbers of records.
    """

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


class NotFound(Refusal):
    """The thing named does not exist for this tenant, which is all that is said of it."""

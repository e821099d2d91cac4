"""Why a message was not taken: types that decide what becomes of it."""

from __future__ import annotations


class MailError(Exception):
    """A message was not taken; the text is a code, never what the server said: that may repeat an address."""


class ServerAway(MailError):
    """The server did not answer, broke off, refused us, or spoke nonsense: whatever else we had for it waits, too."""


class RecipientRefused(MailError):
    """The server will never take a message for this address."""


class RecipientDeferred(MailError):
    """The server wants to be asked later for this address."""

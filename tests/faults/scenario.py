"""What a story is: how it begins, the steps that it goes through, what is true once it has ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.support.bridge import Bridge
from tests.support.mail_server import MailServer
from tests.support.proxy import Middle

Go = Callable[[], object]
"""What a process does, from wherever it is."""
Meanwhile = dict[str, Callable[[Bridge], object]]


@dataclass(frozen=True)
class Outside:
    """Servers that are not ours."""

    middle: Middle
    mail: MailServer


Begin = Callable[[Bridge, Outside], Go]
"""Makes everything ready; gives what a process then does."""


@dataclass(frozen=True)
class Story:
    begin: Begin
    check: Callable[[Bridge], None]
    steps: tuple[str, ...]
    meanwhile: Meanwhile = field(default_factory=dict)
    """What others do when a failpoint is reached for the first time."""
    mails: int | None = None
    """So many different mails arrive, however often each."""

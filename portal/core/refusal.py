"""Refusals: what a person wanted and cannot have. Each reason is a class in the `errors` of its feature."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any, ClassVar, Self

REFUSALS: dict[str, type[Refusal]] = {}
"""Every reason by its code; filled as the classes are defined."""


class Refusal(Exception):
    """Something is refused for a reason that a person can understand; nothing was changed.

    A subclass with a `sentence` is one reason, and its name is the code: `AlreadyReleased` is `already-released`. The
    values fill the sentence; they never hold personal data beyond the numbers of records. `Refusal("code")` makes the
    reason that was stored by its code.
    """

    code: str
    sentence: ClassVar[Any] = None
    status: ClassVar[int] = HTTPStatus.CONFLICT
    retry_seconds: ClassVar[int | None] = None
    """When to ask again for what cannot be had just now."""

    def __init_subclass__(cls) -> None:
        if "sentence" not in vars(cls):
            return
        cls.code = re.sub("(?<!^)(?=[A-Z])", "-", cls.__name__).lower()
        if cls.code in REFUSALS:
            raise TypeError(f"two refusals are called {cls.code}")
        REFUSALS[cls.code] = cls

    def __new__(cls, code: str | None = None, /, **values: object) -> Self:  # noqa: ARG004
        kind = REFUSALS.get(code or "", cls)
        return super().__new__(kind if issubclass(kind, cls) else cls)

    def __init__(self, code: str | None = None, /, **values: object) -> None:
        self.code = code or self.code
        super().__init__(self.code)
        self.values = values

    def shown(self) -> dict[str, Any]:
        """What the sentence shows."""
        return dict(self.values)


class NotFound(Refusal):
    """The thing named does not exist for this tenant, which is all that is said of it."""

    status = HTTPStatus.NOT_FOUND

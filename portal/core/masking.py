"""Social insurance numbers in foreign text: recognised however they are written, and masked. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

MASK = "••••••••••••"
_BETWEEN = r"[\W_\u115f\u1160\u3164]*"
"""Whatever stands between the characters of a number; the last three are invisible letters."""
_NUMBER = re.compile(
    rf"(?<!\d)\d(?:{_BETWEEN}\d){{7}}{_BETWEEN}[^\W\d_](?:{_BETWEEN}\d){{3}}(?!\d)",
)
_WEIGHTS = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
_VALID = re.compile("[0-9]{8}[A-Z][0-9]{3}")


def without_numbers(text: str) -> str:
    """Mask everything in a foreign text that looks like a social insurance number."""
    kept, at = [], 0
    for start, end, _ in _find(text):
        kept += [text[at:start], MASK]
        at = end
    return "".join([*kept, text[at:]])


def holds_valid_number(text: str) -> bool:
    """Whether a number with the right check digit is in there: asked of names of things, which must stay apart."""
    return any(_VALID.fullmatch(number) and check_digit(number) == number[-1] for *_, number in _find(text))


def check_digit(number: str) -> str:
    """The last digit that a social insurance number must have, from its first eleven characters.

    Source: VKVV § 4: the letter counts as its place in the alphabet in two digits; the digits are weighted, the
    cross sums of the products added, and the last digit of the sum is taken.
    """
    digits = number[:8] + f"{ord(number[8]) - ord('A') + 1:02d}" + number[9:11]
    products = (int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return str(sum(sum(divmod(product, 10)) for product in products) % 10)


def _find(text: str) -> Iterator[tuple[int, int, str]]:
    """Where each begins and ends, and its twelve characters without what stands between."""
    folded, places = text, range(len(text))
    if not text.isascii():  # digits of other scripts and widths, and letters in circles
        pairs = [(char, at) for at, one in enumerate(text) for char in unicodedata.normalize("NFKC", one)]
        folded, places = "".join(char for char, _ in pairs), [at for _, at in pairs]  # type: ignore[assignment]
    for found in _NUMBER.finditer(folded):
        number = re.sub(_BETWEEN, "", found[0]).upper()
        yield places[found.start()], places[found.end() - 1] + 1, _in_ascii(number)


def _in_ascii(number: str) -> str:
    return "".join(str(unicodedata.digit(char, "")) or char for char in number)


_HIDDEN = "••••"


def is_hidden(identifier: str) -> bool:
    """Return whether it stands in place of another one."""
    return identifier.startswith(_HIDDEN)

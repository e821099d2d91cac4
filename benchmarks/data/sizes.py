"""How many participants each tenant has: one large one, and a long tail. Pure."""

from __future__ import annotations

_STEEPNESS = 3.5
"""Exponent of the Zipf-Mandelbrot law: with 200 tenants the smallest has a few dozen of a million."""
_ROUNDS = 200


class SizesImpossibleError(ValueError):
    """No distribution has these numbers."""


def tenant_sizes(people: int, tenants: int, largest: int | None = None) -> list[int]:
    """Return the size of each tenant, largest first; together they are `people`.

    Without `largest` the first has a tenth of them, or an equal share where that is more. Raises SizesImpossibleError.
    """
    first = people if tenants == 1 else (largest or max(people // 10, -(-people // tenants)))
    if tenants > people or first > people - (tenants - 1) or first * tenants < people:
        raise SizesImpossibleError
    wanted = [max(1, round(size)) for size in _law(first, tenants, people)]
    wanted[0] = first
    return _fitted(wanted, people)


def _law(first: int, tenants: int, people: int) -> list[float]:
    """`first` falling by rank, so that the sum fits: the offset of the law is found by halving."""
    low, high = 1e-9, 1e12
    sizes: list[float] = []
    for _ in range(_ROUNDS):
        offset = (low * high) ** 0.5
        sizes = [first * (offset / (offset + rank)) ** _STEEPNESS for rank in range(tenants)]
        if sum(sizes) < people:
            low = offset
        else:
            high = offset
    return sizes


def _fitted(sizes: list[int], people: int) -> list[int]:
    """Take what rounding left over from the tail, or give it to those below the first."""
    missing = people - sum(sizes)
    step = 1 if missing > 0 else -1
    while missing:
        for rank in range(1, len(sizes)):
            fits = sizes[rank] < sizes[0] if step > 0 else sizes[rank] > 1
            if missing and fits:
                sizes[rank] += step
                missing -= step
    return sorted(sizes, reverse=True)

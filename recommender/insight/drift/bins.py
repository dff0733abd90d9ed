"""Count two periods over the same bins, with a name for each bin. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

NAMED = 20
"""The most frequent names get a bin each; all others share one."""

MASS = 10
"""Bins of equal mass."""

OTHERS, NEW = "others", "unknown before"


@dataclass(frozen=True)
class Binned:
    """Hold the bins as parallel tuples (n_bins,)."""

    names: tuple[str, ...]
    before: tuple[int, ...]
    now: tuple[int, ...]


def by_name(before: Mapping[str, int], now: Mapping[str, int]) -> Binned:
    """Bin names: one bin for each of the names most frequent before, and one for the others."""
    common = sorted(before, key=lambda name: (-before[name], name))[:NAMED]
    rest = [sum(counts.values()) - sum(counts.get(name, 0) for name in common) for counts in (before, now)]
    names = (*common, OTHERS) if any(rest) else tuple(common)
    columns = [[counts.get(name, 0) for name in common] for counts in (before, now)]
    return Binned(
        names, *(tuple(column + ([left] if any(rest) else [])) for column, left in zip(columns, rest, strict=True))
    )


def by_popularity(before: Mapping[int, int], now: Mapping[int, int]) -> Binned:
    """Bin items by popularity into bins of about equal mass before, the most popular first; new items have one bin.

    A bin for each item would find drift in nothing but small numbers.
    """
    order = sorted(before, key=lambda item: (-before[item], item))
    counts = np.array([before[item] for item in order], float)
    total = max(counts.sum(), 1.0)
    # An item goes where the middle of its own events lies.
    places = np.minimum(((np.cumsum(counts) - counts / 2) / total * MASS).astype(int), MASS - 1)
    bin_of = dict(zip(order, places.tolist(), strict=True))
    sums = [[0] * (MASS + 1) for _ in range(2)]
    for column, side in ((0, before), (1, now)):
        for item, count in side.items():
            sums[column][bin_of.get(item, MASS)] += count
    names = (*(f"{10 * number}–{10 * number + 10} % of the events" for number in range(MASS)), NEW)
    kept = [number for number in range(MASS + 1) if sums[0][number] or sums[1][number]]
    return Binned(
        tuple(names[number] for number in kept), *(tuple(column[number] for number in kept) for column in sums)
    )


def by_value(before: Mapping[float, int], now: Mapping[float, int]) -> Binned:
    """Bin values into bins of about equal mass before; where there are few values, each has a bin of its own."""
    values = sorted({*before, *now})
    if len(values) > NAMED:
        known = sorted(before)
        mass = np.cumsum([before[value] for value in known]) / max(sum(before.values()), 1)
        edges = [known[int(np.searchsorted(mass, share))] for share in np.arange(1, MASS) / MASS] if known else []
        edges = sorted(set(edges))
    else:
        edges = values[:-1]
    sums = [[0] * (len(edges) + 1) for _ in range(2)]
    for column, side in ((0, before), (1, now)):
        for value, count in side.items():
            sums[column][int(np.searchsorted(edges, value))] += count
    names = (*(f"up to {edge:g}" for edge in edges), "above") if edges else ("all",)
    return Binned(names, tuple(sums[0]), tuple(sums[1]))

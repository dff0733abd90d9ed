"""The items of a category, a tag or a type: from the lists of the base, and kept from one snapshot to the next."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from catalog.snapshot.base import Labels, Mask, Rows
from catalog.snapshot.changes import Record
from catalog.snapshot.state import State

MOST = 5_000
"""Changed rows up to which patching takes less than making it anew."""

LABELS = {"category": ("categories", True), "item_type": ("item_types", False)}
"""The column of a label, and whether a row has several."""


class Filter(NamedTuple):
    """Name what items may be of: any of the categories, any of the tags, and the type; empty for all."""

    categories: frozenset[str]
    tags: frozenset[str]
    item_type: str

    def passes(self, record: Record) -> bool:
        return (
            (not self.categories or not self.categories.isdisjoint(record.categories))
            and (not self.tags or not self.tags.isdisjoint(record.tags))
            and (not self.item_type or self.item_type == record.item_type)
        )


@dataclass(frozen=True, eq=False, slots=True)
class Filtered:
    """Mark the available items that pass a filter (n_rows,), and count the things among them."""

    mask: Mask
    count: int


def filtered(snapshot: State, asked: Filter) -> Filtered:
    """Return the available items that pass; kept, and patched in the rows that change."""
    make, patch = partial(_made, snapshot, asked), partial(_patched, snapshot, asked)
    return snapshot.lineage.derive(("filter", asked), snapshot, make, patch)


def category_counts(snapshot: State) -> Mapping[str, int]:
    """Return how many available items each category has."""
    return _counts(snapshot, "category", "available")


def names_in_use(snapshot: State, label: str) -> Iterable[str]:
    """Return the categories, or the item types, that any item has."""
    return _counts(snapshot, label, "exists").keys()


def _made(snapshot: State, asked: Filter) -> Filtered:
    base, mask = snapshot.base, snapshot.available.copy()
    wanted = ((base.categories, asked.categories), (base.tags, asked.tags), (base.item_types, _one(asked.item_type)))
    for labels, names in wanted:
        if names:
            mask &= _any_of(labels, names, len(snapshot))
    if records := snapshot.records:
        rows = np.fromiter(records, np.int64, len(records))
        passing = np.fromiter((asked.passes(record) for record in records.values()), bool, len(records))
        mask[rows] = passing & snapshot.available[rows]
    return frozen(snapshot, mask)


def _patched(snapshot: State, asked: Filter, old: Filtered, rows: Rows) -> Filtered | None:
    if len(rows) > MOST:
        return None
    mask = np.zeros(len(snapshot), bool)
    mask[: len(old.mask)] = old.mask
    passing = np.fromiter((asked.passes(snapshot.record(row)) for row in rows.tolist()), bool, len(rows))
    mask[rows] = passing & snapshot.available[rows]
    return frozen(snapshot, mask)


def frozen(snapshot: State, mask: Mask) -> Filtered:
    """Return a mask that is to be kept, with the number of things in it."""
    mask.flags.writeable = False
    return Filtered(mask, snapshot.count_distinct(mask))


def _one(name: str) -> frozenset[str]:
    return frozenset([name] if name else [])


def _any_of(labels: Labels, names: Iterable[str], length: int) -> Mask:
    mask = np.zeros(length, bool)
    for name in names:
        mask[labels.rows_of(labels.names.find(name))] = True
    return mask


def _counts(snapshot: State, label: str, which: str) -> Mapping[str, int]:
    """Count the items of a mask by the names of a label."""

    def make() -> tuple[State, Counter[str]]:
        return snapshot, _counted(snapshot, label, which)

    def patch(old: tuple[State, Counter[str]], rows: Rows) -> tuple[State, Counter[str]] | None:
        if len(rows) > MOST:
            return None
        counts = old[1].copy()
        counts.subtract(_names_at(old[0], label, which, rows[rows < len(old[0])]))
        counts.update(_names_at(snapshot, label, which, rows))
        return snapshot, +counts

    return snapshot.lineage.derive(("counts", label, which), snapshot, make, patch)[1]


def _counted(snapshot: State, label: str, which: str) -> Counter[str]:
    labels: Labels = getattr(snapshot.base, LABELS[label][0])
    rows = np.fromiter(snapshot.records, np.int64, len(snapshot.records))
    mask = getattr(snapshot, which)[: len(snapshot.base)].copy()
    mask[rows[rows < len(mask)]] = False
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(mask[labels.rows])])[labels.row_starts]
    amounts = zip(labels.names, np.diff(ends).tolist(), strict=True)
    counts = Counter({name: amount for name, amount in amounts if amount})
    counts.update(_names_at(snapshot, label, which, rows))
    return counts


def _names_at(snapshot: State, label: str, which: str, rows: Rows) -> Iterable[str]:
    """Yield the names of the rows that are in the mask."""
    names = getattr(snapshot, LABELS[label][0])
    for row in rows[getattr(snapshot, which)[rows]].tolist():
        yield from names[row] if LABELS[label][1] else filter(None, (names[row],))

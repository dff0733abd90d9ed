"""The catalogue at one moment: a base, what has changed since, and how rows are found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from catalog.snapshot.base import NO_GROUP, Base, Ids, Mask, Rows
from catalog.snapshot.changes import Record
from catalog.snapshot.columns import Column
from catalog.snapshot.derived import Lineage
from catalog.snapshot.features import Pairs

FEW = 10_000
"""Items up to which sorting their groups takes less than a counter for every group."""


@dataclass(frozen=True, eq=False)
class State:
    """Hold the catalogue at one moment, aligned by row.

    Later snapshots of the same `base` keep the rows: a changed item stays at its row, a new one comes at the end, and
    the row of a deleted one is never available again and found by nobody. `changed_since` has the rows that differ.
    """

    base: Base
    """Snapshots with the same one (by identity) have the same rows."""
    lineage: Lineage
    version: int
    """Rises with each snapshot of the same base."""
    ids: Ids
    """(n_rows,), sorted as far as the base goes."""
    groups: NDArray[np.int32]
    """A number for each group of variants, NO_GROUP for an item that stands alone."""
    published: Ids
    """Unix seconds, or NO_DATE."""
    added: Ids
    """When each came into the catalogue, in Unix seconds."""
    available: Mask
    """What may be recommended now, until `changes_at`."""
    exists: Mask
    records: Mapping[int, Record]
    """What is known of the rows that differ from the base."""
    new_rows: Mapping[str, int]
    """The rows, by outside id, of items that the base doesn't have under that id."""
    as_of: float
    changes_at: float
    count: int
    """How many items exist: the rows but for those of deleted items."""
    available_count: int
    """How many things are available; variants of one count once."""
    has_groups: bool

    @classmethod
    def of(cls, base: Base, now: float) -> Self:
        """Start with a base at a time."""
        available = base.switched_on & (base.opens <= now) & (base.closes > now)
        available.flags.writeable = False
        exists = np.ones(len(base), bool)
        first = cls(
            base=base,
            lineage=Lineage(),
            version=0,
            ids=base.ids,
            groups=base.groups,
            published=base.published,
            added=base.added,
            available=available,
            exists=exists,
            records={},
            new_rows={},
            as_of=now,
            changes_at=base.next_edge(now),
            count=len(base),
            available_count=0,
            has_groups=len(base.variants.names) > 0,
        )
        return replace(first, available_count=first.count_distinct(available))

    def __len__(self) -> int:
        """Return the number of rows; `count` is that of items."""
        return len(self.ids)

    @cached_property
    def item_ids(self) -> Sequence[str]:
        return Column(self.base.item_ids.__getitem__, self.records, "item_id", len(self))

    @cached_property
    def titles(self) -> Sequence[str]:
        return Column(self.base.titles.__getitem__, self.records, "title", len(self))

    @cached_property
    def creators(self) -> Sequence[str]:
        return Column(self.base.creators.__getitem__, self.records, "creator", len(self))

    @cached_property
    def categories(self) -> Sequence[tuple[str, ...]]:
        return Column(self.base.categories.__getitem__, self.records, "categories", len(self))

    @cached_property
    def tags(self) -> Sequence[tuple[str, ...]]:
        return Column(self.base.tags.__getitem__, self.records, "tags", len(self))

    @cached_property
    def item_types(self) -> Sequence[str]:
        return Column(self.base.item_types.first, self.records, "item_type", len(self))

    @cached_property
    def group_names(self) -> Sequence[str]:
        return Column(self.base.variants.first, self.records, "group", len(self))

    @cached_property
    def features(self) -> Sequence[Pairs]:
        return Column(self.base.features.__getitem__, self.records, "features", len(self))

    def rows(self, ids: NDArray[np.integer]) -> Ids:
        """Return the rows of internal ids; -1 where the catalogue has no such item."""
        rows = self.rows_ever(ids)
        if self.count < len(self):
            rows = np.where(self.exists.take(rows, mode="clip"), rows, -1)
        return rows

    def rows_ever(self, ids: NDArray[np.integer]) -> Ids:
        """Return the same, with the rows of deleted items."""
        rows = self.base.rows(ids).astype(np.int64)
        if len(self) > len(self.base) and len(new := np.flatnonzero(rows < 0)):
            known, at = self._new_ids
            place = np.minimum(np.searchsorted(known, ids[new]), len(known) - 1)
            rows[new] = np.where(known[place] == ids[new], at[place], -1)
        return rows

    def row_of(self, item_id: str) -> int | None:
        """Return the row of the item with this outside id; None where there is none."""
        row = self.new_rows.get(item_id, -1)
        if self._is_called(row, item_id):
            return row
        row = self.base.item_ids.find(item_id)
        return row if self._is_called(row, item_id) else None

    def _is_called(self, row: int, item_id: str) -> bool:
        """Tell if the row, found by this id, still has it: its item may have another one, or be gone."""
        record = self.records.get(row)
        return row >= 0 and bool(self.exists[row]) and (record is None or record.item_id == item_id)

    def changed_since(self, other: "State") -> Rows | None:
        """Return the rows (sorted) that differ from an earlier snapshot, the new ones included.

        None where it is of another base, or so old that nobody remembers: then everything may differ.
        """
        if other.base is not self.base or other.version > self.version:
            return None
        return self.lineage.changed_between(other.version, self.version)

    def with_variants(self, rows: Rows) -> Rows:
        """Return the rows (-1 for unknown ones stays) and those of all variants of their items."""
        if not self.has_groups:
            return rows
        groups = {*self.groups[rows[rows >= 0]].tolist()} - {NO_GROUP}
        return np.concatenate([rows, *map(self._variants, sorted(groups))]) if groups else rows

    def _variants(self, group: int) -> Rows:
        found = self.base.variants.rows_of(group if group < len(self.base.variants.names) else -1)
        if not self.records:
            return found
        found, changed = found[self.groups[found] == group], self._changed_rows
        return np.union1d(found, changed[self.groups[changed] == group])

    def count_distinct(self, which: Mask) -> int:
        """Count the items of a mask (n_rows,); the variants of one thing count once."""
        if not self.has_groups:
            return int(np.count_nonzero(which))
        return _distinct(self.groups[which])

    def record(self, row: int) -> Record:
        """Return all that is known of a row."""
        if (found := self.records.get(row)) is not None:
            return found
        base = self.base
        return Record(
            int(base.ids[row]),
            base.item_ids[row],
            base.titles[row],
            base.creators[row],
            base.categories[row],
            base.tags[row],
            base.item_types.first(row),
            base.variants.first(row),
            int(base.published[row]),
            int(base.added[row]),
            bool(base.switched_on[row]),
            float(base.opens[row]),
            float(base.closes[row]),
            base.features[row],
        )

    @cached_property
    def _changed_rows(self) -> Ids:
        return np.fromiter(self.records, np.int64, len(self.records))

    @cached_property
    def _new_ids(self) -> tuple[Ids, Ids]:
        """Sort the ids behind those of the base; return them and their rows."""
        new = self.ids[len(self.base) :]
        order = np.argsort(new, kind="stable")
        return new[order], order + len(self.base)


def _distinct(groups: NDArray[np.int32]) -> int:
    grouped = groups[groups != NO_GROUP]
    alone = len(groups) - len(grouped)
    if len(grouped) < FEW:
        return alone + len(np.unique(grouped))
    return alone + int(np.count_nonzero(np.bincount(grouped)))

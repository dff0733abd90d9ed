"""Keep what a list needs to know of every item in the memory of each process, so that an answer needs no query.

Whoever changes items calls `bump()`; every process reads them again within a second or two.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Self

import numpy as np
from django.db.models.fields.json import KT
from numpy.typing import NDArray

from catalog.models import Item
from recsite.platform import database, generations
from recsite.platform.reloading import Reloading

GENERATION = "catalog"
NO_DATE = np.iinfo(np.int64).min
NO_GROUP = -1
SPARSEST = 32
"""Numbers per item up to which a table of rows by id is kept."""
Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]
NO_ROWS = np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Hold the catalogue at one moment, aligned by row; rows are sorted by the items' internal ids."""

    ids: Ids
    """(n_items,)"""
    item_ids: Sequence[str]
    titles: Sequence[str]
    creators: Sequence[str]
    categories: Sequence[tuple[str, ...]]
    tags: Sequence[tuple[str, ...]]
    item_types: Sequence[str]
    groups: NDArray[np.int32]
    """A number for each group of variants, NO_GROUP for an item that stands alone."""
    published: Ids
    """Unix seconds, or NO_DATE."""
    added: Ids
    """When each came into the catalogue, in Unix seconds."""
    switched_on: Mask
    opens: NDArray[np.float64]
    closes: NDArray[np.float64]
    available: Mask
    """What may be recommended now, until `changes_at`."""
    changes_at: float

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, ids: NDArray[np.integer]) -> Ids:
        """Return the rows of internal ids; -1 where the catalogue has no such item."""
        if not len(self.ids):
            return np.full(len(ids), -1)
        if self._row_by_id is not None:
            return self._row_by_id.take(ids, mode="clip")
        found = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[found] == ids, found, -1)

    def row_of(self, item_id: str) -> int | None:
        """Return the row of the item with this outside id; None where there is none."""
        return self._row_by_item_id.get(item_id)

    def matching(
        self,
        categories: Iterable[str] = (),
        tags: Iterable[str] = (),
        item_type: str = "",
        exclude: Iterable[str] = (),
    ) -> Mask:
        """Mark the available items of any of the categories, any of the tags and the type, without `exclude`."""
        mask = self.available.copy()
        for wanted, rows_by_name in ((categories, self._rows_by_category), (tags, self._rows_by_tag)):
            if wanted := tuple(wanted):
                mask &= self._any_of(wanted, rows_by_name)
        if item_type:
            mask &= self._any_of((item_type,), self._rows_by_type)
        mask[[row for row in map(self.row_of, exclude) if row is not None]] = False
        return mask

    def with_variants(self, rows: NDArray[np.integer]) -> NDArray[np.integer]:
        """Return the rows (-1 for unknown ones stays) and those of all variants of their items."""
        if not self.has_groups:
            return rows
        groups = np.unique(self.groups[rows[rows >= 0]])
        order, starts = self._rows_by_group
        return np.concatenate([rows, *(order[starts[group] : starts[group + 1]] for group in groups if group >= 0)])

    def similarity(self, rows: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return the similarity (n, n) of items by creator, categories and tags: their Jaccard index.

        0 for items that have none of these.
        """
        labels = [self._labels(int(row)) for row in rows]
        numbers = {label: number for number, label in enumerate(sorted(set().union(*labels)))}
        has = np.zeros((len(rows), len(numbers)), np.float32)
        for place, own in enumerate(labels):
            has[place, [numbers[label] for label in own]] = 1
        both, each = has @ has.T, has.sum(axis=1)
        either = each[:, None] + each - both
        return both / np.maximum(either, 1)

    def _labels(self, row: int) -> set[tuple[str, str]]:
        labels = {("category", name) for name in self.categories[row]} | {("tag", name) for name in self.tags[row]}
        return labels | ({("creator", self.creators[row])} if self.creators[row] else set())

    def count_distinct(self, which: Mask) -> int:
        """Count the items of a mask (n_items,); the variants of one thing count once."""
        if not self.has_groups:
            return int(np.count_nonzero(which))
        sizes = np.bincount(self.groups[which] - NO_GROUP, minlength=1)
        return int(sizes[0] + np.count_nonzero(sizes[1:]))

    @cached_property
    def has_groups(self) -> bool:
        return bool((self.groups != NO_GROUP).any())

    @cached_property
    def category_names(self) -> list[str]:
        """Return the categories in use, sorted."""
        return sorted(self._rows_by_category)

    @cached_property
    def type_names(self) -> list[str]:
        """Return the item types in use, sorted."""
        return sorted(filter(None, self._rows_by_type))

    def at(self, now: float) -> Self:
        """Return the same catalogue at another time: what became available and unavailable since."""
        edges = np.concatenate([self.opens, self.closes])
        ahead = edges[edges > now]
        return replace(
            self,
            available=self.switched_on & (self.opens <= now) & (self.closes > now),
            changes_at=float(ahead.min(initial=np.inf)),
        )

    @cached_property
    def _row_by_id(self) -> Ids | None:
        """Build the row for each id up to the highest, -1 at both ends; None where that would waste too much memory."""
        if self.ids[-1] > SPARSEST * len(self.ids):
            return None
        table = np.full(self.ids[-1] + 2, -1)
        table[self.ids] = np.arange(len(self.ids))
        return table

    @cached_property
    def _row_by_item_id(self) -> dict[str, int]:
        return {item_id: row for row, item_id in enumerate(self.item_ids)}

    @cached_property
    def _rows_by_category(self) -> Mapping[str, Ids]:
        return _inverted(self.categories)

    @cached_property
    def _rows_by_tag(self) -> Mapping[str, Ids]:
        return _inverted(self.tags)

    @cached_property
    def _rows_by_type(self) -> Mapping[str, Ids]:
        return _inverted([(item_type,) for item_type in self.item_types])

    @cached_property
    def _rows_by_group(self) -> tuple[Ids, Ids]:
        """Sort the rows by group of variants; return them, and where each group begins."""
        order = np.argsort(self.groups, kind="stable")
        return order, np.searchsorted(self.groups[order], np.arange(self.groups.max(initial=NO_GROUP) + 2))

    def _any_of(self, wanted: Iterable[str], rows_by_name: Mapping[str, Ids]) -> Mask:
        mask = np.zeros(len(self), bool)
        for name in wanted:
            mask[rows_by_name.get(name, NO_ROWS)] = True
        return mask


def current() -> Snapshot:
    """Return the catalogue as this process knows it. Raises DatabaseDown where it was never read and can't be now."""
    held = _copy.current()
    if time.time() < held.changes_at:
        return held
    later = held.at(time.time())
    _copy.replace(held, later)
    return later


def bump() -> None:
    """Tell every process that the catalogue has changed: call it wherever items are written; waits for the commit."""
    generations.bump(GENERATION)


def forget() -> None:
    """Start again with nothing read, for tests."""
    _copy.forget()


def _read() -> Snapshot:
    return _snapshot(*database.ask(_columns))


FIELDS = (
    "pk",
    "item_id",
    "title",
    "creator_text",
    "categories",
    "tags",
    "item_type",
    "group",
    "published_at",
    "created_at",
    "is_available",
    "available_from",
    "available_until",
)


def _columns() -> list[list[Any]]:
    rows = Item.objects.order_by("pk").annotate(creator_text=KT("features__creator")).values_list(*FIELDS)
    columns: list[list[Any]] = [[] for _ in FIELDS]
    for row in rows.iterator(chunk_size=10_000):
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    return columns


def _snapshot(*columns: list[Any]) -> Snapshot:
    (
        pks,
        item_ids,
        titles,
        creators,
        categories,
        tags,
        item_types,
        groups,
        published,
        added,
        switched_on,
        opens,
        closes,
    ) = columns
    nothing = np.zeros(len(pks), bool)
    return Snapshot(
        ids=np.array(pks, np.int64),
        item_ids=item_ids,
        titles=titles,
        creators=[creator or "" for creator in creators],
        categories=_shared(categories),
        tags=_shared(tags),
        item_types=item_types,
        groups=_numbered(groups),
        published=_seconds(published, NO_DATE).astype(np.int64),
        added=_seconds(added, NO_DATE).astype(np.int64),
        switched_on=np.array(switched_on, bool),
        opens=_seconds(opens, -np.inf),
        closes=_seconds(closes, np.inf),
        available=nothing,
        changes_at=0.0,
    ).at(time.time())


def _seconds(times: list[datetime | None], missing: float) -> NDArray[np.float64]:
    return np.array([missing if when is None else when.timestamp() for when in times], np.float64)


def _numbered(groups: list[str]) -> NDArray[np.int32]:
    numbers: dict[str, int] = {"": NO_GROUP}
    return np.array([numbers.setdefault(group, len(numbers) - 1) for group in groups], np.int32)


def _shared(lists: list[list[str]]) -> list[tuple[str, ...]]:
    """Share equal tuples as one object: catalogues repeat a few combinations."""
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    return [known.setdefault(names, names) for names in map(tuple, lists)]


def _inverted(names_by_row: Iterable[tuple[str, ...]]) -> Mapping[str, Ids]:
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for row, names in enumerate(names_by_row):
        for name in names:
            rows[name].append(row)
    return {name: np.array(found) for name, found in rows.items()}


_copy = Reloading(GENERATION, _read)

"""The catalogue as one process knows it: what lists are filtered and compared by, on top of its state."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalog.snapshot import filters
from catalog.snapshot.base import Mask, Rows
from catalog.snapshot.filters import Filter, Filtered
from catalog.snapshot.state import State


@dataclass(frozen=True, eq=False)
class Snapshot(State):
    """Answer what may be on a list, without a query."""

    def matching(
        self,
        categories: Iterable[str] = (),
        tags: Iterable[str] = (),
        item_type: str = "",
        exclude: Iterable[str] = (),
    ) -> Mask:
        """Mark the available items of any of the categories, any of the tags and the type, without `exclude`.

        Not to be written to where nothing is excluded: it is kept for others who ask the same.
        """
        mask = self.filtered(categories, tags, item_type).mask
        rows = [row for row in map(self.row_of, exclude) if row is not None]
        if rows:
            mask = mask.copy()
            mask[rows] = False
        return mask

    def filtered(self, categories: Iterable[str] = (), tags: Iterable[str] = (), item_type: str = "") -> Filtered:
        """Return the mask of such available items with the number of things in it, kept for the next who asks."""
        asked = Filter(frozenset(categories), frozenset(tags), item_type)
        return filters.filtered(self, asked) if any(asked) else Filtered(self.available, self.available_count)

    def similarity(self, rows: Rows) -> NDArray[np.float32]:
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

    @property
    def category_names(self) -> list[str]:
        """Return the categories in use, sorted."""
        return sorted(filters.names_in_use(self, "category"))

    @property
    def type_names(self) -> list[str]:
        """Return the item types in use, sorted."""
        return sorted(filters.names_in_use(self, "item_type"))

    def category_counts(self) -> Mapping[str, int]:
        """Return how many available items each category has; none where it has none."""
        return filters.category_counts(self)

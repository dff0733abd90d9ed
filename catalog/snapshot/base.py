"""The catalogue at one moment as plain arrays, in a process's memory or mapped from files that all processes share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from catalog.snapshot.features import Features
from catalog.snapshot.texts import Names, Texts

Ids = NDArray[np.int64]
Rows = NDArray[np.integer]
Mask = NDArray[np.bool_]
Arrays = Mapping[str, NDArray[Any]]
NO_DATE = np.iinfo(np.int64).min
NO_GROUP = -1
NO_ROWS = np.empty(0, np.int32)
LABELS = ("category", "tag", "item_type", "group")
"""What an item may have several of (a type and a group at most once), kept both ways: by row, and by name."""


@dataclass(frozen=True, eq=False)
class Labels:
    """Hold the labels of all rows as codes, and the rows of each label."""

    names: Names
    starts: NDArray[np.int32]
    """(n_rows + 1,): where the codes of each row begin."""
    codes: NDArray[np.int32]
    row_starts: NDArray[np.int32]
    """(n_names + 1,): where the rows of each name begin."""
    rows: NDArray[np.int32]

    @classmethod
    def of(cls, arrays: Arrays, kind: str) -> Self:
        parts = ("starts", "codes", "row_starts", "rows")
        return cls(names(arrays, f"{kind}_name"), *(arrays[f"{kind}_{part}"] for part in parts))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, row: int) -> tuple[str, ...]:
        codes = self.codes[self.starts[row] : self.starts[row + 1]].tolist()
        return tuple([self.names[code] for code in codes])

    def rows_of(self, code: int) -> NDArray[np.int32]:
        """Return the rows of the name with this code; none for -1."""
        return self.rows[self.row_starts[code] : self.row_starts[code + 1]] if code >= 0 else NO_ROWS

    def first(self, row: int) -> str:
        """Return the first name of a row; empty where it has none."""
        start = int(self.starts[row])
        return self.names[int(self.codes[start])] if start < self.starts[row + 1] else ""


@dataclass(frozen=True, eq=False)
class Base:
    """Hold what is known of all items, by row; rows are sorted by the items' internal ids."""

    ids: Ids
    row_by_id: NDArray[np.int32]
    """The row for each id up to the highest, -1 at both ends; empty where that would waste too much memory."""
    item_ids: Names
    titles: Texts
    creators: Texts
    categories: Labels
    tags: Labels
    item_types: Labels
    variants: Labels
    features: Features
    groups: NDArray[np.int32]
    """The code of each row's group of variants, or NO_GROUP."""
    published: Ids
    added: Ids
    switched_on: Mask
    opens: NDArray[np.float64]
    closes: NDArray[np.float64]
    edges: NDArray[np.float64]
    """The times at which something opens or closes, sorted."""
    edge_rows: NDArray[np.int32]

    @classmethod
    def of(cls, arrays: Arrays) -> Self:
        """Build it of the arrays that `building` makes."""
        return cls(
            item_ids=names(arrays, "item_id"),
            titles=texts(arrays, "title"),
            creators=texts(arrays, "creator"),
            categories=Labels.of(arrays, "category"),
            tags=Labels.of(arrays, "tag"),
            item_types=Labels.of(arrays, "item_type"),
            variants=Labels.of(arrays, "group"),
            features=Features.of(arrays),
            **{name: arrays[name] for name in PLAIN},
        )

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, ids: NDArray[np.integer]) -> Rows:
        """Return the rows of internal ids; -1 where there was no such item."""
        if not len(self.ids):
            return np.full(len(ids), -1, np.int32)
        if len(self.row_by_id):
            return self.row_by_id.take(ids, mode="clip")
        found = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[found] == ids, found, -1)

    def next_edge(self, now: float) -> float:
        """Return when something of the base opens or closes next; infinity where nothing does."""
        at = int(np.searchsorted(self.edges, now, "right"))
        return float(self.edges[at]) if at < len(self.edges) else np.inf

    def edge_rows_between(self, after: float, until: float) -> NDArray[np.int32]:
        """Return the rows that open or close within (after, until]."""
        first, last = np.searchsorted(self.edges, (after, until), "right")
        return self.edge_rows[first:last]


PLAIN = (
    "ids",
    "row_by_id",
    "groups",
    "published",
    "added",
    "switched_on",
    "opens",
    "closes",
    "edges",
    "edge_rows",
)


def texts(arrays: Arrays, kind: str) -> Texts:
    return Texts(arrays[f"{kind}_block"], arrays[f"{kind}_text_starts"])


def names(arrays: Arrays, kind: str) -> Names:
    parts = ("block", "text_starts", "hashes", "order")
    return Names(*(arrays[f"{kind}_{part}"] for part in parts))

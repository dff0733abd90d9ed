"""A data set in files as a Dataset, without a database: the readers are those that import, the ids are of this run."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from catalog.importers.rows import DataSet, EventRow, ItemRow, Located, UserRow
from recommender.engine import tokens
from recommender.engine.types import UNDATED, CannotFit, Dataset, EventKind, IdMap, RowArray, Tokens, TokenTable

RATING = "rating"
BUILT_IN = (
    EventKind("view", 1),
    EventKind("click", 1),
    EventKind("like", 2),
    EventKind("add_to_cart", 3),
    EventKind("purchase", 5),
    EventKind("share", 2),
    EventKind("dislike", 3, is_negative=True),
    EventKind("impression", 0, marks_seen=False),
)
"""The interaction types of a new database, ratings apart: what they weigh there they weigh here."""


@dataclass(frozen=True)
class Read:
    """What was read, and how many lines were not."""

    dataset: Dataset
    rejected: int


def read(data: DataSet, relevant_at: float | None = None, implicit: bool = False) -> Read:
    """The events of a data set. Where it has ratings they alone count, unless `implicit` says that any event is one
    that speaks for its item, whatever its value.

    Raises CannotFit where nothing is left, and UnreadableSource where a file breaks off.
    """
    users: dict[str, int] = {}
    items: dict[str, int] = {}
    scale = data.scale
    rating = EventKind(
        RATING, 1, scale_min=scale.minimum, scale_max=scale.maximum, relevant_at=relevant_at or scale.relevant_at
    )
    kinds = (rating, *BUILT_IN)
    numbers = {kind.name: number for number, kind in enumerate(kinds)}
    rejected = 0
    described: dict[str, Tokens] = {}
    segments: dict[str, Tokens] = {}

    def events() -> Iterator[tuple[int, int, float, int, int]]:
        nonlocal rejected
        for entry in data.rows():
            row = entry.row if isinstance(entry, Located) else None
            if isinstance(row, EventRow) and row.type in numbers:
                value = np.nan if row.value is None else row.value
                time = UNDATED if row.occurred_at is None else int(row.occurred_at.timestamp())
                yield (
                    users.setdefault(row.user_id, len(users)),
                    items.setdefault(row.item_id, len(items)),
                    value,
                    numbers[row.type],
                    time,
                )
            elif isinstance(row, ItemRow):
                described[row.item_id] = tokens.tokens(
                    row.title, row.description, row.categories, row.tags, row.features
                )
            elif isinstance(row, UserRow):
                segments[row.user_id] = tokens.segments(row.demographics)
            else:
                rejected += row is None or isinstance(row, EventRow)

    columns = np.fromiter(events(), np.dtype("i8,i8,f4,u1,i8"))
    user_rows, item_rows = _in_order(users), _in_order(items)
    dataset = Dataset(
        user_ids=IdMap(np.arange(len(users))),
        item_ids=IdMap(np.arange(len(items))),
        users=user_rows[columns["f0"]],
        items=item_rows[columns["f1"]],
        values=columns["f2"],
        types=columns["f3"],
        times=columns["f4"],
        kinds=kinds,
        item_tokens=TokenTable(
            IdMap(np.arange(len(items))), tuple(described.get(name, ()) for name in sorted(items, key=_natural))
        ),
        user_segments=TokenTable(
            IdMap(np.arange(len(users))), tuple(segments.get(name, ()) for name in sorted(users, key=_natural))
        ),
    )
    return Read(narrowed(dataset, implicit), rejected)


def _in_order(names: dict[str, int]) -> RowArray:
    """The row of each name by its number: rows follow the ids of the file, by which ties in time are told apart."""
    rows = np.empty(len(names), np.int32)
    for row, name in enumerate(sorted(names, key=_natural)):
        rows[names[name]] = row
    return rows


def _natural(name: str) -> tuple[bool, int, str]:
    """Whole numbers by their value, before all other ids."""
    is_number = name.isascii() and name.isdigit() and len(name) < 19
    return not is_number, int(name) if is_number else 0, name


def narrowed(dataset: Dataset, implicit: bool) -> Dataset:
    """The events that count, over the people and items that have any."""
    explicit = np.array([kind.is_explicit for kind in dataset.kinds])[dataset.types]
    if implicit:
        views = EventKind("event", 1)
        dataset = replace(dataset, types=np.zeros(len(dataset), np.uint8), kinds=(views,))
    elif explicit.any():
        dataset = dataset.select(explicit & ~np.isnan(dataset.values))
    if not len(dataset):
        raise CannotFit("There are no events to evaluate on.")
    users, user_rows = np.unique(dataset.users, return_inverse=True)
    items, item_rows = np.unique(dataset.items, return_inverse=True)
    user_ids, item_ids = IdMap(dataset.user_ids.ids[users]), IdMap(dataset.item_ids.ids[items])
    return replace(
        dataset,
        user_ids=user_ids,
        item_ids=item_ids,
        users=user_rows.astype(np.int32),
        items=item_rows.astype(np.int32),
        item_tokens=dataset.item_tokens and dataset.item_tokens.take(item_ids),
        user_segments=dataset.user_segments and dataset.user_segments.take(user_ids),
    )

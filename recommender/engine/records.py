"""Events as records of a fixed width, and as a Dataset: one order, whoever read them."""

import numpy as np
from numpy.typing import NDArray

from recommender.engine.types import UNDATED, UNKNOWN, Dataset, EventKind, FloatArray, IdMap, IntArray

RECORD = np.dtype(
    [
        ("id", ">i8"),
        ("user", ">i8"),
        ("item", ">i8"),
        ("type", ">i2"),
        ("value", ">f8"),
        ("time", ">i8"),
        ("undated", "?"),
    ]
)
"""One event as PostgreSQL sends it; `time` in microseconds since the start of 2000, PostgreSQL's own count."""

YEAR_2000 = 946_684_800
MICROSECONDS = 1_000_000


def dataset_of(
    events: NDArray[np.void], user_ids: IdMap, item_ids: IdMap, type_ids: IdMap, kinds: tuple[EventKind, ...]
) -> Dataset:
    """Build the dataset of the events whose item and type are known, by user, time, item and type.

    `kinds` has what each of `type_ids` means.
    """
    types = type_ids.rows(events["type"])
    users, items = user_ids.rows(events["user"]), item_ids.rows(events["item"])
    values, times = _values(events), _microseconds(events)
    # Of two ratings at one time the one that was stored last comes last, and counts.
    order = np.lexsort((events["id"], types, items, times, users))
    order = order[(types[order] != UNKNOWN) & (items[order] != UNKNOWN)]
    return Dataset(
        user_ids=user_ids,
        item_ids=item_ids,
        users=users[order],
        items=items[order],
        values=values[order],
        types=types[order].astype(np.uint8),
        times=_unix_seconds(times[order]),
        kinds=kinds,
    )


def _values(events: NDArray[np.void]) -> FloatArray:
    """Return the values as float32; an amount beyond its range becomes the largest it has."""
    largest = float(np.finfo(np.float32).max)
    return np.clip(events["value"], -largest, largest).astype(np.float32)


def _microseconds(events: NDArray[np.void]) -> IntArray:
    return np.where(events["undated"], UNDATED, events["time"])


def _unix_seconds(times: IntArray) -> IntArray:
    return np.where(times == UNDATED, UNDATED, times // MICROSECONDS + YEAR_2000)


def records_of_dataset(dataset: Dataset) -> NDArray[np.void]:
    """Return a dataset's events as records, with the ids of users and items; `type` is the place of the kind."""
    records = np.empty(len(dataset), RECORD)
    is_undated = dataset.times == UNDATED
    records["id"] = np.arange(len(dataset))
    records["user"], records["item"] = dataset.user_ids.ids[dataset.users], dataset.item_ids.ids[dataset.items]
    records["type"], records["value"] = dataset.types, dataset.values
    records["time"] = (np.where(is_undated, YEAR_2000, dataset.times) - YEAR_2000) * MICROSECONDS
    records["undated"] = is_undated
    return records

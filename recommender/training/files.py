"""Read data sets in files as a Dataset, without a database: by the importers' readers, with ids of this run."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from catalog.importers.rows import MOST_REPEATS, DataSet, EventRow, ItemRow, Located, Rejected, Scale, UserRow
from recommender.engine import tokens
from recommender.engine.evaluation.prepare import prepare
from recommender.engine.evidence import explicit_kinds
from recommender.engine.types import UNDATED, CannotFit, Dataset, EventKind, IdMap, Mask, RowArray, Tokens, TokenTable

RATING = "rating"
BUILT_IN = (
    EventKind("view", 1),
    EventKind("click", 1),
    EventKind("like", 2),
    EventKind("add_to_cart", 3),
    EventKind("purchase", 5),
    EventKind("share", 2),
    EventKind("dislike", 3, is_negative=True),
    EventKind("return", 5, is_negative=True),
    EventKind("cancellation", 5, is_negative=True),
    EventKind("impression", 0, marks_seen=False),
)
"""The interaction types of a new database, ratings apart: what they weigh there they weigh here."""


@dataclass(frozen=True)
class LeftOut:
    """Count the lines that were read and count for nothing; `first` is the first that could not be read."""

    rejected: int = 0
    uncounted: int = 0
    """Events that are no ratings, where ratings alone count."""
    capped: int = 0
    """Lines whose count is cut to MOST_REPEATS."""
    first: Rejected | None = None

    @property
    def lines(self) -> int:
        """Return how many lines were left out in all."""
        return self.rejected + self.uncounted

    def sentences(self) -> Iterator[str]:
        """Yield a sentence for each reason why lines were left out."""
        if self.first:
            where = f"line {self.first.line} of {self.first.part}: {self.first.reason}"
            yield f"Lines left out because they can't be read: {self.rejected:,}. The first is {where}."
        if self.uncounted:
            yield f"Events left out because ratings alone count: {self.uncounted:,}. With --implicit all of them count."
        if self.capped:
            yield f"Lines with a count of more than {MOST_REPEATS}, taken for {MOST_REPEATS}: {self.capped:,}."


@dataclass(frozen=True)
class Read:
    """Hold the events that were read, and what was left out."""

    dataset: Dataset
    left_out: LeftOut


@dataclass(frozen=True)
class ReadSplit:
    """Hold a split that others made: the prepared events of both files, and which are the test (n_events,)."""

    dataset: Dataset
    is_test: Mask
    repeats: int
    left_out: LeftOut


def read(data: DataSet, relevant_at: float | None = None, implicit: bool = False) -> Read:
    """Read the events of a data set. Where it has ratings they alone count; with `implicit` every event does.

    Raises CannotFit where nothing is left, and UnreadableSource where a file breaks off.
    """
    reader = _Reader(data.scale, relevant_at, implicit)
    everything = reader.dataset(reader.columns(data))
    try:
        events = narrowed(everything, implicit=False)
    except CannotFit as error:
        raise CannotFit(" ".join([str(error), *reader.left_out(0).sentences()])) from error
    return Read(events, reader.left_out(len(everything) - len(events)))


def read_split(train: DataSet, test: DataSet, relevant_at: float | None = None, implicit: bool = False) -> ReadSplit:
    """Read two files as the two parts of a split, over the users and items of both. Raises as `read` does.

    Each part is prepared alone: of two ratings of a user and item in one file the last counts.
    """
    reader = _Reader(train.scale, relevant_at, implicit)
    parts = [reader.columns(train), reader.columns(test)]
    whole = reader.dataset(np.concatenate(parts))
    counted = _counted(whole)
    is_test = (np.arange(len(whole)) >= len(parts[0]))[counted]
    if is_test.all() or not is_test.any():
        raise CannotFit(f"The file of --{'train' if is_test.any() else 'test'} has no events to evaluate on.")
    events = _over_what_is_there(whole.select(counted))
    learned, judged = prepare(events.select(~is_test)), prepare(events.select(is_test))
    both = joined(learned, judged)
    left_out = reader.left_out(len(whole) - len(events))
    return ReadSplit(both, np.arange(len(both)) >= len(learned), len(events) - len(both), left_out)


class _Reader:
    """Collect the rows of one or more files, with one numbering of users and items.

    A line that stands for several equal events is one event with the weight of all of them: as several it would be
    torn apart by a split.
    """

    def __init__(self, scale: Scale, relevant_at: float | None, implicit: bool) -> None:
        self._rejected = 0
        self._first_rejected: Rejected | None = None
        rating = EventKind(
            RATING, 1, scale_min=scale.minimum, scale_max=scale.maximum, relevant_at=relevant_at or scale.relevant_at
        )
        kinds = (rating, *BUILT_IN)
        self._kinds = (EventKind("event", 1),) if implicit else kinds
        self._numbers = {kind.name: 0 if implicit else number for number, kind in enumerate(kinds)}
        self._most_repeats = 1
        self._capped = 0
        self._users: dict[str, int] = {}
        self._items: dict[str, int] = {}
        self._described: dict[str, Tokens] = {}
        self._segments: dict[str, Tokens] = {}

    def columns(self, data: DataSet) -> NDArray[np.void]:
        """Read the events of a data set as columns; its users and items are kept for `dataset`."""
        return np.fromiter(self._events(data), np.dtype("i8,i8,f4,u1,i8"))

    def left_out(self, uncounted: int) -> LeftOut:
        """Return what was left out, with the number of events that were read and don't count."""
        return LeftOut(self._rejected, uncounted, self._capped, self._first_rejected)

    def dataset(self, columns: NDArray[np.void]) -> Dataset:
        """Build the dataset of some columns, over all users and items that were read."""
        user_rows, item_rows = _in_order(self._users), _in_order(self._items)
        users, items = IdMap(np.arange(len(self._users))), IdMap(np.arange(len(self._items)))
        return Dataset(
            user_ids=users,
            item_ids=items,
            users=user_rows[columns["f0"]],
            items=item_rows[columns["f1"]],
            values=columns["f2"],
            types=columns["f3"],
            times=columns["f4"],
            kinds=tuple(_repeated(kind, n + 1) for n in range(self._most_repeats) for kind in self._kinds),
            item_tokens=TokenTable(items, _in_rows(self._items, self._described)),
            user_segments=TokenTable(users, _in_rows(self._users, self._segments)),
        )

    def _events(self, data: DataSet) -> Iterator[tuple[int, int, float, int, int]]:
        for entry in data.rows():
            row = entry.row if isinstance(entry, Located) else None
            if isinstance(row, EventRow) and row.type in self._numbers:
                yield self._event(row)
            elif isinstance(row, ItemRow):
                self._described[row.item_id] = tokens.tokens(
                    row.title, row.description, row.categories, row.tags, row.features
                )
            elif isinstance(row, UserRow):
                self._segments[row.user_id] = tokens.segments(row.demographics)
            elif isinstance(entry, Rejected):
                self._reject(entry)
            elif isinstance(row, EventRow):
                self._reject(Rejected(entry.part, entry.line, f"unknown type {row.type}", ""))

    def _reject(self, line: Rejected) -> None:
        self._rejected += 1
        self._first_rejected = self._first_rejected or line

    def _event(self, row: EventRow) -> tuple[int, int, float, int, int]:
        self._most_repeats = max(self._most_repeats, row.repeats)
        self._capped += row.is_capped
        return (
            self._users.setdefault(row.user_id, len(self._users)),
            self._items.setdefault(row.item_id, len(self._items)),
            np.nan if row.value is None else row.value,
            self._numbers[row.type] + (row.repeats - 1) * len(self._kinds),
            UNDATED if row.occurred_at is None else int(row.occurred_at.timestamp()),
        )


def _repeated(kind: EventKind, times: int) -> EventKind:
    """Return the kind of an event that stands for several."""
    return kind if times == 1 else replace(kind, name=f"{kind.name} x{times}", weight=kind.weight * times)


def _in_order(names: dict[str, int]) -> RowArray:
    """Return the row of each name by its number: rows follow the ids of the file, whatever the order of its lines."""
    rows = np.empty(len(names), np.int32)
    for row, name in enumerate(sorted(names, key=_natural)):
        rows[names[name]] = row
    return rows


def _in_rows(names: dict[str, int], said: dict[str, Tokens]) -> tuple[Tokens, ...]:
    return tuple(said.get(name, ()) for name in sorted(names, key=_natural))


def _natural(name: str) -> tuple[bool, int, str]:
    """Return a sort key: whole numbers by their value, before all other ids."""
    is_number = name.isascii() and name.isdigit() and len(name) < 19
    return not is_number, int(name) if is_number else 0, name


def narrowed(dataset: Dataset, implicit: bool) -> Dataset:
    """Keep the events that count, over the users and items that have any. Raises CannotFit where none is left."""
    events = _as_one_kind(dataset, implicit)
    return _over_what_is_there(events.select(_counted(events)))


def joined(first: Dataset, second: Dataset) -> Dataset:
    """Put the events of two datasets over the same users and items one after the other."""
    return replace(
        first,
        users=np.concatenate([first.users, second.users]),
        items=np.concatenate([first.items, second.items]),
        values=np.concatenate([first.values, second.values]),
        types=np.concatenate([first.types, second.types]),
        times=np.concatenate([first.times, second.times]),
    )


def _as_one_kind(dataset: Dataset, implicit: bool) -> Dataset:
    """Turn every event into one that speaks for its item, where `implicit` says so."""
    if not implicit:
        return dataset
    return replace(dataset, types=np.zeros(len(dataset), np.uint8), kinds=(EventKind("event", 1),))


def _counted(dataset: Dataset) -> Mask:
    """Return which events count: ratings alone, where there are any."""
    explicit = explicit_kinds(dataset.kinds)[dataset.types]
    return explicit & ~np.isnan(dataset.values) if explicit.any() else np.ones(len(dataset), bool)


def _over_what_is_there(dataset: Dataset) -> Dataset:
    """Lay the dataset over the users and items that have events."""
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

"""Say on Spark's executors what events come to: numpy on those of whole users, by the engine's own code.

No Django, and no database: a cluster gets `recommender.engine`, this file and `tables`, and needs numpy, scipy and
pyarrow. A partition holds all events of its users, so everything that is said of a user is made in one place.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, triu

from recommender.engine.feedback import histories, net_strengths, profiles, seen
from recommender.engine.forms.csr import without_favour
from recommender.engine.forms.implicit_factors import ImplicitFactorModel
from recommender.engine.forms.item_weights import sharpened
from recommender.engine.ranking import top_n
from recommender.engine.records import dataset_of
from recommender.engine.types import Dataset, EventKind, FloatArray, IdMap, IntArray, Model
from recommender.spark.tables import records_of

ROWS = 100_000
"""The rows that are handed back at a time."""

AT_ONCE = 256
"""Users who are scored at a time."""

PRODUCTS = 5_000_000
"""Products of items held at a time."""

Batches = Iterable[Any]

EVIDENCE = "user_id long, item int, net float, faded float"
PRODUCT = "item int, other int, product double"
SIMILARITY = "item int, other int, similarity double"
FACTORS = "user_id long, factors array<float>, opposed boolean"
LISTS = "user_id long, items array<long>, scores array<float>"


@dataclass(frozen=True)
class Reader:
    """Know what events mean, and the rows of items."""

    kinds: tuple[EventKind, ...]
    item_ids: IdMap

    def dataset(self, batches: Batches) -> Dataset | None:
        """Return a partition's events; None where there are none."""
        table = _table(batches)
        if table is None or not len(table):
            return None
        records = records_of(table, [kind.name for kind in self.kinds])
        types = IdMap(np.arange(len(self.kinds)))
        return dataset_of(records, IdMap.of(records["user"]), self.item_ids, types, self.kinds)


def evidence(batches: Batches, reader: Reader) -> Iterator[Any]:
    """Yield EVIDENCE: what each user's events come to for each item, as it is and faded (`feedback.profiles`)."""
    dataset = reader.dataset(batches)
    if dataset is None:
        return
    net, faded = net_strengths(dataset), profiles(dataset)
    users = dataset.user_ids.ids[np.repeat(np.arange(net.shape[0]), np.diff(net.indptr))]
    columns = {"user_id": users, "item": net.indices.astype(np.int32), "net": net.data, "faded": faded.data}
    yield from _handed_back(columns)


def products(batches: Batches, power: float, n_items: int) -> Iterator[Any]:
    """Yield PRODUCT: of EVIDENCE, what these users add to the products x_i . x_j, with i <= j."""
    table = _table(batches)
    if table is None:
        return
    _, x = _by_user(table, "net", n_items)
    x.data = np.where(x.data > 0, sharpened(x.data, power), 0).astype(np.float64)
    x.eliminate_zeros()
    by_item = csr_array(x.T)
    # No item has more products than the items of all its users together.
    most = by_item @ np.diff(x.indptr).astype(np.float64)
    for start, end in _stripes(most):
        found = triu((by_item[start:end] @ x).tocoo(), k=start, format="coo")
        columns = {"item": (found.row + start).astype(np.int32), "other": found.col.astype(np.int32)}
        yield from _handed_back({**columns, "product": found.data})


def similarities(batches: Batches, lengths: NDArray[np.float64], shrinkage: float) -> Iterator[Any]:
    """Yield SIMILARITY: of PRODUCT, the shrunk cosine of each two items, from either's side."""
    for batch in batches:
        item, other, product = (batch.column(name).to_numpy() for name in ("item", "other", "product"))
        found = product / (lengths[item] * lengths[other] + shrinkage)
        for mine, its in ((item, other), (other, item)):
            yield from _handed_back({"item": mine, "other": its, "similarity": found})


def factors(batches: Batches, model: ImplicitFactorModel) -> Iterator[Any]:
    """Yield FACTORS: of EVIDENCE, the factors of its users, items held fixed, and who speaks against items alone."""
    table = _table(batches)
    if table is None:
        return
    users, faded = _by_user(table, "faded", len(model.item_ids))
    for start in range(0, len(users), AT_ONCE):
        part = faded[start : start + AT_ONCE]
        columns = {"factors": _lists(np.nan_to_num(model.fold_in(part))), "opposed": without_favour(part)}
        yield from _handed_back({"user_id": users[start : start + AT_ONCE], **columns})


def lists(batches: Batches, reader: Reader, model: Model, n: int) -> Iterator[Any]:
    """Yield LISTS: of events, the n best unseen items of each user, as internal ids.

    Users with nothing in favour of any item are left out: who serves knows what to do with them.
    """
    dataset = reader.dataset(batches)
    if dataset is None:
        return
    done, known = seen(dataset), histories(dataset, reader.item_ids)
    favouring = np.flatnonzero((np.diff(known.profiles.indptr) > 0) & ~without_favour(known.profiles))
    for start in range(0, len(favouring), AT_ONCE):
        who = favouring[start : start + AT_ONCE]
        items, scores = top_n(model.score_histories(known[who]), n, done[who])
        found = items >= 0
        starts = np.append(0, np.cumsum(found.sum(axis=1)))
        columns = {
            "user_id": dataset.user_ids.ids[who],
            "items": _ragged(reader.item_ids.ids[items[found]], starts),
            "scores": _ragged(scores[found].astype(np.float32), starts),
        }
        yield from _handed_back(columns)


def _table(batches: Batches) -> Any:
    import pyarrow as pa

    found = list(batches)
    return pa.Table.from_batches(found) if found else None


def _by_user(table: Any, column: str, n_items: int) -> tuple[IntArray, csr_array]:
    """Return the users of EVIDENCE and a column of it as a matrix (n_users, n_items)."""
    users, items, values = (table[name].to_numpy() for name in ("user_id", "item", column))
    order = np.lexsort((items, users))
    ids, counts = np.unique(users, return_counts=True)
    starts = np.append(0, np.cumsum(counts)).astype(np.int32)
    return ids, csr_array((values[order], items[order], starts), shape=(len(ids), n_items))


def _stripes(most: FloatArray) -> Iterator[tuple[int, int]]:
    """Yield ranges of items that have PRODUCTS products together at the most, or are one item."""
    start, held = 0, 0.0
    for item, count in enumerate(most.tolist()):
        if item > start and held + count > PRODUCTS:
            yield start, item
            start, held = item, 0.0
        held += count
    if len(most) > start:
        yield start, len(most)


def _lists(rows: FloatArray) -> Any:
    return _ragged(rows.ravel(), np.arange(len(rows) + 1) * rows.shape[1])


def _ragged(values: Any, starts: IntArray) -> Any:
    import pyarrow as pa

    return pa.ListArray.from_arrays(pa.array(starts.astype(np.int32)), pa.array(values))


def _handed_back(columns: dict[str, Any]) -> Iterator[Any]:
    import pyarrow as pa

    yield from pa.table(columns).to_batches(max_chunksize=ROWS)

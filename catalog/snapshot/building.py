"""Make the arrays of a base out of batches: columns are appended batch by batch, indexes made at the end."""

from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from catalog.snapshot import features
from catalog.snapshot.base import LABELS, NO_GROUP, Arrays
from catalog.snapshot.reading import TEXTS, Batch, seconds, whole_seconds
from catalog.snapshot.texts import hashed

FEATURE = "feature"
BY_ROW: dict[str, type[np.generic]] = {
    "codes": np.int32,
    "counts": np.int32,
    "numbers": np.float64,
    "lengths": np.int32,
    "offsets": np.int64,
}
"""Columns of features that are appended by row, and sorted by name at the end."""

SPARSEST = 8
"""Numbers per item up to which a table of rows by id is kept."""


class Store(Protocol):
    """Keep columns: in memory, or in files."""

    def append(self, name: str, part: NDArray[Any]) -> None:
        """Append to the column of this name."""

    def drop(self, name: str) -> None:
        """Throw a column away that others were made of."""

    def arrays(self) -> Arrays:
        """Return all columns so far."""


class InMemory:
    """Keep columns in the memory of the process, for a catalogue that is small, and where no file can be written."""

    def __init__(self) -> None:
        self._parts: dict[str, list[NDArray[Any]]] = {}

    def append(self, name: str, part: NDArray[Any]) -> None:
        self._parts.setdefault(name, []).append(part)

    def drop(self, name: str) -> None:
        del self._parts[name]

    def arrays(self) -> Arrays:
        return {name: parts[0] if len(parts) == 1 else np.concatenate(parts) for name, parts in self._parts.items()}


def build(batches: Iterable[Batch], store: Store) -> Arrays:
    """Write everything that is known of the items to the store; return the arrays."""
    _start(store)
    ends = dict.fromkeys((*TEXTS, *LABELS), 0)
    codes: dict[str, dict[bytes, int]] = {name: {} for name in (*LABELS, FEATURE)}
    block_ends = 0
    for batch in batches:
        _append_plain(store, batch)
        for name in TEXTS:
            ends[name] = _append_ends(store, f"{name}_text_starts", batch.lengths[name], ends[name])
            store.append(f"{name}_block", np.frombuffer(batch.blocks[name], np.uint8))
        store.append("item_id_unsorted", hashed(_pieces(batch.blocks["item_id"], batch.lengths["item_id"])))
        for name in LABELS:
            ends[name] = _append_ends(store, f"{name}_starts", batch.counts[name], ends[name])
            found = _codes(codes[name], _pieces(batch.labels[name], batch.label_lengths[name]))
            store.append(f"{name}_codes", found)
            if name == "group":
                store.append("groups", _first_or(NO_GROUP, found, batch.counts[name]))
        block_ends = _append_features(store, batch, codes[FEATURE], block_ends)
    for name in list(codes):
        _append_names(store, name, list(codes.pop(name)))
    _sort_features(store)
    for name, index in _indexes(store.arrays()):
        store.append(name, index)
    return store.arrays()


def _start(store: Store) -> None:
    """Append what each column begins with, nothing or a 0, so that it has its type where there is no item."""
    for name, kind in (("ids", np.int64), ("published", np.int64), ("added", np.int64), ("switched_on", np.bool_)):
        store.append(name, np.empty(0, kind))
    for name in ("opens", "closes"):
        store.append(name, np.empty(0, np.float64))
    for name in TEXTS:
        store.append(f"{name}_text_starts", np.zeros(1, np.int64))
        store.append(f"{name}_block", np.empty(0, np.uint8))
    store.append("item_id_unsorted", np.empty(0, np.uint32))
    for name in LABELS:
        store.append(f"{name}_starts", np.zeros(1, np.int32))
        store.append(f"{name}_codes", np.empty(0, np.int32))
    store.append("groups", np.empty(0, np.int32))
    store.append("feature_block", np.empty(0, np.uint8))
    for name, dtype in BY_ROW.items():
        store.append(f"unsorted_{name}", np.empty(0, dtype))


def _append_plain(store: Store, batch: Batch) -> None:
    store.append("ids", batch.ids)
    store.append("switched_on", batch.switched_on)
    for name in ("published", "added"):
        store.append(name, whole_seconds(batch.times[name]))
    for name in ("opens", "closes"):
        store.append(name, seconds(batch.times[name]))


def _append_features(store: Store, batch: Batch, known: dict[bytes, int], block_ends: int) -> int:
    """Append the entries of a batch by row; return where the block of texts ends."""
    found = batch.features
    sizes = np.maximum(found.lengths, 0).astype(np.int64)
    ends = block_ends + np.cumsum(sizes)
    codes = _codes(known, _pieces(found.names, found.name_lengths))
    columns: tuple[NDArray[Any], ...] = (codes, found.counts, found.numbers, found.lengths, ends - sizes)
    for name, column in zip(BY_ROW, columns, strict=True):
        store.append(f"unsorted_{name}", column)
    store.append("feature_block", np.frombuffer(found.block, np.uint8))
    return int(ends[-1]) if len(ends) else block_ends


def _sort_features(store: Store) -> None:
    """Make the entries by name of those by row, a column after the other: there are several for each item."""
    arrays = store.arrays()
    made = features.indexes(arrays["unsorted_codes"], len(arrays["feature_name_hashes"]), arrays["unsorted_counts"])
    _, order = next(made)
    for name, index in made:
        store.append(f"feature_{name}", index)
    for name in BY_ROW:
        if name not in ("codes", "counts"):
            store.append(f"feature_{name}", arrays[f"unsorted_{name}"][order])
        store.drop(f"unsorted_{name}")


def _append_ends(store: Store, name: str, lengths: NDArray[np.int32], last: int) -> int:
    ends = last + np.cumsum(lengths, dtype=np.int64)
    store.append(name, ends if name.endswith("text_starts") else ends.astype(np.int32))
    return int(ends[-1]) if len(ends) else last


def _pieces(block: bytes, lengths: NDArray[np.int32]) -> list[bytes]:
    return [block[start:end] for start, end in pairwise(accumulate(lengths.tolist(), initial=0))]


def _codes(known: dict[bytes, int], names: list[bytes]) -> NDArray[np.int32]:
    """Return the code of each name; new names get the next ones."""
    return np.fromiter((known.setdefault(name, len(known)) for name in names), np.int32, len(names))


def _first_or(nothing: int, codes: NDArray[np.int32], counts: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the first code of each row, where it has at most one."""
    found = np.full(len(counts), nothing, np.int32)
    found[counts > 0] = codes
    return found


def _append_names(store: Store, label: str, names: list[bytes]) -> None:
    store.append(f"{label}_name_block", np.frombuffer(b"".join(names), np.uint8))
    store.append(f"{label}_name_text_starts", np.fromiter(accumulate(map(len, names), initial=0), np.int64))
    hashes = hashed(names)
    order = np.argsort(hashes, kind="stable")
    store.append(f"{label}_name_hashes", hashes[order])
    store.append(f"{label}_name_order", order.astype(np.int32))


def _indexes(arrays: Arrays) -> Iterator[tuple[str, NDArray[Any]]]:
    """Make what is found by something else than the row."""
    for name in LABELS:
        rows = np.repeat(np.arange(len(arrays["ids"]), dtype=np.int32), np.diff(arrays[f"{name}_starts"]))
        codes, n_names = arrays[f"{name}_codes"], len(arrays[f"{name}_name_hashes"])
        yield f"{name}_rows", rows[np.argsort(codes, kind="stable")]
        yield f"{name}_row_starts", _cumulated(np.bincount(codes, minlength=n_names))
    order = np.argsort(arrays["item_id_unsorted"], kind="stable")
    yield "item_id_order", order.astype(np.int32)
    yield "item_id_hashes", arrays["item_id_unsorted"][order]
    yield "row_by_id", _row_by_id(arrays["ids"])
    yield from _edges(arrays)


def _cumulated(counts: NDArray[np.integer]) -> NDArray[np.int32]:
    return np.concatenate([np.zeros(1, np.int32), np.cumsum(counts, dtype=np.int32)])


def _row_by_id(ids: NDArray[np.int64]) -> NDArray[np.int32]:
    if not len(ids) or ids[0] < 1 or ids[-1] > SPARSEST * len(ids):
        return np.empty(0, np.int32)
    table = np.full(ids[-1] + 2, -1, np.int32)
    table[ids] = np.arange(len(ids))
    return table


def _edges(arrays: Arrays) -> Iterator[tuple[str, NDArray[Any]]]:
    times = np.concatenate([arrays["opens"], arrays["closes"]])
    finite = np.flatnonzero(np.isfinite(times))
    order = finite[np.argsort(times[finite], kind="stable")]
    yield "edges", times[order]
    yield "edge_rows", (order % max(len(arrays["ids"]), 1)).astype(np.int32)

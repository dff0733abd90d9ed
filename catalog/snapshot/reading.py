"""Read all items in batches that PostgreSQL has packed: Python makes no object for each of them.

A batch is a short query of its own: no cursor stays open, so nothing keeps the server from cleaning up meanwhile, and
no limit on the time of a statement is reached. What changes between two batches is read again afterwards, as a change.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from django.db import connection
from numpy.typing import NDArray

from catalog.snapshot import features
from catalog.snapshot.base import NO_DATE

BATCH = 16_384
TEXTS = {"item_id": "item_id", "title": "title", "creator": "coalesce(features ->> 'creator', '')"}
TIMES = ("published", "added", "opens", "closes")
LISTS = {"category": "categories", "tag": "tags", "item_type": "item_types", "group": "groups"}
EPOCH = 946_684_800_000_000
"""Microseconds from 1970 to the start of 2000, from which PostgreSQL counts."""

_PACKED = [
    "string_agg(int8send(id), ''::bytea)",
    "string_agg(boolsend(is_available), ''::bytea)",
    *(f"string_agg(timestamptz_send({name}), ''::bytea)" for name in TIMES),
    *(f"string_agg(int4send(octet_length({name})), ''::bytea)" for name in TEXTS),
    *(f"string_agg({name}, ''::bytea)" for name in TEXTS),
    *(f"string_agg(int4send(cardinality({name})), ''::bytea)" for name in LISTS.values()),
    *(
        f"(SELECT string_agg({what}, ''::bytea) FROM batch AS one, unnest(one.{name}) AS name)"
        for what in ("int4send(octet_length(convert_to(name, 'UTF8')))", "convert_to(name, 'UTF8')")
        for name in LISTS.values()
    ),
]
_FEATURES = {
    "ids": "int8send(id)",
    "name_lengths": "int4send(octet_length(convert_to(name, 'UTF8')))",
    "names": "convert_to(name, 'UTF8')",
    "numbers": f"float8send({features.NUMBERS})",
    "lengths": f"int4send({features.LENGTHS})",
    "texts": f"CASE kind WHEN 'string' THEN {features.TEXT} ELSE ''::bytea END",
}
_PACKED += [f"(SELECT string_agg({what}, ''::bytea) FROM entries)" for what in _FEATURES.values()]
# An aggregate without an order of its own takes the rows as they come: all columns come in the order of the batch.
QUERY = f"""
WITH batch AS MATERIALIZED (
    SELECT id, is_available, {", ".join(f"convert_to({value}, 'UTF8') AS {name}" for name, value in TEXTS.items())},
        coalesce(published_at, '-infinity') AS published, created_at AS added,
        coalesce(available_from, '-infinity') AS opens, coalesce(available_until, 'infinity') AS closes,
        array_remove(categories, NULL) AS categories, array_remove(tags, NULL) AS tags,
        array_remove(ARRAY[item_type], '') AS item_types, array_remove(ARRAY["group"], '') AS groups, features
    FROM catalog_item WHERE id > %s ORDER BY id LIMIT {BATCH}
), entries AS MATERIALIZED (
    SELECT batch.id, entry.* FROM batch, LATERAL ({features.ENTRIES.format(features="batch.features")}) AS entry
)
SELECT {", ".join(_PACKED)} FROM batch
"""


@dataclass(frozen=True)
class FeatureColumns:
    """Hold the features of some items, entry by entry (see `features`)."""

    counts: NDArray[np.int32]
    """Entries of each item."""
    name_lengths: NDArray[np.int32]
    names: bytes
    numbers: NDArray[np.float64]
    lengths: NDArray[np.int32]
    block: bytes


@dataclass(frozen=True)
class Batch:
    """Hold the columns of some items in the order of their ids."""

    ids: NDArray[np.int64]
    switched_on: NDArray[np.bool_]
    times: dict[str, NDArray[np.int64]]
    """In microseconds since 1970; the lowest and the highest number for the infinities."""
    lengths: dict[str, NDArray[np.int32]]
    """By the name of a text: the length of each in bytes."""
    blocks: dict[str, bytes]
    counts: dict[str, NDArray[np.int32]]
    """By the name of a label: how many each item has."""
    label_lengths: dict[str, NDArray[np.int32]]
    labels: dict[str, bytes]
    features: FeatureColumns


def batches() -> Iterator[Batch]:
    """Yield all items."""
    last, is_full = -(2**63), True
    while is_full and (batch := _batch(last)) is not None:
        yield batch
        last, is_full = int(batch.ids[-1]), len(batch.ids) == BATCH


def _batch(after: int) -> Batch | None:
    connection.ensure_connection()
    # Django's own cursors ask for the answers as text: bytes would come in twice their length.
    with connection.wrap_database_errors, psycopg.Cursor[Any](connection.connection) as cursor:
        found = cursor.execute(QUERY, [after], binary=True).fetchone()
    if found is None or found[0] is None:
        return None
    columns = iter(found)
    ids = _numbers(next(columns), ">i8").astype(np.int64)
    return Batch(
        ids=ids,
        switched_on=_numbers(next(columns), "?").astype(bool),
        times={name: _microseconds(_numbers(next(columns), ">i8")) for name in TIMES},
        lengths={name: _numbers(next(columns), ">i4").astype(np.int32) for name in TEXTS},
        blocks={name: bytes(next(columns) or b"") for name in TEXTS},
        counts={name: _numbers(next(columns), ">i4").astype(np.int32) for name in LISTS},
        label_lengths={name: _numbers(next(columns), ">i4").astype(np.int32) for name in LISTS},
        labels={name: bytes(next(columns) or b"") for name in LISTS},
        features=FeatureColumns(
            counts=_counted(ids, _numbers(next(columns), ">i8").astype(np.int64)),
            name_lengths=_numbers(next(columns), ">i4").astype(np.int32),
            names=bytes(next(columns) or b""),
            numbers=_numbers(next(columns), ">f8").astype(np.float64),
            lengths=_numbers(next(columns), ">i4").astype(np.int32),
            block=bytes(next(columns) or b""),
        ),
    )


def _counted(ids: NDArray[np.int64], of_entries: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return how many entries each item has; theirs come in the order of the items."""
    return np.bincount(np.searchsorted(ids, of_entries), minlength=len(ids)).astype(np.int32)


def _numbers(packed: bytes | None, dtype: str) -> NDArray[Any]:
    return np.frombuffer(packed or b"", dtype)


def _microseconds(since_2000: NDArray[Any]) -> NDArray[np.int64]:
    """Convert PostgreSQL's times, and leave its infinities, which are the lowest and the highest number."""
    limits = np.iinfo(np.int64)
    times = since_2000.astype(np.int64)
    finite = (times != limits.min) & (times != limits.max)
    times[finite] += EPOCH
    return times


def whole_seconds(microseconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return Unix seconds; NO_DATE where there is no time."""
    return np.where(microseconds == NO_DATE, NO_DATE, microseconds // 1_000_000)


def seconds(microseconds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return Unix seconds with their fraction, and the infinities."""
    limits = np.iinfo(np.int64)
    exact = microseconds / 1_000_000
    exact[microseconds == limits.min], exact[microseconds == limits.max] = -np.inf, np.inf
    return exact

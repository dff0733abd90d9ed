"""Hold the features of all items by name, so that a filter on one reads a column and parses no JSON.

A feature is a text, a number, true or false, or a list of these; objects within it are left out. Each value is one
entry. The entries of one name lie side by side, in the order of the rows.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from catalog.snapshot.texts import Names, rows_of_texts

Value = str | float | bool
Pairs = tuple[tuple[str, Value], ...]
"""Names and values of one item; a list has an entry for each of its values."""

NUMBER, FALSE, TRUE = -1, -2, -3
"""Lengths of entries that are no texts."""

MOST_IN_LIST, MOST_VALUES = 100, 200
"""A longer list, such as a vector, is left out; of an item's values the first ones are held."""

LONGEST_TEXT, LONGEST_NAME = 1_024, 100
"""Bytes of a text that can be compared: it fills 255 characters. Characters of a name."""

LONG = "\x00"
"""Stands for a longer text, which equals nothing that anybody can write."""

# One entry for each value, in the order in which PostgreSQL holds them; used for reading all and for reading changes.
# Numbers are cast inside CASE, since PostgreSQL may evaluate conditions in any order, and 1e400 would stop the reading.
ENTRIES = f"""
    SELECT pair.key AS name, jsonb_typeof(one.value) AS kind, one.value AS value, one.value #>> '{{{{}}}}' AS written
    FROM jsonb_each(CASE jsonb_typeof({{features}}) WHEN 'object' THEN {{features}} ELSE '{{{{}}}}' END) AS pair,
        jsonb_path_query(
            CASE WHEN jsonb_typeof(pair.value) = 'array' AND jsonb_array_length(CASE jsonb_typeof(pair.value)
                WHEN 'array' THEN pair.value ELSE '[]' END) > {MOST_IN_LIST} THEN 'null' ELSE pair.value END,
            'lax $[*]'
        ) AS one(value)
    WHERE jsonb_typeof(one.value) IN ('string', 'number', 'boolean') AND length(pair.key) BETWEEN 1 AND {LONGEST_NAME}
        AND CASE jsonb_typeof(one.value) WHEN 'number' THEN abs(one.value::numeric) <= 1e300 ELSE true END
    LIMIT {MOST_VALUES}
"""
_IS_NUMERIC = "written ~ '^-?[0-9]{1,15}([.][0-9]{1,15})?$'"
NUMBERS = f"""
    CASE WHEN kind = 'number' OR (kind = 'string' AND {_IS_NUMERIC})
        THEN CASE WHEN abs(written::numeric) >= 1e-300 THEN written::float8 ELSE 0 END
    ELSE 'NaN' END
"""
TEXT = f"CASE WHEN octet_length(written) <= {LONGEST_TEXT} THEN convert_to(written, 'UTF8') ELSE '\\x00'::bytea END"
LENGTHS = f"""
    CASE kind WHEN 'number' THEN {NUMBER} WHEN 'string' THEN octet_length({TEXT})
        ELSE CASE written WHEN 'true' THEN {TRUE} ELSE {FALSE} END END
"""
# As JSON, for changes: a long text is null there, since JSON in PostgreSQL holds no NUL.
AS_JSON = f"""
    (SELECT jsonb_agg(jsonb_build_array(name, CASE WHEN kind = 'string' AND octet_length(written) > {LONGEST_TEXT}
        THEN 'null' ELSE value END)) FROM ({ENTRIES}) AS entry)
"""


def pairs(read: Iterable[Iterable[Any]] | None) -> Pairs:
    """Return the entries of one item as AS_JSON has read them."""
    return tuple((name, _value(value)) for name, value in read or ())


def _value(value: Any) -> Value:
    if value is None:
        return LONG
    if isinstance(value, bool | str):
        return value
    return float(value) if abs(value) >= 1e-300 else 0.0


@dataclass(frozen=True, eq=False)
class Features:
    """Hold the entries of all items."""

    names: Names
    starts: NDArray[np.int64]
    """(n_names + 1,): where the entries of each name begin."""
    rows: NDArray[np.int32]
    """(n_entries,): the row of each, rising within a name."""
    numbers: NDArray[np.float64]
    """Numbers, and texts that read as one; NaN for what is none."""
    lengths: NDArray[np.int32]
    """Bytes of a text; NUMBER, FALSE or TRUE."""
    offsets: NDArray[np.int64]
    """Where each text begins in the block."""
    block: NDArray[np.uint8]
    row_starts: NDArray[np.int64]
    """(n_rows + 1,): where the entries of each row begin in `places`."""
    places: NDArray[np.int32]
    """By row: where its entries are among those by name."""

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        parts = ("block", "text_starts", "hashes", "order")
        found = Names(*(arrays[f"feature_name_{part}"] for part in parts))
        return cls(found, *(arrays[f"feature_{part}"] for part in PARTS))

    def entries(self, name: str) -> slice:
        """Return where the entries of this name are."""
        code = self.names.find(name)
        return slice(int(self.starts[code]), int(self.starts[code + 1])) if code >= 0 else slice(0, 0)

    def rows_of_texts(self, name: str, texts: Iterable[str]) -> NDArray[np.int32]:
        """Return the rows where the feature of this name is, or lists, any of the texts."""
        its = self.entries(name)
        found = rows_of_texts(self.block, self.offsets[its], self.lengths[its], texts)
        return self.rows[its][found]

    def __getitem__(self, row: int) -> Pairs:
        """Return what is known of a row, in the order in which it was read."""
        found = self.places[self.row_starts[row] : self.row_starts[row + 1]].tolist()
        codes = (np.searchsorted(self.starts, found, "right") - 1).tolist()
        return tuple((self.names[code], self._at(at)) for code, at in zip(codes, found, strict=True))

    def _at(self, at: int) -> Value:
        length = int(self.lengths[at])
        if length < 0:
            return float(self.numbers[at]) if length == NUMBER else length == TRUE
        start = int(self.offsets[at])
        return self.block[start : start + length].tobytes().decode("utf-8")


PARTS = ("starts", "rows", "numbers", "lengths", "offsets", "block", "row_starts", "places")


def indexes(codes: NDArray[np.int32], n_names: int, counts: NDArray[np.int32]) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the arrays that find entries by name and by row.

    `codes` are the names' codes of all entries, by row; `counts` the entries of each row. The first one yielded,
    "order", sorts by name what was appended by row.
    """
    order = np.argsort(codes, kind="stable")
    yield "order", order
    places = np.empty(len(order), np.int32)
    places[order] = np.arange(len(order), dtype=np.int32)
    yield "places", places
    yield "rows", np.repeat(np.arange(len(counts), dtype=np.int32), counts)[order]
    yield "starts", np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(codes, minlength=n_names))])
    yield "row_starts", np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])

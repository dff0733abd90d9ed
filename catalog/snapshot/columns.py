"""Columns of a snapshot: those of the base, with what changed since laid over them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast, overload

import numpy as np
from numpy.typing import NDArray

from catalog.snapshot.changes import Record

T = TypeVar("T")
N = TypeVar("N", bound=np.generic)


class Column(Sequence[T], Generic[T]):
    """Look at one value of the items, by row; a value is made when it is asked for."""

    def __init__(self, of_base: Callable[[int], T], records: Mapping[int, Record], field: str, length: int) -> None:
        self._of_base, self._records, self._length = of_base, records, length
        self._field = Record._fields.index(field)

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, row: int) -> T: ...
    @overload
    def __getitem__(self, row: slice) -> list[T]: ...
    def __getitem__(self, row: int | slice) -> T | list[T]:
        if isinstance(row, slice):
            return [self[at] for at in range(*row.indices(self._length))]
        record = self._records.get(row)
        if record is not None:
            return cast(T, record[self._field])
        if not 0 <= row < self._length:
            raise IndexError(f"There is no row {row}: there are {self._length}.")
        return self._of_base(row)


def laid_over(column: NDArray[N], rows: Sequence[int], values: Sequence[Any], length: int) -> NDArray[N]:
    """Return the column with these values at these rows and this length; the same one where nothing changes."""
    if length == len(column) and (not len(rows) or bool(np.array_equal(column[rows], values))):
        return column
    out = np.empty(length, column.dtype)
    out[: len(column)] = column
    out[rows] = values
    out.flags.writeable = False
    return out

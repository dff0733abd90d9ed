"""Read ahead while the database works."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def one_ahead(entries: Iterator[T]) -> Iterator[T]:
    """Yield the same entries; the next one is made in a thread while the caller works on the one before.

    It pays where the caller mostly waits for somebody else, such as PostgreSQL.
    """
    with ThreadPoolExecutor(1, "one-ahead") as pool:
        coming = pool.submit(next, entries, None)
        while (entry := coming.result()) is not None:
            coming = pool.submit(next, entries, None)
            yield entry

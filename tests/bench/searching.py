"""Loading many items and searching them: rows a second beside a bare COPY, and how long a search takes."""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import IO, Any

import django
import numpy as np

LETTERS = np.array(list("etaoinshrdlucmfwypvbgkjqxz"))
WORDS, SEARCHES = 30_000, 300
COPY_COLUMNS = (
    'item_id, title, description, categories, tags, features, item_type, is_available, "group", created_at, updated_at'
)


def words(rng: np.random.Generator) -> list[str]:
    """Make words of natural lengths and letters."""
    weights = 1 / np.arange(1, len(LETTERS) + 1)
    lengths = rng.integers(4, 11, WORDS)
    return ["".join(rng.choice(LETTERS, length, p=weights / weights.sum())) for length in lengths]


def made(items: int, vocabulary: list[str], rng: np.random.Generator) -> Iterator[bytes]:
    """Yield lines of items whose words are as frequent as those of a language."""

    def some(count: int) -> str:
        return " ".join(vocabulary[min(int(place), WORDS - 1)] for place in rng.zipf(1.15, count) - 1)

    for number in range(items):
        row = {
            "item_id": f"item-{number}",
            "title": some(4),
            "description": some(30),
            "categories": [f"Department {number % 40}"],
            "tags": [f"tag {number % 500}"],
            "features": {"creator": some(2), "year": 1900 + number % 120},
            "item_type": "book",
        }
        yield json.dumps(row).encode() + b"\n"


def measure(items: int) -> dict[str, Any]:
    from catalog import bulk
    from catalog.models import Item
    from recsite.platform import ndjson
    from recsite.platform.audit import SYSTEM

    def load(file: IO[bytes]) -> None:
        for _ in bulk.load_lines(bulk.ITEMS, ndjson.read_lines(file), SYSTEM):
            pass

    rng = np.random.default_rng(7)
    vocabulary = words(rng)
    with tempfile.TemporaryFile() as file:
        file.writelines(made(items, vocabulary, rng))
        found: dict[str, Any] = {"items": items, "searches": {}}
        for name in ("created", "unchanged"):
            file.seek(0)
            found[name] = timed(lambda: load(file))
    bulk.analyze()
    found["copied"] = copied(items)

    assert Item.objects.count() >= items
    found["searches"] = {name: searched(texts) for name, texts in queries(vocabulary, rng).items()}
    return found


def timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def copied(items: int) -> dict[str, float]:
    """Copy the same rows into a bare table, and into one with the indexes and triggers of items."""
    from django.db import connection

    seconds = {}
    with tempfile.TemporaryFile() as file, connection.cursor() as cursor:
        source = f"SELECT {COPY_COLUMNS} FROM catalog_item WHERE item_id LIKE 'item-%' ORDER BY id LIMIT {items}"
        with cursor.copy(f"COPY ({source}) TO STDOUT") as rows:
            for block in rows:
                file.write(block)
        cursor.execute("CREATE TEMP TABLE bare (LIKE catalog_item)")
        cursor.execute("ALTER TABLE bare ALTER id DROP NOT NULL, ALTER changed_in DROP NOT NULL")
        file.seek(0)

        def copy() -> None:
            with cursor.copy(f"COPY bare ({COPY_COLUMNS}) FROM STDIN") as target:
                while block := file.read(1 << 20):
                    target.write(block)

        seconds["bare"] = timed(copy)
    return seconds


def queries(vocabulary: list[str], rng: np.random.Generator) -> dict[str, list[str]]:
    def word(first: int, last: int) -> str:
        return vocabulary[int(rng.integers(first, last))]

    def misspelt() -> str:
        right = next(one for one in iter(lambda: word(200, 20_000), "") if len(one) > 5)
        return right[:2] + right[3] + right[2] + right[4:]

    return {
        "a word": [word(50, 20_000) for _ in range(SEARCHES)],
        "two words": [f"{word(0, 300)} {word(0, 300)}" for _ in range(SEARCHES)],
        "the beginning of a word": [word(0, 20_000)[:3] for _ in range(SEARCHES)],
        "a misspelt word": [misspelt() for _ in range(SEARCHES)],
        "one of the most frequent words": [word(0, 20) for _ in range(SEARCHES)],
    }


def searched(texts: list[str]) -> dict[str, float]:
    """Return milliseconds of searches as the API makes them, with the items and counts of categories."""
    from django.utils import timezone

    from catalog import search
    from catalog.models import Item

    took, found = [], 0
    for text in texts:
        started = time.perf_counter()
        answer = search.find(text, 20, only=Item.available_at(timezone.now()), facets=True)
        rows = Item.objects.in_bulk(answer.items)
        took.append((time.perf_counter() - started) * 1000)
        found += bool(rows)
    median, most = np.percentile(took, [50, 95])
    return {"p50": float(median), "p95": float(most), "found": found / len(texts)}


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(measure(int(sys.argv[1]))) + "\n")

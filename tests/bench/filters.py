"""Filter expressions over a catalogue: what a mask costs at first, when it is kept, and after an edit of one item."""

import json
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import django

TIMES = 30
EXPRESSIONS = (
    'category == "Department 7"',
    'tags has any ("tag 3", "tag 30", "tag 300")',
    'creator == "Writer 77"',
    "price < 20",
    'features.colour == "red"',
    "published_at >= 2020-01-01",
    "age_days < 365",
    'category == "Department 7" and price < 20 and not features.colour == "red"',
    'price < 20 and creator != "Writer 77" and (age_days < 365 or features.year > 1990) and tags has none ("tag 3")',
)
INSERT = """
    INSERT INTO catalog_item (item_id, title, description, categories, tags, features, item_type, is_available, "group",
        published_at, created_at, updated_at)
    SELECT 'item-' || n, 'Title ' || n, '', ARRAY['Department ' || n %% 40],
        ARRAY['tag ' || n %% 500, 'tag ' || n %% 7],
        jsonb_build_object('creator', 'Writer ' || n %% 20000, 'year', 1900 + n %% 120, 'price', (n %% 5000) / 100.0,
            'colour', (ARRAY['red', 'blue', 'green', 'black'])[1 + n %% 4]),
        'book', true, '', now() - n %% 5000 * interval '1 day', now(), now()
    FROM generate_series(1, %s) AS n ON CONFLICT DO NOTHING
"""


def measure(items: int) -> dict[str, Any]:
    """Fill the table, read it as a process does, and time the masks."""
    from django.db import connection

    from catalog import snapshot

    with connection.cursor() as cursor:
        cursor.execute(INSERT, [items])
    from tests.bench.catalogue import memory

    before, started = memory(), time.perf_counter()
    found = snapshot.current()
    seconds = time.perf_counter() - started
    masks = {text: timed(text) for text in EXPRESSIONS}
    after = memory()
    return {
        "items": found.count,
        "read_seconds": seconds,
        "masks": masks,
        **{f"{name}_mb": after[name] - before[name] for name in after},
    }


def timed(text: str) -> dict[str, float]:
    """Return milliseconds: the very first use, a first use on columns that were read before, a later one, a patch."""
    from catalog import snapshot, store
    from catalog.expressions import parse
    from catalog.models import Item
    from recsite.platform.audit import SYSTEM

    expression = parse(text)

    def ask() -> int:
        return snapshot.mask(snapshot.current(), expression).count

    def forgetting() -> None:
        snapshot.current().lineage._derived.clear()

    cold = one(ask)
    first = median(one(ask, forgetting) for _ in range(TIMES))
    ask()
    again = median(one(ask) for _ in range(TIMES))
    item = Item.objects.get(item_id="item-7")

    def edited() -> None:
        before = snapshot.current()
        item.title += "."
        store.save_item(item, actor=SYSTEM)
        while snapshot.current() is before:
            time.sleep(0.01)

    patched = median(one(ask, edited) for _ in range(3))
    return {"passing": ask(), "cold": cold, "first": first, "again": again, "patched": patched}


def one(work: Callable[[], Any], before: Callable[[], None] = lambda: None) -> float:
    before()
    started = time.perf_counter()
    work()
    return 1_000 * (time.perf_counter() - started)


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(measure(int(sys.argv[1]))) + "\n")

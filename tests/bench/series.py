"""What series cost: a note in a request, a store of what was noted, a reading of 28 days, and a look at all alerts."""

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import django

NOTES, ROUNDS = 20_000, 20
DOORS, PLACEMENTS, ALGORITHMS = 5, 4, 5
DAYS, FINE_DAYS = 56, 8
"""Twice 28 days, since a reading compares with the period before; minutes are kept for eight."""

FILL = """
INSERT INTO platform_seriespoint (kind, grain, at, labels, count, errors, hits, total, highest, buckets)
SELECT %(kind)s, grain, to_timestamp(floor(%(now)s / grain) * grain - step * grain), labels, 100, 1, 50, 1.0, 0.5,
    array_fill(6::bigint, ARRAY[16])
FROM (VALUES (60, %(fine)s), (600, %(fine)s), (3600, %(days)s), (86400, %(days)s)) AS kept (grain, days)
CROSS JOIN LATERAL generate_series(0, days * 86400 / grain) AS step
CROSS JOIN (SELECT {labels} AS labels FROM generate_series(0, %(groups)s - 1) AS number) AS each
"""


def measure() -> dict[str, Any]:
    from recsite.platform import alerts, series
    from recsite.platform.series import ANSWERS, REQUESTS, noting

    found: dict[str, Any] = {
        "request_ns": _per_note(lambda: noting.request("/api/v1/recommendations/users/ada", 200, 0.004)),
        "page_ns": _per_note(lambda: noting.request("/browse", 200, 0.004)),
        "answer_ns": _per_note(lambda: noting.answer("home", "hybrid", True, 0.004)),
    }
    found["store_ms"] = _milliseconds(noting.flush, lambda: _note_some(noting))
    found["rows"] = fill()
    for kind, label in ((REQUESTS, "door"), (ANSWERS, "placement")):
        for span in series.SPANS:
            for by in (None, label):
                name = f"{kind.name} {span}{f' by {by}' if by else ''}"
                found[name] = _milliseconds(partial(series.read_span, kind, span, by))
    found["alerts_ms"] = _milliseconds(alerts.now, alerts.forget)
    return found


def _per_note(note: Callable[[], object]) -> float:
    """Return the nanoseconds of the processor for one note, without the call that wraps it here."""
    from recsite.platform.series import noting

    def seconds(work: Callable[[], object]) -> float:
        noting.forget()
        started = time.thread_time()
        for _ in range(NOTES):
            work()
        return time.thread_time() - started

    return (
        1e9 * (median(seconds(note) for _ in range(ROUNDS)) - median(seconds(_nothing) for _ in range(ROUNDS))) / NOTES
    )


def _nothing() -> None:
    """Be called."""


def _note_some(noting: Any) -> None:
    """Note what a busy process does in five seconds: 1,000 requests a second, each with a list."""
    noting.forget()
    for number in range(5_000):
        noting.request(("/api/v1/recommendations/x", "/admin/", "/browse")[number % 3], 200, 0.004)
        noting.answer(f"placement {number % PLACEMENTS}", f"algorithm {number % ALGORITHMS}", True, 0.004)


def fill() -> int:
    """Fill the table as it is after 56 days without a minute in which nothing happened."""
    from django.db import connection

    asked = {"fine": FINE_DAYS, "days": DAYS, "now": time.time()}
    pair = f"ARRAY['placement ' || number / {ALGORITHMS}, 'algorithm ' || number %% {ALGORITHMS}]"
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE platform_seriespoint")
        for kind, labels, groups in (
            ("requests", "ARRAY['door ' || number]", DOORS),
            ("answers", pair, PLACEMENTS * ALGORITHMS),
        ):
            cursor.execute(FILL.format(labels=labels), {**asked, "kind": kind, "groups": groups})
        cursor.execute("ANALYZE platform_seriespoint")
        cursor.execute("SELECT count(*) FROM platform_seriespoint")
        return int(cursor.fetchone()[0])


def _milliseconds(work: Callable[[], object], prepare: Callable[[], object] = _nothing) -> list[float]:
    """Return the median, and the least, which other work on the machine disturbs least."""
    taken = []
    for _ in range(ROUNDS):
        prepare()
        started = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - started))
    return [median(taken), min(taken)]


def main() -> None:
    """Measure in a transaction that is rolled back: what the table held before is there afterwards."""
    from django.conf import settings
    from django.db import transaction

    settings.GATHER_IN_BACKGROUND = False
    with transaction.atomic():
        found = measure()
        transaction.set_rollback(True)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    django.setup()
    main()

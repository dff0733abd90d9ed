"""The formula of sizes, checked against what was measured: rates of one process at the whole of its core."""

import re
from math import ceil

import pytest

from recsite.local.paths import PROJECT

BENCHMARKS = (PROJECT / "docs" / "BENCHMARKS.md").read_text()
SIZES = (PROJECT / "docs" / "OPERATIONS.md").read_text().partition("\n## Sizes\n")[2].partition("\n## ")[0]
BUSY = 0.6


@pytest.mark.parametrize("measured", ["a user's list (200 users in turn), cached, everything on", "popular items"])
def test_the_formula_gives_the_rates_that_were_measured(measured: str) -> None:
    row = next(line for line in BENCHMARKS.splitlines() if line.startswith(f"| {measured} |"))
    rate, cost = (float(re.sub("[^0-9.]", "", cell)) for cell in row.split("|")[2:5:2])
    predicted = 1000 / cost
    assert predicted == pytest.approx(rate, rel=0.1)
    assert f"{predicted:.0f}" in SIZES
    assert f"{rate:.0f}" in SIZES
    assert f"{cost:.2f} ms" in SIZES


def test_the_example_is_reckoned_by_the_table() -> None:
    rows = [line.split("|")[1:5] for line in SIZES.splitlines() if line.startswith("| a") and line.count("|") == 5]
    gunicorn, postgres = ({row[0].strip(): float(row[part]) for row in rows} for part in (1, 2))
    wanted = {
        "a user's list from the cache": 700,
        "a list right after an event of the user": 100,
        "an event, by Kafka": 150,
        "a list for whom none is kept": 50,
    }
    cores = sum(rate * gunicorn[kind] for kind, rate in wanted.items()) / 1000
    assert f"gunicorn {cores:.2f} cores busy" in SIZES
    assert ceil(cores / BUSY) == 5
    assert f"PostgreSQL {sum(rate * postgres[kind] for kind, rate in wanted.items()) / 1000:.1f} cores" in SIZES

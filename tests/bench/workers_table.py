"""The table of what web processes take."""

from typing import Any

from tests.bench.processes import part
from tests.bench.report import table
from tests.bench.workers import FEW, MANY

MEGABYTE = 1024 * 1024
TITLES = {"alone": "each loads the product", "preloaded": "`API_PRELOAD=true`: they share what is loaded"}


def workers() -> str:
    return described(part("workers"))


def described(found: dict[str, Any]) -> str:
    rows = [
        [
            title,
            f"{found[name][str(FEW)] / MEGABYTE:,.0f} MB",
            f"{found[name][str(MANY)] / MEGABYTE:,.0f} MB",
            f"{(found[name][str(MANY)] - found[name][str(FEW)]) / (MANY - FEW) / MEGABYTE:,.0f} MB",
        ]
        for name, title in TITLES.items()
    ]
    columns = table(["", "master and one worker", "master and four workers", "each worker more"], rows)
    said = "Proportional set size after three seconds of lists: shared pages, such as models, count once."
    return f"{columns}\n\n{said}"

"""The section on loading items by bulk requests and searching them."""

from typing import Any

from tests.bench.processes import run
from tests.bench.report import table

ITEMS = 100_000


def search() -> str:
    found: dict[str, Any] = run("-m", "tests.bench.searching", str(ITEMS)).json
    loads = [
        ("items/bulk, all new", found["created"]),
        ("items/bulk, nothing changed", found["unchanged"]),
        ("bare COPY into a table without indexes or triggers", found["copied"]["bare"]),
    ]
    rates = table(["loading", "rows/s"], [[name, f"{ITEMS / seconds:,.0f}"] for name, seconds in loads])
    searches = table(
        ["search for", "p50 ms", "p95 ms"],
        [[name, f"{one['p50']:.0f}", f"{one['p95']:.0f}"] for name, one in found["searches"].items()],
    )
    return (
        f"{ITEMS:,} made items with 30 words of description, 20 answers a search with facets.\n\n{rates}\n\n{searches}"
    )

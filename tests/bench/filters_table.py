"""The section on filter expressions."""

from tests.bench.processes import part
from tests.bench.report import table

ITEMS = 100_000


def filters() -> str:
    found = part("filters", str(ITEMS))
    rows = [
        [
            f"`{text}`",
            f"{one['passing']:,}",
            *(f"{one[name]:.2f} ms" for name in ("cold", "first", "patched")),
            f"{1_000 * one['again']:.0f} µs",
        ]
        for text, one in found["masks"].items()
    ]
    headings = [
        "expression",
        "items that pass",
        "the very first",
        "first use",
        "after an edit of one item",
        "later uses",
    ]
    return (
        f"{found['items']:,} items with four features each.\n\n{table(headings, rows)}\n\n"
        "*The very first* reads its columns off the files for the first time in the process; *first use* makes the "
        f"mask of columns that were read before (median). The process holds {found['own_mb']:,.0f} MB of its own for "
        f"catalogue and masks, and {found['mapped_mb']:,.0f} MB mapped, which all processes share."
    )

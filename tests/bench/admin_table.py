"""Write the table of what pages of the admin cost in a large shop."""

from os import getloadavg

from tests.bench import report
from tests.bench.catalogue_table import EVENTS_PER_ITEM
from tests.bench.processes import manage, part

SLOWEST_MS, MOST_QUERIES, LARGEST_KB = 300, 15, 150


def admin(items: int) -> str:
    """Make a shop of so many items and users and ten times as many events, and open every page."""
    part("emptying")
    manage("demo_data", "--plain", "--items", str(items), "--events", str(max(1_000, int(items * EVENTS_PER_ITEM))))
    manage("train", "popular")
    made = part("admin_pages", "fill", str(items))
    pages = part("admin_pages", "measure")["pages"]
    lines = [
        [name, f"{one['first_ms']:.0f} ms", f"{one['ms']:.0f} ms", f"{one['queries']}", f"{one['kilobytes']:.0f} KB"]
        for name, one in pages.items()
    ]
    over = [
        name
        for name, one in pages.items()
        if one["ms"] > SLOWEST_MS or one["queries"] > MOST_QUERIES or one["kilobytes"] > LARGEST_KB
    ]
    return (
        f"{report.table(['page', 'first time', 'median of five', 'queries', 'HTML'], lines)}\n\n"
        f"{items:,} items, {made['users']:,} users more, {made['events']:,} events more and 28 days of figures, made "
        f"straight in the tables in {made['seconds']:.0f} s. Server time in one process, middleware included; the load "
        f"average was {getloadavg()[0]:.0f}. Aimed at: {SLOWEST_MS} ms, {MOST_QUERIES} queries, {LARGEST_KB} KB"
        f"{'. Over it: ' + ', '.join(over) if over else ', met by all'}."
    )

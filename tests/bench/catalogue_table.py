"""Write the tables of a large catalogue, beside the figures of when processes read all of it on every change."""

from statistics import median
from typing import Any

from tests.bench import report
from tests.bench.processes import Run, manage, part

EVENTS_PER_ITEM = 0.2
BEFORE = (
    "Before, when every process read the whole table on every change, with a million small items: a request waited "
    "67 s, hiding an item was not in force after 300 s, each web process held 1.1 GB of its own, and a filtered list "
    "had a p95 of 3.9 s."
)


def catalogue(items: int) -> str:
    events = max(1_000, int(items * EVENTS_PER_ITEM))
    # What an earlier run has left would be known already, and nothing would be loaded.
    part("emptying")
    loaded = manage("demo_data", "--plain", "--items", str(items), "--events", str(events))
    first, later = part("catalogue", "start"), part("catalogue", "start")
    manage("train", "svd", "popular")
    manage("warm_cache", "--all")
    found = part("catalogue", "served")
    return "\n\n".join([_made(items, loaded, first, later), _edits(found), BEFORE])


def _made(items: int, loaded: Run, first: dict[str, Any], later: dict[str, Any]) -> str:
    lines = [
        [f"`demo_data --plain --items {items}`", f"{loaded.seconds:.1f} s", "–", f"{loaded.peak_mb:,.0f} MB", "–"],
        _start("the first process: reads the table and writes the files", first),
        _start("a later process: checks and maps the files, reads what changed since", later),
    ]
    headings = ["", "time", "CPU of the process", "memory of its own", "mapped, shared by all"]
    return f"{report.table(headings, lines)}\n\n{items:,} items; what the process takes for the catalogue alone."


def _start(name: str, found: dict[str, Any]) -> list[str]:
    sizes = [f"{found['own_mb']:,.0f} MB", f"{found['mapped_mb']:,.0f} MB"]
    return [name, f"{found['seconds']:.2f} s", f"{found['cpu_seconds']:.2f} s", *sizes]


def _edits(found: dict[str, Any]) -> str:
    lines = [
        [name, f"{one['per_second']:,.0f}", *(f"{one[f'{share}_ms']:.1f} ms" for share in ("p50", "p95", "p99"))]
        for name, one in (
            ("without edits", found["quiet"]),
            ("of one category, without edits", found["filtered"]),
            ("while items are edited", found["busy"]),
        )
    ]
    alone, meanwhile = (found[name] for name in ("effects", "effects_meanwhile"))
    return (
        f"{report.table(['cached lists', 'answers/s', 'p50', 'p95', 'p99'], lines)}\n\nOne gunicorn worker, four "
        f"connections; {found['edits']['per_second']:.0f} edits a second by `save_item`, a minute long. From the "
        f"commit of hiding an item, or showing it again, to the list: {median(alone):.2f} s (at the most "
        f"{max(alone):.2f}), during the edits {median(meanwhile):.2f} s (at the most {max(meanwhile):.2f}). The "
        f"worker's own memory, models and lists included: {found['at_rest']['own']:,.0f} MB, "
        f"{found['after']['own']:,.0f} MB after all edits."
    )

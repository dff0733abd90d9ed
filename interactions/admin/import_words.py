"""Say of an import how it stands, what it would bring or has brought, and how its first rows are read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from interactions.importing.reading import Preview
from interactions.models import FileImport
from recsite.platform.humanize import EMPTY, pluralize
from recsite.platform.models import Job
from recsite.platform.parts import Badge, State

LONGEST = 60
Counts = Mapping[str, Any]


def state(row: FileImport) -> Badge:
    """Say in a word or two how an import stands."""
    job = row.job
    if row.is_at_work:
        return Badge("at work", State.WARN)
    if row.undone_at:
        return Badge("undone")
    if job is not None and job.state == Job.State.FAILED:
        return Badge("failed", State.BAD, job.message)
    if row.outcome:
        return Badge("imported", State.GOOD)
    if row.discarded_at:
        return Badge("not kept", State.NONE, "The file is not kept any more.")
    if not row.is_whole:
        return Badge("broke off", State.WARN, "Choose the same file again to go on.")
    return Badge("checked") if row.checked else Badge("to be checked")


def counted(row: FileImport) -> str:
    """Say in a line what an import brought."""
    if not row.outcome:
        return EMPTY
    counts = row.outcome["counts"]
    numbers = {"event": counts["stored"], "item": counts["items"]["added"], "user": counts["users"]["added"]}
    said = ", ".join(pluralize(number, noun) for noun, number in numbers.items() if number)
    refused = f"{counts['rejected']:,} refused" if counts["rejected"] else ""
    return "; ".join(filter(None, (said or "nothing new", refused)))


def result(found: Counts) -> dict[str, Any]:
    """Return what a check or an import said, as rows of new, changed and known."""
    counts = found["counts"]
    rows = [
        ("Events", counts["stored"], counts["changed"], counts["duplicates"]),
        ("Items", counts["items"]["added"], counts["items"]["changed"], None),
        ("Users", counts["users"]["added"], counts["users"]["changed"], None),
    ]
    return {**found, "rows": rows, "rejected": counts["rejected"]}


def tables(shown: Preview) -> list[tuple[str, list[str], list[list[str]]]]:
    """Return a table for each kind of rows: its name, its columns, and what stands in them."""
    found = []
    for kind, rows in shown.rows.items():
        columns = list(dict.fromkeys(name for row in rows for name in row))
        found.append((kind, columns, [[_written(row.get(name)) for name in columns] for row in rows]))
    return found


def _written(value: Any) -> str:
    if value is None:
        return EMPTY
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, tuple | list):
        text = ", ".join(map(str, value))
    elif isinstance(value, dict):
        text = ", ".join(f"{name}: {inner}" for name, inner in value.items())
    else:
        text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"

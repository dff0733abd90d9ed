"""`make bench`: measures import, training, ranking and serving, and writes the tables of docs/BENCHMARKS.md."""

import argparse
import csv
import gzip
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from recsite.local import servers
from recsite.local.paths import PROJECT
from tests.bench import (
    admin_table,
    backup_table,
    catalogue_table,
    events_table,
    export_table,
    filters_table,
    report,
    rules_table,
    search_table,
    series_table,
    spark_table,
    tables,
    workers_table,
)
from tests.bench.processes import STATE, manage, part

REPORT = PROJECT / "docs" / "BENCHMARKS.md"
SECTIONS = (
    "import",
    "training",
    "ranking",
    "serving",
    "events",
    "catalogue",
    "export",
    "search",
    "filters",
    "rules",
    "series",
    "admin",
    "backup",
    "workers",
    "spark",
)
ONLY_WHERE_ASKED_FOR = {"spark"}
"""It needs requirements-spark.txt and Java, which nothing else here does."""

PEOPLE, ITEMS, RATINGS = 53_424, 10_000, 979_478


def main() -> None:
    arguments = _arguments()
    os.environ["RECSITE_STATE"] = str(STATE)
    os.environ["DJANGO_SETTINGS_MODULE"] = "recsite.settings"
    # The made ratings come without a file of items.
    os.environ.setdefault("UNKNOWN_ITEM_POLICY", "placeholder")
    path, name = _data(arguments)
    with servers.ensure(STATE):
        manage("migrate", "--verbosity", "0")
        command = f"`make bench{_asked(arguments)}`. {report.machine()}"
        sections: dict[str, Callable[[], str]] = {
            "import": lambda: tables.imports(path, arguments.format),
            "training": tables.training,
            "ranking": tables.ranking,
            "serving": tables.serving,
            "events": events_table.events,
            "export": export_table.export,
            "catalogue": lambda: catalogue_table.catalogue(arguments.items),
            "search": search_table.search,
            "filters": filters_table.filters,
            "rules": rules_table.rules,
            "series": series_table.series,
            "admin": lambda: admin_table.admin(arguments.items),
            "backup": backup_table.backup,
            "workers": workers_table.workers,
            "spark": spark_table.spark,
        }
        for section in arguments.only or [name for name in sections if name not in ONLY_WHERE_ASKED_FOR]:
            prepare(section, path, arguments.format)
            say(f"Measuring {section} ...")
            of = "" if section in ("catalogue", "search", "filters", "series", "admin") else f"{name}. "
            text = f"## {section.capitalize()}\n\n{sections[section]()}\n\n{of}{command}"
            report.write(REPORT, section, text)
            say(text)
    if not arguments.keep:
        shutil.rmtree(STATE, ignore_errors=True)


def prepare(section: str, path: Path, format_: str) -> None:
    """Make what a section needs where no section before it did: ratings for all but the first, a release for lists."""
    if (
        section in ("training", "ranking", "serving", "export", "rules", "backup", "workers", "spark")
        and not part("contents")["events"]
    ):
        say("Importing ...")
        manage("import_data", str(path), "--format", format_)
    if section in ("ranking", "serving", "rules", "workers") and not part("contents")["releases"]:
        say("Training ...")
        manage("train")


def _arguments() -> Any:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--data", type=Path, help="Measure on this data set (default: a made one of the same size).")
    parser.add_argument("--format", default="csv", help="Its format, as in import_data.")
    parser.add_argument("--only", type=_sections, help=f"Measure these alone, with commas: {','.join(SECTIONS)}.")
    parser.add_argument("--items", type=int, default=1_000_000, help="Size of the large catalogue (%(default)s).")
    parser.add_argument("--events", type=int, default=RATINGS, help="Size of the made data set (%(default)s).")
    parser.add_argument("--keep", action="store_true", help="Keep the data for the next run with --only.")
    return parser.parse_args()


def _sections(names: str) -> list[str]:
    """Return the sections that a list with commas names."""
    chosen = [name.strip() for name in names.split(",") if name.strip()]
    if unknown := sorted({*chosen} - {*SECTIONS}):
        raise argparse.ArgumentTypeError(f"no section {', '.join(unknown)}; known: {', '.join(SECTIONS)}")
    return chosen


def _data(arguments: Any) -> tuple[Path, str]:
    if arguments.data:
        return arguments.data.resolve(), f"`{arguments.data.name}`"
    people = max(round(PEOPLE * arguments.events / RATINGS), 1)
    made = _made_data(arguments.events, people)
    return made, f"{arguments.events:,} made ratings by {people:,} people of {ITEMS:,} items"


def _asked(arguments: Any) -> str:
    data = f" DATA={arguments.data} FORMAT={arguments.format}" if arguments.data else ""
    events = f" --events {arguments.events}" if arguments.events != RATINGS else ""
    return f'{data} ARGS="--only {",".join(arguments.only)}{events}"' if arguments.only else data


def _made_data(ratings: int, n_people: int) -> Path:
    """Ratings, by default as many as goodbooks-10k has, with popular and rare items: for machines without it."""
    path = STATE / "ratings.csv.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(42)
    people = rng.integers(0, n_people, ratings)
    items = np.minimum(rng.pareto(0.8, ratings) * ITEMS / 50, ITEMS - 1).astype(int)
    stars = rng.integers(1, 6, ratings)
    seconds = 1_750_000_000 + np.sort(rng.integers(0, 15_000_000, ratings))
    with gzip.open(path, "wt", newline="", compresslevel=1) as file:
        writer = csv.writer(file)
        writer.writerow(["user_id", "item_id", "value", "occurred_at"])
        writer.writerows(zip(people.tolist(), items.tolist(), stars.tolist(), seconds.tolist(), strict=True))
    return path


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

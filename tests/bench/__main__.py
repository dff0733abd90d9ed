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

from recsite.local import kafka, servers
from recsite.local.paths import PROJECT
from tests.bench import report
from tests.bench.processes import manage, part

REPORT = PROJECT / "docs" / "BENCHMARKS.md"
STATE = PROJECT / ".local" / "bench"
PEOPLE, ITEMS, RATINGS = 53_424, 10_000, 979_478
Lines = list[list[str]]


def main() -> None:
    arguments = _arguments()
    os.environ["RECSITE_STATE"] = str(STATE)
    os.environ["DJANGO_SETTINGS_MODULE"] = "recsite.settings"
    path, name = _data(arguments)
    with servers.ensure(STATE):
        manage("migrate", "--verbosity", "0")
        command = f"make bench{_asked(arguments)}"
        intro = f"{name}. `{command}`. {report.machine()}"
        sections: dict[str, Callable[[], str]] = {
            "import": lambda: imports(path, arguments.format),
            "training": training,
            "ranking": ranking,
            "serving": serving,
            "events": events,
        }
        for section in arguments.only or sections:
            say(f"Measuring {section} ...")
            text = f"## {section.capitalize()}\n\n{sections[section]()}\n\n{intro}"
            report.write(REPORT, section, text)
            say(text)
    if not arguments.keep:
        shutil.rmtree(STATE, ignore_errors=True)


def imports(path: Path, format_: str) -> str:
    """Rows per second of the whole import beside a bare COPY of what it stored."""
    ran = manage("import_data", str(path), "--format", format_)
    copied = part("copying")
    rows = copied["rows"]
    ours, bare = rows / ran.seconds, rows / copied["seconds"]
    lines = [
        ["`manage.py import_data`", f"{rows:,}", f"{ran.seconds:.1f} s", f"{ours:,.0f}", f"{ran.peak_mb:,.0f} MB"],
        ["bare `COPY` of the same rows", f"{rows:,}", f"{copied['seconds']:.1f} s", f"{bare:,.0f}", "–"],
    ]
    figures = report.table(["", "events", "time", "events/s", "peak memory"], lines)
    return f"{figures}\n\nThe import runs at {ours / bare:.2f} of the bare COPY; it reads, checks and resolves as well."


def training() -> str:
    found = part("fitting")
    whole, quick = manage("train"), manage("train", "--quick", "--again")
    lines = [
        ["`SVD.fit`", f"{found['seconds']:.1f} s"],
        ["Surprise: trainset and `fit()`", f"{found['bare_seconds']:.1f} s"],
        ["reading all events into arrays", f"{found['read_seconds']:.1f} s"],
        [
            f"`manage.py train`: read, evaluate on held-out events, refit, store, promote ({whole.peak_mb:,.0f} MB)",
            f"{whole.seconds:.1f} s",
        ],
        [
            f"`manage.py train --quick`, as every hour: what leads, with its learned weights ({quick.peak_mb:,.0f} MB)",
            f"{quick.seconds:.1f} s",
        ],
    ]
    ratio = found["seconds"] / found["bare_seconds"]
    figures = report.table(["", "time"], lines)
    return f"{figures}\n\n{found['ratings']:,} ratings, `{found['settings']}`: {ratio:.2f} times the bare fit."


def ranking() -> str:
    found = part("ranking")
    pairs = found["people"] * found["items"]
    loop = pairs * found["predict_seconds_per_pair"]
    lines = [
        ["one thread", f"{found['seconds_1']:.1f} s", f"{loop / found['seconds_1']:,.0f} times"],
        ["two threads", f"{found['seconds_2']:.1f} s", f"{loop / found['seconds_2']:,.0f} times"],
        ["Surprise's `predict()` in a loop, extrapolated from a sample", f"{loop:,.0f} s", "1"],
    ]
    figures = report.table(["the best 100 for everybody, without what they have seen", "time", "faster"], lines)
    size = f"{found['people']:,} people, {found['items']:,} items"
    warmed = manage("warm_cache", "--all")
    return (
        f"{figures}\n\n{size}, {found['ranking_peak_mb']:,.0f} MB at the most. "
        f"`manage.py warm_cache --all`, written to Redis: {warmed.seconds:.1f} s, {warmed.peak_mb:,.0f} MB."
    )


def serving() -> str:
    manage("warm_cache", "--all")
    found = part("serving")
    names = {
        "product": "`GET /recommendations/users/…`, cached, everything on",
        "dressed": "bare `JsonResponse`, same middleware",
        "bare": "bare `JsonResponse`, no middleware but django-prometheus",
    }
    lines: Lines = [_serving_line(names[name], found[name], found["bare"]) for name in names]
    headings = ["", "answers/s", "of the bare one", "p50", "p95", "CPU per answer"]
    return (
        f"{report.table(headings, lines)}\n\nOne gunicorn worker, four threads, 16 connections, authentication off, "
        "answers of the same size, medians of five alternating rounds; the client runs on the same machine."
    )


def events() -> str:
    """Through a Kafka broker of the same machine, whose start is not measured."""
    if reason := kafka.missing():
        return f"Not measured. {reason}"
    with servers.ensure(STATE / "broker", kinds=(kafka.Kafka,)):
        found = part("events")
        direct = part("events", "direct", KAFKA_BOOTSTRAP_SERVERS="")
    copied = part("copying")
    bare, together = copied["rows"] / copied["seconds"], found["together_per_second"]
    lines = [
        ["produced in batches of 5,000", f"{found['produced_per_second']:,.0f}"],
        ["read from the topics and stored, by one consumer", f"{found['alone_per_second']:,.0f}"],
        ["the same by two", f"{together:,.0f}"],
        ["bare `COPY` of stored rows into the same table", f"{bare:,.0f}"],
    ]
    posts = [_posts_line("on Kafka", found), _posts_line("in PostgreSQL (direct)", direct)]
    return (
        f"{report.table(['', 'events/s'], lines)}\n\n{found['events']:,} events, produced beforehand; "
        f"{found['stored']:,} stored, {found['dead']:,} dead letters. Two run at {together / bare:.2f} of the "
        "bare COPY: they decode, check, resolve, meet people and tell Redis as well. The consumer that ran alone took "
        f"{found['peak_mb']:,.0f} MB at the most.\n\n"
        f"{report.table(['single posts, durable when answered', 'posts/s', 'p50', 'p95'], posts)}\n\nOne gunicorn "
        "worker, eight connections, authentication off; client, broker and PostgreSQL on the same machine."
    )


def _posts_line(name: str, found: dict[str, float]) -> list[str]:
    times = [f"{found[f'post_{name}_ms']:.1f} ms" for name in ("p50", "p95")]
    return [name, f"{found['posts_per_second']:,.0f}", *times]


def _serving_line(name: str, figures: dict[str, float], bare: dict[str, float]) -> list[str]:
    return [
        name,
        f"{figures['per_second']:,.0f}",
        f"{figures['per_second'] / bare['per_second']:.2f}",
        f"{figures['p50_ms']:.1f} ms",
        f"{figures['p95_ms']:.1f} ms",
        f"{figures['cpu_ms']:.2f} ms",
    ]


def _arguments() -> Any:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--data", type=Path, help="Measure on this data set (default: a made one of the same size).")
    parser.add_argument("--format", default="csv", help="Its format, as in import_data.")
    parser.add_argument("--only", nargs="+", choices=["import", "training", "ranking", "serving", "events"])
    parser.add_argument("--keep", action="store_true", help="Keep the data for the next run with --only.")
    return parser.parse_args()


def _data(arguments: Any) -> tuple[Path, str]:
    if arguments.data:
        return arguments.data.resolve(), f"`{arguments.data.name}`"
    return _made_data(), f"{RATINGS:,} made ratings by {PEOPLE:,} people of {ITEMS:,} items"


def _asked(arguments: Any) -> str:
    return f" DATA={arguments.data} FORMAT={arguments.format}" if arguments.data else ""


def _made_data() -> Path:
    """Ratings of the size of goodbooks-10k, with popular and rare items, for machines that don't have it."""
    path = STATE / "ratings.csv.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(42)
    people = rng.integers(0, PEOPLE, RATINGS)
    items = np.minimum(rng.pareto(0.8, RATINGS) * ITEMS / 50, ITEMS - 1).astype(int)
    stars = rng.integers(1, 6, RATINGS)
    seconds = 1_750_000_000 + np.sort(rng.integers(0, 15_000_000, RATINGS))
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

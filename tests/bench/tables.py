"""Write the tables of import, training, ranking and serving, each beside the bare parts that it is made of."""

import os
from pathlib import Path

from tests.bench import report
from tests.bench.processes import manage, part

Lines = list[list[str]]


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


UNSEEN = 2_000
"""Items that came after the training, as many as each list is compared with (`new_items.MOST`)."""

LARGE = 1_000_000
"""Items of the large catalogue."""


def serving() -> str:
    """Answers after events on the catalogue of the data; cached ones on that and on a large one."""
    manage("warm_cache", "--all")
    after, many = after_events(), batch()
    return f"{_cached_answers()}\n\n{after}\n\n{many}"


def batch() -> str:
    """Processor time of one call for many users, beside as many calls, in one process."""
    found = part("batch")
    return (
        f"One call for {found['users']} users whose lists are cached takes {found['batch_ms']:.1f} ms of the "
        f"processor, {found['users']} calls {found['single_ms']:.1f} ms: {found['ratio']:.1f} times as much. In one "
        "process, without a socket and without authentication, medians of nine alternating rounds."
    )


def after_events() -> str:
    """CPU per answer of all processes: from the cache, after events, and made for the first time."""
    found = part("after_events")
    names = {
        "warm": "from the cache",
        "after_event": "right after an event of the same user",
        "after_first_event": "after the first event of a user whose list was warmed",
        "first": "the first after everybody's lists are out of date",
    }
    warm = sum(found["warm"].values())
    lines = [
        [
            words,
            *(f"{found[name][process]:.2f} ms" for process in ("gunicorn", "postgresql", "redis")),
            f"{sum(found[name].values()):.2f} ms",
            f"{sum(found[name].values()) / warm:.1f}",
        ]
        for name, words in names.items()
    ]
    headings = ["CPU per answer", "gunicorn", "PostgreSQL", "Redis", "all", "times a cached one"]
    return (
        f"{report.table(headings, lines)}\n\n{found['people']:,} users in turn over one connection, three times each."
    )


def _cached_answers() -> str:
    """Cached answers beside a bare one, with the catalogue of the data and with a large one."""
    # As many items that the release has never seen as it compares each list with, so that only the size differs.
    manage("demo_data", "--items", str(UNSEEN), "--plain")
    manage("warm_cache", "--all")
    found, items = part("serving"), part("contents")["items"]
    manage("demo_data", "--items", str(LARGE), "--plain")
    # What is stored in bulk puts all lists out of date.
    manage("warm_cache", "--all")
    large, items_then = part("serving"), part("contents")["items"]
    names = {
        "checked": "a user's list (200 users in turn), cached, everything on",
        "unkept": "the same, made anew from cached candidates each time",
        "unlimited": "the same without a limit",
        "product": "the same without key and limit",
        "unrecorded": "the same without both, nothing recorded of what is shown",
        "popular": "popular items",
        "similar": "items similar to one",
        "dressed": "bare `JsonResponse`, same middleware as pages",
        "bare": "bare `JsonResponse`, no middleware",
    }
    lines: Lines = [
        _serving_line(names[name], found[name], large[name], found["bare"], large["bare"]) for name in names
    ]
    headings = ["", "answers/s", "p95", "CPU per answer", "of the bare one", "CPU, large", "of the bare one, large"]
    added = (found["checked"]["cpu_ms"] - found["product"]["cpu_ms"]) / found["bare"]["cpu_ms"]
    return (
        f"{report.table(headings, lines)}\n\nKey and limit add {added:.2f} times the CPU of the bare answer. One "
        "gunicorn worker, four threads, 16 connections, authentication off but in the first three lines, answers of "
        "the same size, medians of five alternating rounds; the client runs on the same machine. The first "
        f"columns with {items:,} items, those called large with {items_then:,}; in both the release has never seen "
        f"{UNSEEN:,} or more of them. {_gorse()}"
    )


def _gorse() -> str:
    """Say how fast a Gorse server answers for the same users, where there is one."""
    if not os.environ.get("GORSE_URL"):
        return "Not compared with Gorse: GORSE_URL names no server."
    found = part("serving", "gorse")
    return f"Gorse, its lists made before: {found['per_second']:,.0f} answers/s, p95 {found['p95_ms']:.1f} ms."


def _serving_line(
    name: str, figures: dict[str, float], large: dict[str, float], bare: dict[str, float], bare_large: dict[str, float]
) -> list[str]:
    return [
        name,
        f"{figures['per_second']:,.0f}",
        f"{figures['p95_ms']:.1f} ms",
        f"{figures['cpu_ms']:.2f} ms",
        f"{figures['cpu_ms'] / bare['cpu_ms']:.2f}",
        f"{large['cpu_ms']:.2f} ms",
        f"{large['cpu_ms'] / bare_large['cpu_ms']:.2f}",
    ]

"""The section on rules of placements."""

from tests.bench.processes import manage, part


def rules() -> str:
    manage("warm_cache", "--all")
    found = part("rules")
    plain, ruled = found["plain"], found["ruled"]
    return (
        f"A cached answer with {found['rules']} rules of every kind takes {ruled['cpu_ms']:.2f} ms of the processor, "
        f"one without {plain['cpu_ms']:.2f} ms: {ruled['cpu_ms'] / plain['cpu_ms']:.2f} times as much (the lists of "
        f"{found['users']} users, whole requests by one gunicorn)."
    )

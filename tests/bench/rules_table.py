"""The section on what rules and experiments of a placement cost."""

from tests.bench.processes import manage, part


def rules() -> str:
    manage("warm_cache", "--all")
    found = part("rules")
    plain = found["plain"]["cpu_ms"]
    told = {name: f"{(cost := found[name]['cpu_ms']):.2f} ms ({cost / plain:.2f} times)" for name in COSTS}
    return (
        f"A cached answer takes {plain:.2f} ms of the processor. With a running experiment it takes {told['tried']}, "
        f"with {found['rules']} rules of every kind {told['ruled']}, with both {told['both']}, with two interleaved "
        f"rankings {told['drafted']}: the lists of {found['users']} users, whole requests by one gunicorn."
    )


COSTS = ("ruled", "tried", "both", "drafted")

"""Keep the files bounded in which the processes of one role count: those of processes that are no more become one.

prometheus_client has a file for each process and never forgets one, since sums must not fall. A role whose processes
are replaced every hour would have thousands of them after some months, and each scrape would read them all.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import mark_process_dead

from recsite.platform import exemplars

SUMMED = ("counter", "histogram")
"""The kinds whose values add up; gauges of processes that are no more don't count."""

GONE = "gone"
"""Stands for all processes that are no more, where file names have the number of one."""


FOLDING = "folding.json"
"""Names what has been added up, from that moment until the files are gone: whoever comes after a crash ends it."""


@contextmanager
def in_order(folder: Path, *, alone: bool) -> Iterator[None]:
    """Let scrapes read while nobody moves counts from one file to another: they would be seen twice, or not at all."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        while (folder / FOLDING).exists():
            # Whoever was to end it is no more, since this lock was free.
            fcntl.flock(lock, fcntl.LOCK_EX)
            _finish(folder)
            if not alone:
                fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def fold(folder: Path) -> int:
    """Add up what processes have counted that are no more, remove their files, and return how many files that were.

    The sums are made beside the old ones, so that a crash at any moment leaves all counts once.
    """
    with in_order(folder, alone=True):
        gone = {kind: [path for path in folder.glob(f"{kind}_*.db") if _is_gone(path)] for kind in SUMMED}
        for kind, paths in gone.items():
            if paths:
                _add_up([folder / f"{kind}_{GONE}.db", *paths], _sums(folder, kind))
        if any(gone.values()):
            plan = folder / f"{FOLDING}.new"
            plan.write_text(json.dumps({kind: [path.name for path in paths] for kind, paths in gone.items() if paths}))
            plan.replace(folder / FOLDING)
            _finish(folder)
        for path in folder.glob("gauge_*.db"):
            if _is_gone(path):
                mark_process_dead(path.stem.rpartition("_")[2], str(folder))
        for path in folder.glob(f"{exemplars.BEGINS}*.json"):
            if _is_gone(path):
                path.unlink()
    return sum(map(len, gone.values()))


def _finish(folder: Path) -> None:
    """Put new sums in the place of what they were made from. It may be done again, from any point of it."""
    for kind, names in json.loads((folder / FOLDING).read_text()).items():
        sums = _sums(folder, kind)
        if sums.exists():
            sums.replace(folder / f"{kind}_{GONE}.db")
        for name in names:
            (folder / name).unlink(missing_ok=True)
    (folder / FOLDING).unlink()


def _sums(folder: Path, kind: str) -> Path:
    """Return where new sums are made: no scrape reads files of this name."""
    return folder / f"{kind}_{GONE}.db.new"


def _is_gone(path: Path) -> bool:
    number = path.stem.rpartition("_")[2]
    if not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        # Somebody else's process has got the number since.
        return True
    return False


def _add_up(paths: Sequence[Path], total: Path) -> None:
    # A crash may have left half of one.
    total.unlink(missing_ok=True)
    sums = MmapedDict(str(total))
    try:
        for path in filter(Path.exists, paths):
            for key, value, timestamp, _ in MmapedDict.read_all_values_from_file(str(path)):
                before, _ = sums.read_value(key)
                sums.write_value(key, before + value, timestamp)
    finally:
        sums.close()

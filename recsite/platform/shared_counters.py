"""Keep the files bounded in which the processes of one role count: those of processes that are no more become one.

prometheus_client has a file for each process and never forgets one, since sums must not fall. A role whose processes
are replaced every hour would have thousands of them after some months, and each scrape would read them all.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import mark_process_dead

SUMMED = ("counter", "histogram")
"""The kinds whose values add up; gauges of processes that are no more don't count."""

GONE = "gone"
"""Stands for all processes that are no more, where file names have the number of one."""


@contextmanager
def in_order(folder: Path, *, alone: bool) -> Iterator[None]:
    """Let scrapes read while nobody moves counts from one file to another: they would be seen twice, or not at all."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


def fold(folder: Path) -> int:
    """Add up what processes have counted that are no more, remove their files, and return how many files that were."""
    folded = 0
    with in_order(folder, alone=True):
        for kind in SUMMED:
            gone = [path for path in folder.glob(f"{kind}_*.db") if _is_gone(path)]
            if gone:
                _add_up(gone, folder / f"{kind}_{GONE}.db")
            folded += len(gone)
        for path in folder.glob("gauge_*.db"):
            if _is_gone(path):
                mark_process_dead(path.stem.rpartition("_")[2], str(folder))
    return folded


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


def _add_up(paths: list[Path], total: Path) -> None:
    sums = MmapedDict(str(total))
    try:
        for path in paths:
            for key, value, timestamp, _ in MmapedDict.read_all_values_from_file(str(path)):
                before, _ = sums.read_value(key)
                sums.write_value(key, before + value, timestamp)
            path.unlink()
    finally:
        sums.close()

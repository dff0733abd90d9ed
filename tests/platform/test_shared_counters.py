"""Processes come and go: what they counted stays, and their files don't."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import MultiProcessCollector

from recsite.platform import shared_counters

COUNT = """
from prometheus_client import Counter, Gauge, Histogram
Counter("sown_total", "Sown.", ["field"]).labels("north").inc(2)
Histogram("took_seconds", "Took.").observe(0.3)
Gauge("at_work", "At work.", multiprocess_mode="livesum").set(1)
"""
TELL = """
from recsite.platform import exposing
print(exposing.counted().decode())
"""


def run(folder: Path, script: str) -> str:
    own = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "recsite.settings"}
    return subprocess.run([sys.executable, "-c", script], env=own, capture_output=True, text=True, check=True).stdout


def test_sums_never_fall_and_files_do_not_pile_up(tmp_path: Path) -> None:
    for processes in (3, 2):
        for _ in range(processes):
            run(tmp_path, COUNT)
        assert shared_counters.fold(tmp_path) == 2 * processes
    assert shared_counters.fold(tmp_path) == 0
    assert sorted(path.name for path in tmp_path.glob("*.db")) == ["counter_gone.db", "histogram_gone.db"]
    told = run(tmp_path, TELL).splitlines()
    assert 'sown_total{field="north"} 10.0' in told
    assert "took_seconds_count 5.0" in told
    assert [line for line in told if line.startswith("at_work")] == []


def test_what_lives_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / f"counter_{os.getpid()}.db"
    path.touch()
    assert shared_counters.fold(tmp_path) == 0
    assert path.exists()


class Crash(Exception):
    """Stands for a process that ends at this moment."""


GONE = 2**22 + 1
"""No process has a number as large as this."""


def counted(folder: Path) -> dict[str, float]:
    """Return what a scrape sees."""
    with shared_counters.in_order(folder, alone=False):
        families = list(MultiProcessCollector(CollectorRegistry(), str(folder)).collect())
    return {sample.name: sample.value for family in families for sample in family.samples}


def leave(folder: Path, process: int) -> None:
    """Leave the files of a process that is no more: it has counted two."""
    for kind, name in (("counter", "sown"), ("histogram", "took")):
        sums = MmapedDict(str(folder / f"{kind}_{process}.db"))
        sample = f"{name}_total" if kind == "counter" else f"{name}_sum"
        sums.write_value(mmap_key(name, sample, [], [], "Counted."), 2.0, 0.0)
        sums.close()


@pytest.mark.parametrize("moment", range(9))
def test_a_crash_in_the_middle_leaves_every_count_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    """Let the process end before each of its changes to the folder in turn."""
    leave(tmp_path, GONE)
    shared_counters.fold(tmp_path)
    leave(tmp_path, GONE + 1)
    changes = 0

    def crashing(name: str) -> Any:
        change = getattr(Path, name)

        def changed(*args: Any, **kwargs: Any) -> Any:
            nonlocal changes
            changes += 1
            if changes > moment:
                raise Crash
            return change(*args, **kwargs)

        return changed

    with monkeypatch.context() as dying:
        for name in ("unlink", "replace", "write_text"):
            dying.setattr(Path, name, crashing(name))
        with pytest.raises(Crash):
            shared_counters.fold(tmp_path)
    assert counted(tmp_path) == {"sown_total": 4.0, "took_sum": 4.0}
    shared_counters.fold(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["counter_gone.db", "histogram_gone.db", "lock"]
    assert counted(tmp_path) == {"sown_total": 4.0, "took_sum": 4.0}

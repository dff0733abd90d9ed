"""Processes come and go: what they counted stays, and their files don't."""

import os
import subprocess
import sys
from pathlib import Path

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

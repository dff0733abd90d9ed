"""The measurements can be started, though the suite runs none of them."""

import os
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).with_name("bench")
IMPORT_ALL = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"


def test_measurements_import_nothing_that_needs_django_before_they_set_it_up() -> None:
    found = [file.stem for file in sorted(BENCH.glob("*.py")) if "django.setup()" in file.read_text()]
    assert len(found) > 10
    command = [sys.executable, "-c", IMPORT_ALL, *(f"tests.bench.{name}" for name in found)]
    done = subprocess.run(command, cwd=BENCH.parents[1], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-1500:]


def test_the_bare_server_that_answers_are_compared_with_can_start() -> None:
    bare = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.bench.bare_settings", "BENCH_BARE": "yes"}
    command = [sys.executable, "-c", "import django; django.setup(); import tests.bench.bare_urls"]
    done = subprocess.run(command, cwd=BENCH.parents[1], env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-1500:]

"""The set-up, in a project that holds nothing but recsite.local and its own lists of packages."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from recsite.local.paths import PROJECT
from tests.local.users import environ


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "a clone"
    shutil.copytree(PROJECT / "recsite" / "local", folder / "recsite" / "local")
    for name in ("requirements.txt", "requirements-dev.txt"):
        (folder / name).write_text("uv==0.0.0 --hash=sha256:00\n")
    return folder


def ask(clone: Path, code: str) -> str:
    """Evaluate an expression about the clone's set-up in a process of its own."""
    command = [sys.executable, "-c", f"from recsite.local import setup; print({code})"]
    return subprocess.run(command, cwd=clone, env=environ(), capture_output=True, text=True, check=True).stdout.strip()


def make_environment(clone: Path) -> None:
    """Like a finished one, quicker: with a pip that does nothing."""
    venv = clone / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    (venv / "bin" / "pip").write_text(f'#!/bin/sh\n\'\'\'exec\' "{venv}/bin/python" "$0" "$@"\n')
    packages = next(venv.glob("lib/python*/site-packages"))
    (packages / "pip").mkdir()
    (packages / "pip" / "__init__.py").touch()
    ask(clone, "setup.STAMP.write_text(setup.wanted())")


def test_a_finished_environment_is_left_alone(clone: Path) -> None:
    make_environment(clone)
    assert ask(clone, "setup.is_done(), setup.is_sound()") == "True True"
    assert ask(clone, "setup.setup()") == "None"


def test_new_requirements_are_installed_into_the_environment_that_is_there(clone: Path) -> None:
    make_environment(clone)
    (clone / "requirements.txt").write_text("uv==0.0.1 --hash=sha256:00\n")
    assert ask(clone, "setup.is_done(), setup.is_sound()") == "False True"


def test_an_environment_that_was_moved_is_made_again(clone: Path) -> None:
    make_environment(clone)
    moved = clone.rename(clone.with_name("moved"))
    assert ask(moved, "setup.is_done(), setup.is_sound()") == "False False"


def test_an_environment_without_its_python_is_made_again(clone: Path) -> None:
    make_environment(clone)
    (clone / ".venv/bin/python").unlink()
    assert ask(clone, "setup.is_done(), setup.is_sound()") == "False False"


def test_packages_that_cannot_be_fetched_are_reported_and_asked_for_again(clone: Path) -> None:
    make_environment(clone)
    pip = next((clone / ".venv").glob("lib/python*/site-packages/pip"))
    (pip / "__main__.py").write_text("raise SystemExit('ERROR: no network')")
    (clone / "requirements.txt").write_text("uv==0.0.1 --hash=sha256:00\n")
    command = [sys.executable, "-m", "recsite.local", "setup"]
    done = subprocess.run(command, cwd=clone, env=environ(), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "The packages can't be installed: ERROR: no network\n"
    assert ask(clone, "setup.is_done()") == "False"

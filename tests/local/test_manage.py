"""`manage.py` as a person calls it, with and without servers and packages."""

import subprocess
import sys
from pathlib import Path

import pytest

from recsite.local.paths import PROJECT
from tests.local.users import environ

BASE_PYTHON = str(getattr(sys, "_base_executable", sys.executable))


def manage(python: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [python, "manage.py", *arguments]
    return subprocess.run(command, cwd=PROJECT, env=environ(**more), capture_output=True, text=True, check=False)


def test_a_command_brings_its_servers_and_stops_them(state: Path) -> None:
    done = manage(sys.executable, "migrate", "--check", RECSITE_STATE=str(state))
    assert done.returncode == 1  # nothing is migrated yet, says the database that was not there before
    assert "Traceback" not in done.stderr
    assert (state / "postgresql" / "cluster").is_dir()
    assert not (state / "postgresql" / "cluster" / "postmaster.pid").exists()
    assert not (state / "redis" / "redis.pid").exists()


def test_production_gets_no_servers_of_its_own(state: Path) -> None:
    done = manage(
        sys.executable,
        "check",
        RECSITE_STATE=str(state),
        ENVIRONMENT="production",
        SECRET_KEY="0123456789" * 6,
        ERASURE_KEY="abcdefghij" * 6,
    )
    assert done.returncode == 1
    assert "DATABASE_URL is missing" in done.stderr
    assert not state.exists()


@pytest.mark.skipif(not (PROJECT / ".venv").exists(), reason="there is no .venv to go on with")
def test_a_python_without_packages_goes_on_with_the_one_that_has_them() -> None:
    servers = {"DATABASE_URL": "postgres://a@192.0.2.1/b", "REDIS_URL": "redis://192.0.2.1/0"}
    done = manage(BASE_PYTHON, "version", **servers)
    assert done.returncode == 0, done.stderr


def test_without_any_packages_one_sentence_says_what_to_run(tmp_path: Path) -> None:
    subprocess.run(["cp", "-r", PROJECT / "manage.py", PROJECT / "recsite", tmp_path], check=True)
    command = [BASE_PYTHON, "-E", str(tmp_path / "manage.py"), "check"]
    done = subprocess.run(command, cwd=tmp_path, env=environ(), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "Django isn't installed here: run 'make setup', then '.venv/bin/python manage.py'.\n"

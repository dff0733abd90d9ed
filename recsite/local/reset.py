"""Run `make reset`: stop what runs from a state folder, and throw the folder away."""

import os
import shutil
from pathlib import Path

from recsite.local import demo, locks
from recsite.local.home import private_folder
from recsite.local.kafka import Kafka
from recsite.local.paths import PROJECT, LocalError, make_state
from recsite.local.postgres import Postgres
from recsite.local.processes import end
from recsite.local.redis import Redis

# Where each server works, below the state folder or the private folder.
WORKPLACES = (("postgresql/cluster", Postgres), ("redis", Redis), ("kafka", Kafka))
# The states that `make test`, `make bench` and deploy/load keep inside, and that of the tests' broker.
NESTED = ("test", "bench", "faults", "broker")
MARKS = ("start.lock", "demo.lock")


def reset(state: Path) -> bool:
    """Throw the folder away; False where there was nothing. Raises LocalError where somebody still uses it."""
    if not any(map(_is_state, (state, *(state / name for name in NESTED)))):
        return False
    if PROJECT.is_relative_to(state):
        raise LocalError(f"RECSITE_STATE is {state}, which holds the project itself: reset removes nothing there.")
    make_state(state)
    demo.stop(state)
    for name in NESTED:
        reset(state / name)
    with locks.exclusive(state / "start.lock"):
        users = locks.take_exclusive(state / "users.lock")
        if users is None:
            raise LocalError(
                "The local servers are in use (by a test run or a command): end that, then 'make reset' again."
            )
        for folder in (state, private_folder(state)):
            _throw_away(folder)
        os.close(users)
    return True


def _is_state(folder: Path) -> bool:
    return private_folder(folder).exists() or any((folder / mark).exists() for mark in MARKS)


def _throw_away(folder: Path) -> None:
    for workplace, server in WORKPLACES:
        end(folder / workplace, server.pid_file, server.quick_stop)
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise LocalError(
            f"{error.filename} can't be removed ({error.strerror}): it may belong to another user."
        ) from error

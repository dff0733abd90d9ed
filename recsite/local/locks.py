"""Lock files so that the kernel gives the lock back when its holder dies, however it dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from recsite.local.console import say
from recsite.local.paths import LocalError


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise LocalError(f"{path} can't be opened ({error.strerror}): it may belong to another user.") from error


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Wait for the lock, then hold it for the block."""
    handle = _open(path)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def take_exclusive(path: Path) -> int | None:
    """Return the handle of an exclusive lock, or None where somebody else holds it."""
    handle = _open(path)
    with suppress(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return handle
    os.close(handle)
    return None


def wait_for_turn(path: Path, message: str) -> int:
    """Wait for an exclusive lock, held until this process ends; say so where that takes time."""
    handle = take_exclusive(path)
    if handle is None:
        say(message)
        handle = _open(path)
        fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def take_shared(path: Path) -> int:
    handle = _open(path)
    fcntl.flock(handle, fcntl.LOCK_SH)
    return handle


def became_last(handle: int) -> bool:
    """Tell if nobody else shares the lock any more; then it is held exclusively."""
    with suppress(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False

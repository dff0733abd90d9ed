import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recsite.local.reset import reset


@contextmanager
def state_folder() -> Iterator[Path]:
    """One that the servers' account may enter, with a space in its path."""
    parent = Path(tempfile.mkdtemp(prefix="recsite-tests-")).resolve()
    parent.chmod(0o711)
    folder = parent / "a state"
    yield folder
    reset(folder)
    shutil.rmtree(parent)


@pytest.fixture
def state() -> Iterator[Path]:
    with state_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def kept() -> Iterator[Path]:
    """The same for all tests of a file: making a database is what takes longest."""
    with state_folder() as folder:
        yield folder

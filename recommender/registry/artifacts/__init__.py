"""Store fitted models in the storage called "models" (a file system, or S3), whole or not at all.

A process reads them from a local copy, checked once when it is fetched and shared by all processes of the machine.
Copies appear and leave by being renamed, and only under one lock: so nobody ever deletes what another process has just
put there, and nobody sees a half.
"""

import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, storages
from numpy.typing import NDArray

from recommender.engine.types import Model
from recommender.registry.artifacts import files
from recommender.registry.artifacts.files import Artifact as Artifact
from recommender.registry.artifacts.files import Source
from recommender.registry.exceptions import ArtifactDamaged
from recsite.local.locks import exclusive

LOCAL_COPIES = 20
"""Kept on a machine, the last used ones: those that are live, and those that a rollback wants back at once."""

LOCK = ".lock"
UNFINISHED = ".unfinished-"
A_DAY = 24 * 3600.0


def new_folder(algorithm: str) -> str:
    """Return a name in the storage that nothing else has."""
    return f"{algorithm}/{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(4)}"


def save(folder: str, model: Model, about: Mapping[str, Any]) -> str:
    """Store the model with its description; return the checksum that `load` wants."""
    with _workplace() as stage:
        checksum = files.write(stage, model, about)
        _upload(stage, folder)
        with _locked():
            _keep(stage, checksum)
    return checksum


def load(folder: str, checksum: str) -> Artifact:
    """Load the model, memory-mapped; fetch it where there is no local copy that can be read.

    Raises ArtifactDamaged, with a sentence, where the stored files are missing or not what was written.
    """
    local = _cache() / checksum
    with suppress(ArtifactDamaged):
        return _read(local)
    # Whoever waited here for another process finds its copy; only then is one that can't be read put aside.
    with _locked():
        with suppress(ArtifactDamaged):
            return _read(local)
        _put_aside(local)
        with _workplace() as stage:
            files.copy(_stored(folder), stage, checksum)
            _keep(stage, checksum)
        return _read(local)


def peek(folder: str, checksum: str, *names: str) -> dict[str, NDArray[np.generic]]:
    """Read a few small arrays of a stored model: pages tell of models that this machine need not fetch.

    Raises ArtifactDamaged, with a sentence, where they are missing, large or not what was written.
    """
    return files.peek(_stored(folder), checksum, names)


def verify(folder: str, checksum: str) -> int:
    """Read and check every stored byte; return their number. A local copy that differs is put aside."""
    local = _cache() / checksum
    if local.is_dir() and not _is_whole(local, checksum):
        with _locked():
            if local.is_dir() and not _is_whole(local, checksum):
                _put_aside(local)
    return files.copy(_stored(folder), None, checksum)


def export(folder: str, checksum: str, target: Path) -> int:
    """Copy the checked files to a local folder; return the number of bytes."""
    return files.copy(_stored(folder), target, checksum)


def adopt(source: Path, folder: str, check: Callable[[Artifact], None]) -> str:
    """Store a model from elsewhere, if its files are whole and `check` raises nothing; return its checksum."""
    with _workplace() as stage:
        files.copy(Source.local(source), stage)
        check(files.read(stage))
        checksum = files.checksum(stage)
        _upload(stage, folder)
        with _locked():
            _keep(stage, checksum)
    return checksum


def delete(folder: str) -> None:
    """Remove an artifact, the manifest first, so that a rest is never taken for the whole."""
    storage = _storage()
    with suppress(FileNotFoundError):
        for name in sorted(storage.listdir(folder)[1], key=lambda name: name != files.MANIFEST):
            storage.delete(f"{folder}/{name}")
        storage.delete(folder)


def _storage() -> Storage:
    return storages["models"]


def _stored(folder: str) -> Source:
    storage = _storage()
    return Source(f"the model storage at {folder}", lambda name: cast(IO[bytes], storage.open(f"{folder}/{name}")))


def _upload(stage: Path, folder: str) -> None:
    """Upload the files, the manifest last: without one, an artifact was never finished."""
    for path in sorted(stage.iterdir(), key=lambda path: path.name == files.MANIFEST):
        with path.open("rb") as file:
            _storage().save(f"{folder}/{path.name}", File(file))


def _cache() -> Path:
    folder = Path(settings.MODEL_CACHE_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _workplace() -> Iterator[Path]:
    """Make a folder beside the local copies; it becomes one of them by being renamed, whole."""
    folder = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=_cache()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked() -> Iterator[None]:
    """Hold the lock of the local copies; the kernel gives it back if this process dies."""
    with exclusive(_cache() / LOCK):
        yield


def _keep(stage: Path, checksum: str) -> None:
    """Make the folder the local copy with that checksum, unless there is one."""
    with suppress(OSError):
        stage.rename(_cache() / checksum)
    _tidy()


def _put_aside(local: Path) -> None:
    """Take a local copy away: whoever has mapped its files keeps them, nobody else sees a half."""
    aside = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=_cache()))
    with suppress(OSError):
        local.rename(aside / local.name)
    shutil.rmtree(aside, ignore_errors=True)


def _read(local: Path) -> Artifact:
    artifact = files.read(local)
    _note_use(local)
    return artifact


def _is_whole(local: Path, checksum: str) -> bool:
    try:
        files.copy(Source.local(local), None, checksum)
    except ArtifactDamaged:
        return False
    return True


def _tidy() -> None:
    """Remove the copies that were not used for longest, and what killed processes left unfinished a day ago."""
    ages = {folder: time.time() - _used_at(folder) for folder in _cache().iterdir() if folder.name != LOCK}
    abandoned = [folder for folder, age in ages.items() if folder.name.startswith(UNFINISHED) and age > A_DAY]
    copies = sorted((folder for folder in ages if not folder.name.startswith(".")), key=ages.__getitem__)
    for folder in abandoned + copies[LOCAL_COPIES:]:
        _put_aside(folder)


def _note_use(folder: Path) -> None:
    with suppress(OSError):
        folder.touch()


def _used_at(folder: Path) -> float:
    with suppress(FileNotFoundError):
        return folder.stat().st_mtime
    return 0.0

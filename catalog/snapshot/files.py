"""Keep bases in files that all processes of a machine map: what one has built, others use at once.

A base appears whole, by being renamed, and is never changed. One that goes is renamed first: whoever has mapped it
keeps it. Files are checked before their first use, so a damaged one is put aside and another base built.
"""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO
from zlib import crc32

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from catalog.snapshot import building, changes, reading
from catalog.snapshot.base import Arrays, Base
from catalog.snapshot.changes import Position
from recsite.local.locks import exclusive
from recsite.platform.exceptions import UserFacingError

FORMAT = 2
"""Part of the folders' names: while one version of the product takes over from another, each has its own bases."""

MANIFEST = "manifest.json"
LOCK = ".lock"
UNFINISHED = ".unfinished-"
KEPT = 2
"""Bases of one table: the newest, and the one before for whoever is just opening it."""

A_DAY = 24 * 3600.0
UNUSED_DAYS = 7
CHUNK = 1 << 20


class Unwritable(UserFacingError):
    """Report that bases can't be kept in files."""


class Damaged(Exception):
    """The files are not those that were written."""


@dataclass(frozen=True, eq=False)
class Stored:
    """Hold a base with the position at which its reading began: what happened since has to be read."""

    base: Base
    position: Position
    number: int
    """Rises with each base of a machine; 0 where it is in the memory of this process alone."""


class InFiles:
    """Keep columns in a folder, without holding them in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, BinaryIO] = {}
        self._about: dict[str, dict[str, Any]] = {}

    def append(self, name: str, part: NDArray[Any]) -> None:
        if name not in self._files:
            self._files[name] = (self._folder / f"{name}.bin").open("wb")
            self._about[name] = {"dtype": part.dtype.str, "bytes": 0, "crc32": 0}
        about, raw = self._about[name], np.ascontiguousarray(part).data.cast("B") if part.size else b""
        self._files[name].write(raw)
        about["bytes"] += len(raw)
        about["crc32"] = crc32(raw, about["crc32"])

    def drop(self, name: str) -> None:
        self._files.pop(name).close()
        del self._about[name]
        (self._folder / f"{name}.bin").unlink()

    def arrays(self) -> Arrays:
        for file in self._files.values():
            file.flush()
        return {name: _map(self._folder / f"{name}.bin", about) for name, about in self._about.items()}

    def finish(self, position: Position) -> None:
        """Bring everything to the disk, and write the manifest, which makes it a base."""
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
        manifest = {"position": position, "arrays": self._about}
        (self._folder / MANIFEST).write_text(json.dumps(manifest))

    def close(self) -> None:
        for file in self._files.values():
            file.close()


def newest(table: str, after: int = 0) -> Stored | None:
    """Map the newest base of a table whose number is higher; None where there is none that is whole."""
    for number in sorted(_numbers(table), reverse=True):
        if number <= after:
            return None
        folder = _cache() / f"{_prefix(table)}{number}"
        try:
            return _read(folder, number)
        except FileNotFoundError:
            continue
        except Damaged:
            with _locked():
                _put_aside(folder)
    return None


def newest_or_built(table: str, after: int = 0) -> Stored:
    """Return such a base; where there is none, build it, unless another process is doing so: then wait for that.

    Raises OSError where nothing can be written.
    """
    if found := newest(table, after):
        return found
    with exclusive(_cache() / ".building"):
        return newest(table, after) or _built()


def built_in_memory() -> Stored:
    """Build a base in the memory of this process alone."""
    position = changes.position()
    return Stored(Base.of(building.build(reading.batches(), building.InMemory())), position, 0)


def _built() -> Stored:
    position = changes.position()
    stage = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=_cache()))
    store = InFiles(stage)
    try:
        building.build(reading.batches(), store)
        store.finish(position)
        with _locked():
            number = max([*_numbers(position.table), time.time_ns() // 1000]) + 1
            folder = _cache() / f"{_prefix(position.table)}{number}"
            stage.rename(folder)
            _tidy(position.table)
    finally:
        store.close()
        shutil.rmtree(stage, ignore_errors=True)
    return _read(folder, number)


def _read(folder: Path, number: int) -> Stored:
    """Map a base after checking every byte. Raises Damaged, and FileNotFoundError where it is gone."""
    raw = (folder / MANIFEST).read_bytes()
    try:
        manifest = json.loads(raw)
        table, until, still_open, at = manifest["position"]
        position = Position(table, until, tuple(still_open), at)
        arrays = {name: _checked(folder / f"{name}.bin", about) for name, about in manifest["arrays"].items()}
        base = Base.of(arrays)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise Damaged(f"{folder} is no base: {error}") from error
    with suppress(OSError):
        os.utime(folder)
    return Stored(base, position, number)


def _checked(path: Path, about: dict[str, Any]) -> NDArray[Any]:
    found = 0
    array = _map(path, about)
    raw = array.data.cast("B") if array.size else memoryview(b"")
    for start in range(0, len(raw), CHUNK):
        found = crc32(raw[start : start + CHUNK], found)
    if found != about["crc32"]:
        raise Damaged(f"{path} is not what was written.")
    return array


def _map(path: Path, about: dict[str, Any]) -> NDArray[Any]:
    if path.stat().st_size < about["bytes"]:
        raise Damaged(f"{path} is too short.")
    dtype = np.dtype(about["dtype"])
    if not about["bytes"]:
        return np.empty(0, dtype)
    # As a plain array: numpy's class for mapped files makes every slice slower.
    return np.asarray(np.memmap(path, dtype, "r", shape=(about["bytes"] // dtype.itemsize,)))


def _cache() -> Path:
    folder = Path(settings.CATALOGUE_CACHE_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _prefix(table: str) -> str:
    return f"{blake2b(f'{FORMAT} {table}'.encode(), digest_size=8).hexdigest()}-"


def _numbers(table: str) -> list[int]:
    prefix = _prefix(table)
    names = (folder.name.removeprefix(prefix) for folder in _cache().iterdir() if folder.name.startswith(prefix))
    return [int(name) for name in names if name.isdecimal()]


@contextmanager
def _locked() -> Iterator[None]:
    """Hold the lock under which bases come and go; the kernel gives it back if this process dies."""
    with exclusive(_cache() / LOCK):
        yield


def _put_aside(folder: Path) -> None:
    aside = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=_cache()))
    with suppress(OSError):
        folder.rename(aside / folder.name)
    shutil.rmtree(aside, ignore_errors=True)


def _tidy(table: str) -> None:
    """Remove older bases of the table, those of others that nobody has used for long, and what was left unfinished."""
    old = [f"{_prefix(table)}{number}" for number in sorted(_numbers(table))[:-KEPT]]
    for folder in _cache().iterdir():
        if not folder.is_dir():
            continue
        try:
            age = time.time() - folder.stat().st_mtime
        except FileNotFoundError:
            continue
        is_abandoned = age > (A_DAY if folder.name.startswith(UNFINISHED) else UNUSED_DAYS * A_DAY)
        if folder.name in old or (is_abandoned and not folder.name.startswith(_prefix(table))):
            _put_aside(folder)

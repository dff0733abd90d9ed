"""Write and read a model as a folder: one `.npy` for each array, and a manifest that describes them. No Django."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import file_digest, sha256
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from recommender.engine.forms import load_model
from recommender.engine.types import Model
from recommender.registry.exceptions import ArtifactDamaged

FORMAT = 1
MANIFEST = "manifest.json"
LARGEST_MANIFEST = LARGEST_PEEK = 1 << 20
CHUNK = 1 << 20
ARRAY_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
ENTRY = {"sha256": str, "bytes": int, "shape": list, "dtype": str}
REMEDY = "Train again, or fetch a fresh copy."


@dataclass(frozen=True, eq=False)
class Artifact:
    """Hold a model as it was read, and its manifest."""

    model: Model
    manifest: dict[str, Any]


@dataclass(frozen=True)
class Source:
    """Name a folder somewhere, and open its files."""

    name: str
    open: Callable[[str], IO[bytes]]

    @classmethod
    def local(cls, folder: Path) -> "Source":
        return cls(str(folder), lambda name: (folder / name).open("rb"))


def write(folder: Path, model: Model, about: Mapping[str, Any]) -> str:
    """Writes the model and what there is to say about it to a local folder; the SHA-256 of the manifest."""
    arrays = {name: _write_array(folder / f"{name}.npy", array) for name, array in model.arrays().items()}
    manifest = {**about, "format": FORMAT, "form": model.form, "arrays": arrays}
    raw = json.dumps(manifest, indent=1, sort_keys=True, allow_nan=False).encode()
    (folder / MANIFEST).write_bytes(raw)
    return sha256(raw).hexdigest()


def read(folder: Path) -> Artifact:
    """Read the model in a local folder, memory-mapped. Its bytes were checked when they came there."""
    source = Source.local(folder)
    manifest = _parse(_read_manifest(source), source)
    arrays = {name: _map(folder / f"{name}.npy", entry) for name, entry in manifest["arrays"].items()}
    try:
        return Artifact(load_model(manifest["form"], arrays), manifest)
    except (ValueError, TypeError, IndexError) as error:
        raise ArtifactDamaged(f"The files in {folder} make no model: {error}") from error


def copy(source: Source, target: Path | None, checksum: str = "") -> int:
    """Reads every byte and checks it, writes it to `target` where one is given, and says how many there are.

    Raises ArtifactDamaged where the manifest hasn't this checksum, or a file isn't what the manifest says.
    """
    raw = _read_manifest(source)
    if checksum and sha256(raw).hexdigest() != checksum:
        raise ArtifactDamaged(f"The manifest in {source.name} is not the one that was written there. {REMEDY}")
    arrays = _parse(raw, source)["arrays"]
    for name, entry in arrays.items():
        _copy_file(source, f"{name}.npy", entry, target)
    if target:
        (target / MANIFEST).write_bytes(raw)
    return len(raw) + sum(entry["bytes"] for entry in arrays.values())


def peek(source: Source, checksum: str, names: Iterable[str]) -> dict[str, NDArray[np.generic]]:
    """Read a few small arrays of a model, checked as `copy` does, and nothing else of it."""
    raw = _read_manifest(source)
    if sha256(raw).hexdigest() != checksum:
        raise ArtifactDamaged(f"The manifest in {source.name} is not the one that was written there. {REMEDY}")
    entries, found = _parse(raw, source)["arrays"], {}
    for name in names:
        entry = entries.get(name)
        if entry is None or entry["bytes"] > LARGEST_PEEK:
            raise ArtifactDamaged(f"{source.name} has no {name} that could be looked at.")
        with _open(source, f"{name}.npy") as file:
            data = file.read(LARGEST_PEEK + 1)
        if sha256(data).hexdigest() != entry["sha256"]:
            raise ArtifactDamaged(f"{name}.npy in {source.name} is not the file that was written there. {REMEDY}")
        found[name] = np.load(BytesIO(data), allow_pickle=False)
    return found


def checksum(folder: Path) -> str:
    """Return the SHA-256 of the manifest in a local folder; the manifest has those of all other files."""
    return sha256((folder / MANIFEST).read_bytes()).hexdigest()


def _write_array(path: Path, array: NDArray[np.generic]) -> dict[str, Any]:
    """Writes one file and returns its entry in the manifest."""
    np.save(path, array, allow_pickle=False)
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    return {"sha256": digest, "bytes": path.stat().st_size, "shape": list(array.shape), "dtype": array.dtype.str}


def _map(path: Path, entry: Mapping[str, Any]) -> NDArray[np.generic]:
    """Map the array in a file, if it has the manifest's shape and type. Nothing is ever unpickled."""
    try:
        array = np.asarray(np.lib.format.open_memmap(path, mode="r"))
    except FileNotFoundError as error:
        raise ArtifactDamaged(f"{path} is missing. {REMEDY}") from error
    except ValueError as error:
        raise ArtifactDamaged(f"{path} can't be memory-mapped: {error}. {REMEDY}") from error
    if list(array.shape) != entry["shape"] or array.dtype.str != entry["dtype"]:
        raise ArtifactDamaged(
            f"{path} holds {array.dtype.str} of the shape {list(array.shape)}, "
            f"but its manifest says {entry['dtype']} of the shape {entry['shape']}. {REMEDY}"
        )
    return array


def _copy_file(source: Source, name: str, entry: Mapping[str, Any], target: Path | None) -> None:
    digest, left = sha256(), int(entry["bytes"])
    with ExitStack() as stack:
        file = stack.enter_context(_open(source, name))
        out = stack.enter_context((target / name).open("wb")) if target else None
        # One byte more than there should be is enough to know; the file may be endless.
        while left >= 0 and (chunk := file.read(min(CHUNK, left + 1))):
            left -= len(chunk)
            digest.update(chunk)
            if out:
                out.write(chunk)
    if left != 0 or digest.hexdigest() != entry["sha256"]:
        raise ArtifactDamaged(f"{name} in {source.name} is not the file that was written there. {REMEDY}")


def _open(source: Source, name: str) -> IO[bytes]:
    try:
        return source.open(name)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ArtifactDamaged(f"There is no {name} in {source.name}. {REMEDY}") from error


def _read_manifest(source: Source) -> bytes:
    with _open(source, MANIFEST) as file:
        return file.read(LARGEST_MANIFEST)


def _parse(raw: bytes, source: Source) -> dict[str, Any]:
    """Parse the manifest, if it describes a model. A name that could lead out of the folder is refused."""
    try:
        manifest: dict[str, Any] = json.loads(raw, parse_constant=_refuse)
        known = manifest["format"] == FORMAT and isinstance(manifest["form"], str)
        entries = manifest["arrays"].items()
        whole = all(ARRAY_NAME.fullmatch(name) and _is_entry(entry) for name, entry in entries)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise ArtifactDamaged(f"The manifest in {source.name} can't be read. {REMEDY}") from error
    if not known or not whole:
        raise ArtifactDamaged(f"The manifest in {source.name} describes no model of format {FORMAT}. {REMEDY}")
    return manifest


def _refuse(constant: str) -> None:
    """Refuse NaN and Infinity: Python reads them, but they are no JSON, and PostgreSQL can't store them."""
    raise ValueError(constant)


def _is_entry(entry: Mapping[str, Any]) -> bool:
    return all(isinstance(entry[name], kind) for name, kind in ENTRY.items())

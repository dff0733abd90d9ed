"""Export models as folders, and import them as candidates, checked."""

import re
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from django.contrib.auth.models import AbstractBaseUser
from django.db import DataError, IntegrityError, models, transaction
from django.utils import timezone
from numpy.typing import NDArray

from catalog.models import EndUser, Item
from recommender.engine.algorithms import ALGORITHMS, RATING_MODELS
from recommender.engine.types import UNKNOWN, IdMap, IntArray, RatingModel
from recommender.models import ModelVersion, Release
from recommender.registry import artifacts
from recommender.registry.artifacts import Artifact
from recommender.registry.exceptions import ArtifactDamaged, CannotExport, CannotImport
from recommender.registry.releases import bundle
from recsite.platform import audit
from recsite.platform.audit import SYSTEM, Actor

ALGORITHM_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
PROBED = 100
"""People whose scores are looked at before a model is taken in."""


@dataclass(frozen=True)
class Imported:
    """Report an import: the version, its release, and the share of the model's items and users that are known here."""

    version: ModelVersion
    release: Release
    items: float
    people: float


def verify(version: ModelVersion) -> int:
    """Reads all stored files of a version and checks them; how many bytes. Raises ArtifactDamaged."""
    _require_files(version)
    return artifacts.verify(version.artifact, version.checksum)


def export(version: ModelVersion, folder: Path) -> int:
    """Writes the files of a version to a new or empty folder; how many bytes."""
    _require_files(version)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CannotExport(f"{folder} is not empty. Name a folder that is, or a new one.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return artifacts.export(version.artifact, version.checksum, folder)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise CannotExport(f"{folder} can't be written: {error.strerror}.") from error
        raise


def import_artifact(folder: Path, by: AbstractBaseUser | None = None, *, actor: Actor = SYSTEM) -> Imported:
    """Takes in a model that was trained elsewhere on the same catalogue, as a candidate release.

    Raises ArtifactDamaged where the files are not what their manifest says, CannotImport where the model can't serve.
    """
    if not folder.is_dir():
        raise CannotImport(f"{folder} is no folder. Name the one that 'models export' wrote.")
    checked: list[Artifact] = []
    place = artifacts.new_folder("imported")
    checksum = artifacts.adopt(folder, place, lambda artifact: checked.append(_checked(artifact)))
    try:
        return _record(folder, checked[0], by, actor, {"artifact": place, "checksum": checksum})
    except BaseException as error:
        artifacts.delete(place)
        if isinstance(error, DataError | IntegrityError | ValueError | TypeError):
            said = str(error).split("\n")[0]
            raise CannotImport(f"The manifest in {folder} says what can't be stored: {said}") from error
        raise


def _record(
    folder: Path, artifact: Artifact, by: AbstractBaseUser | None, actor: Actor, files: dict[str, str]
) -> Imported:
    items = _share_here(artifact.model.item_ids, Item.objects.all())
    people = _share_here(artifact.model.user_ids, EndUser.objects.all())
    origin = f"imported from {folder.name[:80]}: {items:.0%} of its items and {people:.0%} of its users are known here"
    with transaction.atomic():
        version = ModelVersion.objects.create(
            **_described(artifact.manifest),
            **files,
            state=ModelVersion.State.READY,
            origin=origin,
            started_by_id=by.pk if by else None,
            finished_at=timezone.now(),
        )
        after = {"algorithm": version.algorithm, "origin": origin, "checksum": version.checksum}
        audit.record(actor, "model.import", "model", version.pk, after=after)
        return Imported(version, bundle([version]), items, people)


def _described(manifest: dict[str, Any]) -> dict[str, Any]:
    """Read from the manifest how the model was made."""
    times = {name: manifest.get(name) for name in ("data_from", "data_until")}
    return {
        "algorithm": manifest["algorithm"],
        "settings": dict(manifest.get("settings") or {}),
        "seed": int(manifest.get("seed") or 0),
        "metrics": dict(manifest.get("metrics") or {}),
        "data_hash": str(manifest.get("data_hash") or ""),
        **{name: datetime.fromisoformat(time) if time else None for name, time in times.items()},
        **{name: manifest.get(name) for name in ("n_users", "n_items", "n_events")},
    }


def _require_files(version: ModelVersion) -> None:
    if not version.artifact or version.state != ModelVersion.State.READY:
        raise ArtifactDamaged(f"{version} is {version.get_state_display().lower()}: it has no files.")


def _checked(artifact: Artifact) -> Artifact:
    """Return the artifact, if its model could be served here."""
    name = artifact.manifest.get("algorithm")
    if not isinstance(name, str) or not ALGORITHM_NAME.fullmatch(name):
        raise CannotImport("The manifest names no algorithm: a word of small letters, such as svd.")
    if name not in ALGORITHMS:
        raise CannotImport(f"No algorithm is called {name!r} here. Known: {', '.join(sorted(ALGORITHMS))}.")
    model = artifact.model
    if name in RATING_MODELS and not isinstance(model, RatingModel):
        raise CannotImport(f"{name} predicts ratings, and a model of the form {model.form!r} doesn't.")
    _check_ids("items", model.item_ids.ids)
    _check_ids("people", model.user_ids.ids)
    for array_name, array in model.arrays().items():
        _check_type(array_name, artifact.manifest["arrays"][array_name]["dtype"], array)
        _check_finite(array_name, array, {len(model.item_ids), len(model.user_ids)})
    rows = np.arange(min(PROBED, len(model.user_ids)), dtype=np.int32)
    scores = model.score(rows if len(rows) else np.array([UNKNOWN], np.int32))
    if not np.isfinite(scores).any():
        raise CannotImport("The model has no score for anybody. Train it on more events.")
    if not _share_here(model.item_ids, Item.objects.all()):
        raise CannotImport("None of the model's items are in this catalogue. Import a model that was trained on it.")
    return artifact


def _check_ids(what: str, ids: IntArray) -> None:
    if ids.ndim != 1 or ids.dtype != np.int64 or (np.diff(ids) <= 0).any():
        raise CannotImport(f"The model's ids of {what} are not whole numbers in rising order, each one once.")


def _check_type(name: str, stored: str, array: NDArray[np.generic]) -> None:
    """Refuse an array of another type than it will be mapped with: only what is read is converted."""
    if stored != array.dtype.str:
        raise CannotImport(f"{name} holds {stored}, but {array.dtype.str} is needed.")


def _check_finite(name: str, array: NDArray[np.generic], counts: set[int]) -> None:
    """Refuse numbers that are not finite; a figure of one item or one user may be NaN, "can't say"."""
    if not np.issubdtype(array.dtype, np.number):
        return
    may_be_unknown = array.ndim == 1 and len(array) in counts
    if np.isinf(array).any() or (np.isnan(array).any() and not may_be_unknown):
        raise CannotImport(f"{name} holds numbers that are not finite. Train the model again.")


def _share_here(ids: IdMap, rows: "models.QuerySet[Any]") -> float:
    """Return the share of these ids that are rows; 1 where there are none."""
    if not len(ids):
        return 1.0
    here = np.fromiter(rows.values_list("pk", flat=True).iterator(), np.int64)
    return float(np.isin(ids.ids, here).mean())

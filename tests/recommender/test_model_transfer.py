import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth import get_user_model
from django.core.files.storage import storages

from catalog.models import Item
from recommender import registry
from recommender.engine.forms.factors import FactorModel
from recommender.engine.types import Model
from recommender.models import ModelVersion, Release
from recommender.registry import artifacts
from recommender.registry.artifacts import files
from recommender.registry.exceptions import ArtifactDamaged, CannotExport, CannotImport
from tests import factories
from tests.recommender.models import factor_model, ids, popular_model, ready

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "carried"


def of_the_catalogue(n_items: int = 4) -> FactorModel:
    items = [item.pk for item in factories.items(n_items)]
    people = [factories.person(name).pk for name in ("ada", "ben")]
    return factor_model(ids(*people), ids(*items))


def written(folder: Path, model: Model, **about: Any) -> Path:
    """A folder as somebody else's training would have made it."""
    folder.mkdir()
    files.write(folder, model, {"algorithm": "svd", **about})
    return folder


def mend(folder: Path, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """Changes an array and its entry in the manifest, so that only what it says is wrong."""
    array = change(np.load(folder / f"{name}.npy"))
    np.save(folder / f"{name}.npy", array)
    raw = (folder / f"{name}.npy").read_bytes()
    manifest = json.loads((folder / "manifest.json").read_text())
    entry = {"sha256": sha256(raw).hexdigest(), "bytes": len(raw)}
    manifest["arrays"][name] = {**entry, "shape": list(array.shape), "dtype": array.dtype.str}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def stored_folders() -> list[Path]:
    return [path.parent for path in Path(storages["models"].path("")).rglob("*.npy")]


def test_an_exported_model_comes_back_as_a_candidate(folder: Path) -> None:
    staff = get_user_model().objects.create_user("operator")
    model = of_the_catalogue()
    version = ready("svd", model, metrics={"k": 10}, n_users=2, n_items=4, n_events=9, data_hash="abc")
    size = registry.export(version, folder)
    assert size == sum(path.stat().st_size for path in folder.iterdir())
    made = registry.import_artifact(folder, by=staff)
    assert (made.items, made.people) == (1.0, 1.0)
    assert made.release.state == Release.State.CANDIDATE
    assert made.release.versions.get() == made.version
    assert made.version.pk != version.pk
    assert (made.version.state, made.version.started_by) == ("ready", staff)
    for fact in ("algorithm", "settings", "seed", "metrics", "n_users", "n_items", "n_events", "data_hash"):
        assert getattr(made.version, fact) == getattr(version, fact)
    loaded = artifacts.load(made.version.artifact, made.version.checksum).model
    np.testing.assert_array_equal(loaded.arrays()["item_factors"], model.item_factors)


def test_an_imported_model_can_be_promoted_and_outlives_the_folder(folder: Path) -> None:
    made = registry.import_artifact(written(folder, of_the_catalogue()))
    shutil.rmtree(folder)
    assert registry.promote(made.release).state == Release.State.LIVE
    assert registry.verify(made.version) > 0


def test_a_candidate_keeps_the_other_models_of_the_live_release(folder: Path) -> None:
    popular = ready("popular")
    registry.publish([popular])
    made = registry.import_artifact(written(folder, of_the_catalogue()))
    assert set(made.release.versions.all()) == {popular, made.version}


def test_it_says_how_much_of_the_model_is_known_here(folder: Path) -> None:
    model = of_the_catalogue(4)
    Item.objects.order_by("pk")[0].delete()
    made = registry.import_artifact(written(folder, model))
    assert (made.items, made.people) == (0.75, 1.0)
    assert "75% of its items and 100% of its users are known here" in made.version.origin


def test_a_figure_of_one_item_may_be_unknown(folder: Path) -> None:
    model = of_the_catalogue()
    bias = model.item_bias.copy()
    bias[0] = np.nan
    assert registry.import_artifact(written(folder, replace(model, item_bias=bias))).version.state == "ready"


def test_an_impersonal_model_is_imported_too(folder: Path) -> None:
    items = ids(*(item.pk for item in factories.items(3)))
    made = registry.import_artifact(written(folder, popular_model(items), algorithm="popular"))
    assert made.people == 1.0


def refused(folder: Path, error: type[Exception], words: str) -> None:
    """The import raises the error, and nothing of it stays."""
    with pytest.raises(error, match=words) as raised:
        registry.import_artifact(folder)
    assert "\n" not in str(raised.value)
    assert not ModelVersion.objects.exists()
    assert not Release.objects.exists()
    assert stored_folders() == []


def test_a_folder_that_is_none_is_refused(folder: Path) -> None:
    refused(folder, CannotImport, "is no folder")
    folder.mkdir()
    refused(folder, ArtifactDamaged, r"There is no manifest\.json")


def test_a_file_that_differs_from_its_checksum_is_refused(folder: Path) -> None:
    written(folder, of_the_catalogue())
    raw = (folder / "item_bias.npy").read_bytes()
    (folder / "item_bias.npy").write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    refused(folder, ArtifactDamaged, r"item_bias\.npy in .* is not the file")


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ("not json", "can't be read"),
        ("[]", "can't be read"),
        ("{}", "can't be read"),
        ('{"format": 2, "form": "factors", "arrays": {}}', "describes no model of format 1"),
        ('{"format": 1, "form": 5, "arrays": {}}', "describes no model"),
        ('{"format": 1, "form": "factors", "arrays": {"a": {"sha256": 1}}}', "describes no model"),
        ('{"format": 1, "form": "factors", "arrays": {}}', "lack"),
        ('{"format": 1, "form": "crystal ball", "arrays": {}}', "no model form called 'crystal ball'"),
        ('{"format": 1, "form": "factors", "arrays": {}, "metrics": NaN}', "can't be read"),
        ("[" * 100_000, "can't be read"),
    ],
)
def test_a_manifest_that_describes_no_model_is_refused(folder: Path, manifest: str, words: str) -> None:
    folder.mkdir()
    (folder / "manifest.json").write_text(manifest)
    refused(folder, ArtifactDamaged, words)


@pytest.mark.parametrize(
    ("name", "change", "error", "words"),
    [
        ("item_factors", lambda a: a[:, :-1], ArtifactDamaged, "shape"),
        ("item_factors", lambda a: a[:-1], ArtifactDamaged, "shape"),
        ("user_bias", lambda a: a[:-1], ArtifactDamaged, "shape"),
        ("user_factors", lambda a: np.float32(1), ArtifactDamaged, "make no model"),
        ("constants", lambda a: a[:-1], ArtifactDamaged, "make no model"),
        ("user_bias", lambda a: a.astype("U8"), CannotImport, "<f4 is needed"),
        ("item_factors", lambda a: a * np.inf, CannotImport, "not finite"),
        ("item_factors", lambda a: a * np.nan, CannotImport, "not finite"),
        ("user_bias", lambda a: a.astype(np.float64), CannotImport, "<f4 is needed"),
        ("user_bias", lambda a: a * np.nan, CannotImport, "no score for anybody"),
        ("item_ids", lambda a: a[::-1], CannotImport, "rising order"),
        ("item_ids", lambda a: np.zeros_like(a), CannotImport, "rising order"),
        ("item_ids", lambda a: a.astype(np.float64), CannotImport, "<i8 is needed"),
        ("item_ids", lambda a: a + 1_000_000, CannotImport, "None of the model's items"),
    ],
)
def test_arrays_that_make_no_servable_model_are_refused(
    folder: Path, name: str, change: Callable[[np.ndarray], np.ndarray], error: type[Exception], words: str
) -> None:
    written(folder, of_the_catalogue())
    mend(folder, name, change)
    refused(folder, error, words)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_a_shape_that_is_not_the_file_s_is_refused(folder: Path) -> None:
    written(folder, of_the_catalogue())
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["arrays"]["item_factors"]["shape"] = [400, 3]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    refused(folder, ArtifactDamaged, "but its manifest says")


@pytest.mark.parametrize(
    "about",
    [
        {"algorithm": None},
        {"algorithm": "../svd"},
        {"algorithm": "x" * 51},
        {"seed": "many"},
        {"seed": -1},
        {"n_users": "two"},
        {"data_from": "yesterday"},
        {"settings": 5},
        {"metrics": {"note": "\0"}},
        {"data_hash": "x" * 65},
    ],
)
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_facts_that_can_not_be_stored_are_refused(folder: Path, about: dict[str, Any]) -> None:
    refused(written(folder, of_the_catalogue(), **about), CannotImport, "manifest")


def test_only_a_new_or_empty_folder_is_exported_to(folder: Path) -> None:
    version = ready()
    folder.mkdir()
    registry.export(version, folder)
    kept = sorted(path.name for path in folder.iterdir())
    with pytest.raises(CannotExport, match="is not empty"):
        registry.export(version, folder)
    assert sorted(path.name for path in folder.iterdir()) == kept


def test_a_damaged_model_is_not_exported(folder: Path) -> None:
    version = ready()
    (Path(storages["models"].path(version.artifact)) / "scores.npy").unlink()
    with pytest.raises(ArtifactDamaged):
        registry.export(version, folder)
    assert not folder.exists()


def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(CannotExport, match="can't be written"):
        registry.export(ready(), blocked / "inside")


def test_a_version_without_files_is_neither_exported_nor_verified(folder: Path) -> None:
    version = registry.start_version("svd", {}, seed=1)
    with pytest.raises(ArtifactDamaged, match="is training: it has no files"):
        registry.export(version, folder)
    with pytest.raises(ArtifactDamaged, match="is training: it has no files"):
        registry.verify(version)

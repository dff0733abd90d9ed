import json
import multiprocessing
import os
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.core.files.storage import Storage, storages

from recommender.engine.forms.factors import FactorModel
from recommender.registry import artifacts
from recommender.registry.artifacts import files
from recommender.registry.exceptions import ArtifactDamaged
from tests.recommender.models import factor_model, ids, popular_model

ABOUT = {"algorithm": "svd", "settings": {"n_factors": 3}}
FOLDER = "svd/one"


def model() -> FactorModel:
    return factor_model(ids(3, 5, 8), ids(10, 20, 30, 40))


def saved() -> str:
    return artifacts.save(FOLDER, model(), ABOUT)


def stored(name: str = "") -> Path:
    return Path(storages["models"].path(FOLDER)) / name


def local(checksum: str) -> Path:
    return Path(settings.MODEL_CACHE_DIR) / checksum


def forget_local_copies() -> None:
    shutil.rmtree(settings.MODEL_CACHE_DIR)


def test_a_model_comes_back_exactly_as_it_was_saved() -> None:
    checksum = saved()
    forget_local_copies()
    artifact = artifacts.load(FOLDER, checksum)
    before, after = model().arrays(), artifact.model.arrays()
    assert before.keys() == after.keys()
    for name in before:
        np.testing.assert_array_equal(before[name], after[name], strict=True)
    assert artifact.manifest["settings"] == {"n_factors": 3}
    assert artifact.manifest["form"] == "factors"


def test_arrays_are_memory_mapped_and_can_not_be_written() -> None:
    loaded = artifacts.load(FOLDER, saved()).model
    assert isinstance(loaded, FactorModel)
    base = loaded.item_factors
    while base.base is not None and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        loaded.item_factors[0] = 0


def test_a_model_without_people_comes_back() -> None:
    popular = popular_model(ids(1, 2, 3))
    checksum = artifacts.save(FOLDER, popular, {})
    forget_local_copies()
    np.testing.assert_array_equal(artifacts.load(FOLDER, checksum).model.arrays()["scores"], popular.scores)
    empty = artifacts.save("svd/empty", factor_model(ids(), ids(1)), {})
    forget_local_copies()
    assert len(artifacts.load("svd/empty", empty).model.user_ids) == 0


def test_only_internal_ids_are_stored() -> None:
    saved()
    assert sorted(path.name for path in stored().iterdir()) == sorted(
        [*(f"{name}.npy" for name in model().arrays()), "manifest.json"]
    )
    assert np.load(stored("user_ids.npy")).tolist() == [3, 5, 8]


def test_the_manifest_is_stored_last(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    kind = type(storages["models"])
    save = kind.save

    def noting(self: Storage, name: str, file: Any) -> str:
        names.append(name)
        return save(self, name, file)

    monkeypatch.setattr(kind, "save", noting)
    saved()
    assert names[-1] == f"{FOLDER}/manifest.json"
    assert len(names) == 8


def test_the_second_load_needs_no_storage() -> None:
    checksum = saved()
    shutil.rmtree(stored())
    assert len(artifacts.load(FOLDER, checksum).model.item_ids) == 4


@pytest.mark.parametrize("name", ["manifest.json", "item_factors.npy"])
def test_a_missing_file_is_named(name: str) -> None:
    checksum = saved()
    forget_local_copies()
    stored(name).unlink()
    with pytest.raises(ArtifactDamaged, match=f"There is no {name} in the model storage at svd/one"):
        artifacts.load(FOLDER, checksum)


@pytest.mark.parametrize("damage", [lambda raw: raw[:-1], lambda raw: raw + b"\0", lambda raw: raw[:-1] + b"?"])
@pytest.mark.parametrize("name", ["manifest.json", "item_factors.npy"])
def test_a_changed_file_is_never_loaded(name: str, damage: Any) -> None:
    checksum = saved()
    forget_local_copies()
    stored(name).write_bytes(damage(stored(name).read_bytes()))
    with pytest.raises(ArtifactDamaged, match="not the"):
        artifacts.load(FOLDER, checksum)
    assert local_copies() == []


def test_a_local_copy_that_can_not_be_read_is_fetched_again() -> None:
    checksum = saved()
    (local(checksum) / "item_factors.npy").write_bytes(b"")
    loaded = artifacts.load(FOLDER, checksum).model
    np.testing.assert_array_equal(loaded.arrays()["item_factors"], model().item_factors)


def test_verifying_throws_a_local_copy_away_that_differs() -> None:
    checksum = saved()
    path = local(checksum) / "item_factors.npy"
    raw = path.read_bytes()
    path.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    assert artifacts.verify(FOLDER, checksum) == sum(file.stat().st_size for file in stored().iterdir())
    np.testing.assert_array_equal(artifacts.load(FOLDER, checksum).model.arrays()["item_factors"], model().item_factors)


def test_verifying_finds_what_a_good_local_copy_hides() -> None:
    checksum = saved()
    stored("user_bias.npy").unlink()
    with pytest.raises(ArtifactDamaged, match=r"user_bias\.npy"):
        artifacts.verify(FOLDER, checksum)


def local_copies() -> list[str]:
    return [path.name for path in Path(settings.MODEL_CACHE_DIR).iterdir() if not path.name.startswith(".lock")]


def _load_often(checksum: str, start: Any, results: Any) -> None:
    """Load in a process of its own; it leaves at once, since the connections it was forked with are the parent's."""
    found = "no answer"
    try:
        start.wait(30)
        found = str(float(artifacts.load(FOLDER, checksum).model.arrays()["item_factors"].sum()))
    except Exception as fault:
        found = repr(fault)
    finally:
        results.put(found)
        results.close()
        results.join_thread()
        os._exit(0)


def test_processes_that_load_at_once_all_get_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finds no copy takes a while to act on it: meanwhile another one has brought it."""
    checksum = saved()
    expected = str(float(model().item_factors.sum()))
    read = files.read

    def hesitating(folder: Path) -> files.Artifact:
        try:
            return read(folder)
        except ArtifactDamaged:
            time.sleep(int.from_bytes(os.urandom(1)) / 255 * 0.03)
            raise

    monkeypatch.setattr(files, "read", hesitating)
    fork = multiprocessing.get_context("fork")
    for _ in range(25):
        forget_local_copies()
        start, results = fork.Barrier(6), fork.Queue()
        processes = [fork.Process(target=_load_often, args=(checksum, start, results)) for _ in range(6)]
        for process in processes:
            process.start()
        assert [results.get(timeout=60) for _ in processes] == [expected] * 6
        for process in processes:
            process.join(30)
        assert local_copies() == [checksum]


def test_a_copy_that_somebody_has_mapped_stays_readable_when_it_is_put_aside() -> None:
    checksum = saved()
    mapped = artifacts.load(FOLDER, checksum).model.arrays()["item_factors"]
    (local(checksum) / "user_bias.npy").write_bytes(b"broken")
    artifacts.verify(FOLDER, checksum)
    assert local_copies() == []
    np.testing.assert_array_equal(mapped, model().item_factors)


def test_a_pickled_array_is_refused() -> None:
    checksum = saved()
    path = local(checksum) / "user_bias.npy"
    np.save(path, np.array([os.getcwd], object), allow_pickle=True)
    shutil.rmtree(stored())
    with pytest.raises(ArtifactDamaged):
        artifacts.load(FOLDER, checksum)


@pytest.mark.parametrize("name", ["../escape", "/etc/escape", "UPPER", "a.b", ""])
def test_a_manifest_can_not_name_a_file_elsewhere(name: str, tmp_path: Path) -> None:
    saved()
    manifest = json.loads(stored("manifest.json").read_text())
    manifest["arrays"][name] = manifest["arrays"]["user_bias"]
    stored("manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ArtifactDamaged, match="describes no model"):
        artifacts.adopt(stored(), "svd/two", lambda artifact: None)


def test_local_copies_that_are_not_used_any_more_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "LOCAL_COPIES", 2)
    first, second = (artifacts.save(f"svd/{n}", factor_model(ids(1), ids(2), seed=n), {}) for n in (1, 2))
    os.utime(local(second), (time.time() - 60, time.time() - 60))
    os.utime(local(first), (time.time() - 90, time.time() - 90))
    artifacts.load("svd/1", first)
    third = artifacts.save("svd/3", factor_model(ids(1), ids(2), seed=3), {})
    assert set(local_copies()) == {first, third}
    assert len(artifacts.load("svd/2", second).model.item_ids) == 1


def test_what_a_killed_process_left_unfinished_goes_after_a_day() -> None:
    cache = Path(settings.MODEL_CACHE_DIR)
    old, fresh = cache / ".unfinished-old", cache / ".unfinished-fresh"
    old.mkdir(parents=True)
    fresh.mkdir()
    os.utime(old, (time.time() - 2 * artifacts.A_DAY,) * 2)
    saved()
    assert not old.exists()
    assert fresh.exists()


def test_any_storage_will_do(settings: Any) -> None:
    settings.STORAGES = {**settings.STORAGES, "models": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}
    checksum = saved()
    forget_local_copies()
    assert len(artifacts.load(FOLDER, checksum).model.item_ids) == 4
    assert artifacts.verify(FOLDER, checksum) > 0
    artifacts.delete(FOLDER)
    with pytest.raises(ArtifactDamaged):
        artifacts.verify(FOLDER, checksum)


def test_deleting_leaves_nothing_and_may_be_repeated() -> None:
    saved()
    artifacts.delete(FOLDER)
    artifacts.delete(FOLDER)
    assert not stored().exists()


def test_a_few_arrays_are_looked_at_without_fetching_the_rest() -> None:
    checksum = saved()
    forget_local_copies()
    found = artifacts.peek(FOLDER, checksum, "item_ids")
    assert found.keys() == {"item_ids"}
    assert found["item_ids"].tolist() == [10, 20, 30, 40]
    assert not Path(settings.MODEL_CACHE_DIR).exists() or not local(checksum).exists()
    with pytest.raises(ArtifactDamaged, match=r"has no weights"):
        artifacts.peek(FOLDER, checksum, "weights")
    with pytest.raises(ArtifactDamaged, match="not the one that was written there"):
        artifacts.peek(FOLDER, "0" * 64, "item_ids")
    stored("item_ids.npy").write_bytes(b"spoilt")
    with pytest.raises(ArtifactDamaged, match="not the file that was written there"):
        artifacts.peek(FOLDER, checksum, "item_ids")

"""Models in a bucket: stored, read, checked, deleted; a bucket that is gone is one sentence."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.test import override_settings

from recommender.engine.forms.impersonal import ImpersonalModel
from recommender.engine.types import IdMap
from recommender.registry import artifacts
from recommender.registry.exceptions import ArtifactDamaged
from recsite import model_settings
from recsite.platform.exceptions import Unavailable
from tests.buckets import bucket_server

KEYS = {"ACCESS_KEY": "test", "SECRET_KEY": "test"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with bucket_server("models") as url:
        yield url


def bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, endpoint: str, name: str = "models") -> Any:
    """Settings of a bucket, as the environment gives them."""
    about = {"BUCKET": name, "ENDPOINT": endpoint, "REGION": "us-east-1", "PREFIX": "shop", **KEYS}
    for key, value in about.items():
        monkeypatch.setenv(f"MODEL_STORAGE_{key}", value)
    found = {**settings.STORAGES, "models": model_settings.model_storage(tmp_path)}
    return override_settings(STORAGES=found, MODEL_CACHE_DIR=tmp_path / "cache")


def model() -> ImpersonalModel:
    return ImpersonalModel(IdMap(np.array([3, 5, 8])), np.arange(3, dtype=np.float32))


def test_a_model_in_a_bucket_is_stored_read_checked_and_deleted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, endpoint: str
) -> None:
    with bucket(monkeypatch, tmp_path, endpoint):
        folder = artifacts.new_folder("popular")
        checksum = artifacts.save(folder, model(), {"algorithm": "popular"})
        assert storages["models"].listdir(folder)[1]
        for copy in (tmp_path / "cache").iterdir():
            copy.rename(tmp_path / copy.name)
        assert artifacts.load(folder, checksum).model.item_ids.ids.tolist() == [3, 5, 8]
        assert artifacts.verify(folder, checksum) > 0
        artifacts.delete(folder)
        with pytest.raises(ArtifactDamaged, match="There is no"):
            artifacts.verify(folder, checksum)


@pytest.mark.parametrize("gone", ["bucket", "server"])
def test_a_bucket_that_is_gone_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, endpoint: str, gone: str
) -> None:
    name, address = ("elsewhere", endpoint) if gone == "bucket" else ("models", "http://127.0.0.1:9")
    with bucket(monkeypatch, tmp_path, address, name), pytest.raises(Unavailable, match="can't be used"):
        artifacts.save(artifacts.new_folder("popular"), model(), {})

from pathlib import Path
from typing import Any

import pytest

from tests.api.clients import ApiClient
from tests.recommender.fixtures import Shop, open_shop


@pytest.fixture(autouse=True)
def model_folders(tmp_path: Path, settings: Any) -> None:
    """Each test has a model storage and local copies of its own."""
    storage = {**settings.STORAGES["models"], "OPTIONS": {"location": str(tmp_path / "models")}}
    settings.STORAGES = {**settings.STORAGES, "models": storage}
    settings.MODEL_CACHE_DIR = tmp_path / "model-cache"


@pytest.fixture
def shop(db: None, model_folders: None) -> Shop:
    """The small shop with its live release; no process has loaded anything, and Redis is empty."""
    return open_shop()


@pytest.fixture
def api(db: None) -> ApiClient:
    return ApiClient()

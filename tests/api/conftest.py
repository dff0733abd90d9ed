from pathlib import Path
from typing import Any

import pytest

from tests.api.clients import ApiClient
from tests.recommender.fixtures import Shop, open_shop


@pytest.fixture
def api(db: None) -> ApiClient:
    return ApiClient()


@pytest.fixture
def shop(db: None, settings: Any, tmp_path: Path) -> Shop:
    storage = {**settings.STORAGES["models"], "OPTIONS": {"location": str(tmp_path / "models")}}
    settings.STORAGES = {**settings.STORAGES, "models": storage}
    settings.MODEL_CACHE_DIR = tmp_path / "model-cache"
    return open_shop()

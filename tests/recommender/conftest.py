from pathlib import Path
from typing import Any

import pytest

from recommender.models import Release
from tests.api.clients import ApiClient
from tests.recommender.fixtures import Models, Shop, open_shop, popular, publish, start_afresh, svd


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


@pytest.fixture
def swapped(shop: Shop) -> Release:
    """A candidate in which Ada has Ben's taste."""
    models: Models = {
        "svd": svd(shop.poems, shop.novels, [shop.ada, shop.ben]),
        "popular": popular(shop.novels + shop.poems),
    }
    found = publish(models, promote=False)
    start_afresh()
    return found

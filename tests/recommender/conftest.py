from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def model_folders(tmp_path: Path, settings: Any) -> None:
    """Each test has a model storage and local copies of its own."""
    storage = {**settings.STORAGES["models"], "OPTIONS": {"location": str(tmp_path / "models")}}
    settings.STORAGES = {**settings.STORAGES, "models": storage}
    settings.MODEL_CACHE_DIR = tmp_path / "model-cache"

from pathlib import Path
from typing import Any

import pytest

from recsite.platform.backup.keys import new_pair
from tests.recommender.conftest import model_folders as model_folders
from tests.recommender.conftest import shop as shop

SECRET, PUBLIC = new_pair()


@pytest.fixture
def backups(tmp_path: Path, settings: Any) -> Path:
    """Backups go to a folder, encrypted."""
    folder = tmp_path / "backups"
    storage = {"BACKEND": "recsite.platform.backup.storage.BackupFolder", "OPTIONS": {"location": str(folder)}}
    settings.STORAGES = {**settings.STORAGES, "backups": storage}
    settings.BACKUP_KEY = SECRET
    return folder

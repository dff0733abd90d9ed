import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.db import connection

from recommender import registry
from recommender.models import ModelVersion, Release
from recommender.training.train import train
from recsite.local.paths import PROJECT
from recsite.platform.exceptions import AlreadyRunning
from recsite.platform.locks import exclusive
from tests.outages import wait_until
from tests.recommender.events import ratings

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

QUICK = {"svd": {"n_factors": 4, "n_epochs": 3}}


def versions() -> list[ModelVersion]:
    return list(ModelVersion.objects.order_by("pk"))


def stored_files() -> list[Path]:
    return list(Path(storages["models"].path("")).rglob("*.*"))


def test_a_killed_training_leaves_nothing_half_done_and_the_next_one_works(tmp_path: Path) -> None:
    ratings()
    with training_elsewhere(tmp_path):
        wait_until(lambda: ModelVersion.objects.filter(state="training").exists())
        with pytest.raises(AlreadyRunning):
            train(["svd"], settings=QUICK)
        assert registry.reap() == 0
    wait_until(lambda: registry.reap() == 1)
    (killed,) = versions()
    assert killed.state == ModelVersion.State.FAILED
    assert "ended without a word" in killed.error
    assert not Release.objects.exists()
    assert stored_files() == []
    release = train(["svd"], settings=QUICK)
    assert registry.live_release() == release


def test_the_next_training_needs_no_clearing_up(tmp_path: Path) -> None:
    ratings()
    with training_elsewhere(tmp_path):
        wait_until(lambda: ModelVersion.objects.filter(state="training").exists())
    wait_until(lambda: not is_locked("svd"))
    train(["svd"], settings=QUICK)
    assert [version.state for version in versions()] == ["failed", "ready"]


@contextmanager
def training_elsewhere(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Another process that trains, for longer than any test waits, on the same database and storage."""
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
    folders = {"MODEL_STORAGE_PATH": str(tmp_path / "models"), "MODEL_CACHE_DIR": str(settings.MODEL_CACHE_DIR)}
    command = [sys.executable, "manage.py", "train", "svd", "--set", "n_epochs=10000000"]
    with subprocess.Popen(command, cwd=PROJECT, env={**os.environ, **folders, "DATABASE_URL": url}) as process:
        try:
            yield process
        finally:
            process.kill()


def is_locked(algorithm: str) -> bool:
    try:
        with exclusive(registry.training_lock(algorithm)):
            return False
    except AlreadyRunning:
        return True

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from recommender.spark import session
from recommender.spark.session import NoSpark

FOR_TESTS = {"spark.sql.shuffle.partitions": "2", "spark.driver.memory": "1g"}


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """A real Spark on this machine, for all tests of the process; they are skipped where it can't run."""
    try:
        session.check()
    except NoSpark as reason:
        pytest.skip(f"{reason} 'make test-spark' installs Spark and runs this.")
    with override_settings(SPARK_MASTER="local[2]", SPARK_SETTINGS=FOR_TESTS), session.session() as running:
        yield running


@pytest.fixture(autouse=True)
def training_folder(tmp_path: Path, settings: Any) -> Path:
    """Each test has a place of its own for exports."""
    folder = tmp_path / "training"
    storage = {**settings.STORAGES["training"], "OPTIONS": {"location": str(folder)}}
    settings.STORAGES = {**settings.STORAGES, "training": storage}
    return folder

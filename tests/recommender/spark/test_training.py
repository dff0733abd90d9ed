"""A training on Spark makes the same artifact by the same steps; what it can't do it says, before anything is done."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from interactions.models import Interaction
from recommender import registry
from recommender.models import ModelVersion
from recommender.registry import artifacts
from recommender.spark import session
from recommender.spark.handed_lists import of_version
from recommender.training import engines
from recommender.training.train import summary, train
from recsite.platform.jobs import NothingToDo
from tests.recommender.events import ratings

pytestmark = pytest.mark.django_db
SMALL = {"als": {"n_factors": 4, "n_epochs": 2}}


def test_a_training_on_spark_is_one_like_any_other(spark: Any, settings: Any, training_folder: Path) -> None:
    settings.TRAINING_ENGINE = "spark"
    ratings()
    names = ["als", "item_knn", "popular"]
    release = train(names, settings=SMALL)
    assert release == registry.live_release()
    versions = {version.algorithm: version for version in release.versions.all()}
    assert set(versions) == set(names)
    for name, version in versions.items():
        assert version.state == ModelVersion.State.READY
        assert version.n_events == Interaction.objects.count()
        assert version.metrics["metrics"]["ndcg_at_10"] is not None
        model = artifacts.load(version.artifact, version.checksum).model
        assert np.isfinite(model.score(np.zeros(1, np.int32))).any() or name == "popular"
    assert versions["als"].metrics[engines.ENGINE].startswith("spark 4")
    assert engines.ENGINE not in versions["popular"].metrics
    said = summary(release, names)
    assert "Trained on this machine, as Spark has als and item_knn alone: popular." in said
    assert [path.name for path in training_folder.iterdir()] == ["lists"], "The export of the events is still there."
    users = {user for lists in of_version(versions["als"].pk) for user in lists.user_ids.ids.tolist()}
    assert users == set(Interaction.objects.values_list("user_id", flat=True))
    with pytest.raises(NothingToDo):
        train(names, settings=SMALL, skip_unchanged=True)
    settings.TRAINING_ENGINE = "local"
    assert train(["als"], settings=SMALL, skip_unchanged=True), "The other engine's model was taken for the same."


def test_a_job_that_spark_gives_up_is_one_sentence(
    spark: Any, settings: Any, monkeypatch: pytest.MonkeyPatch, training_folder: Path
) -> None:
    settings.TRAINING_ENGINE = "spark"
    ratings()

    def broken(*_: Any) -> Any:
        return spark.sql("SELECT raise_error('no room left')").collect()

    monkeypatch.setattr(engines, "IN_SPARK", {"als": broken, "item_knn": broken})
    with pytest.raises(engines.SparkFailed, match=r"Spark gave up: .*no room left.* SPARK_SETTINGS"):
        train(["als"])
    assert ModelVersion.objects.get().error.startswith("Spark gave up")
    assert list(training_folder.iterdir()) == []


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ({"find_spec": lambda _: None}, r"needs the package pyspark, .* install requirements-spark\.txt"),
        ({"find_spec": lambda _: True, "_java_version": lambda: 0}, "there is no Java here: install openjdk-17"),
        ({"find_spec": lambda _: True, "_java_version": lambda: 11}, "needs Java 17 or 21, and Java 11 is here"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_done(
    settings: Any, monkeypatch: pytest.MonkeyPatch, found: dict[str, Any], sentence: str
) -> None:
    settings.TRAINING_ENGINE = "spark"
    ratings()
    for name, value in found.items():
        monkeypatch.setattr(session, name, value)
    with pytest.raises(CommandError, match=sentence):
        call_command("train", "als")
    assert not ModelVersion.objects.exists()


def test_the_version_of_java_is_that_of_java_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"21.0.2\" 2024-01-16' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert session._java_version() == 21
    java.unlink()
    assert session._java_version() == 0

"""Events go out as Parquet by month, and come back as the dataset they were."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.dataset as pads
import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from catalog import store
from interactions.models import Interaction
from recommender.dataset import load_dataset
from recommender.engine.evaluation.prepare import data_hash
from recommender.spark import export as exporting
from recommender.spark.export import export, read
from recommender.spark.place import Place
from recsite import model_settings, training_settings
from recsite.platform.models import AuditEntry
from tests import factories
from tests.buckets import bucket_server
from tests.recommender.events import happened, ratings

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place.at(str(tmp_path), "events")


def rows(tmp_path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pads.dataset(tmp_path, partitioning="hive").to_table().to_pylist()
    return found


def test_an_export_comes_back_as_the_dataset_of_a_training(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommender.dataset.BLOCK", 7)
    monkeypatch.setattr(exporting, "BLOCKS", 2)
    monkeypatch.setattr(exporting, "GROUPS", 2)
    ratings()
    happened(factories.ada(), factories.item("novel"), "purchase", undated=True)
    done = export(place)
    assert done.events == Interaction.objects.count()
    assert len(place.files(".parquet")) > 2, "The rows were all held at once."
    assert data_hash(read(place)) == data_hash(load_dataset())


def test_each_month_has_a_folder_and_a_last_empty_file_says_that_all_are_there(place: Place, tmp_path: Path) -> None:
    ada, novel = factories.ada(), factories.item("novel")
    happened(ada, novel, "view")
    happened(ada, novel, "purchase", occurred_at=factories.NOON - timedelta(days=40))
    assert str(export(place)) == f"2 events of 2 months are in {(tmp_path / 'events').as_uri()}."
    assert place.folders() == [f"month={at:%Y-%m}" for at in (factories.NOON - timedelta(days=40), factories.NOON)]
    assert [path for path in place.files() if not path.endswith(".parquet")] == ["events/_SUCCESS"]
    assert {row["type"] for row in rows(tmp_path / "events")} == {"view", "purchase"}


def test_events_from_a_moment_on_stay_out(place: Place, tmp_path: Path) -> None:
    ada, novel = factories.ada(), factories.item("novel")
    happened(ada, novel, "view", occurred_at=factories.NOON - timedelta(hours=1))
    happened(ada, novel, "purchase")
    assert export(place, until=factories.NOON).events == 1


def test_erased_and_opted_out_users_are_in_no_export(tmp_path: Path) -> None:
    novel = factories.item("novel")
    people = factories.ada(), factories.ben(), factories.cleo()
    for person in people:
        happened(person, novel, "view")
    call_command("export_events", str(tmp_path))
    assert {row["user_id"] for row in rows(tmp_path)} == {person.pk for person in people}
    store.erase_user_ids(["ada"])
    type(people[1]).objects.filter(user_id="ben").update(opted_out_at=factories.NOON)
    call_command("export_events", str(tmp_path))
    assert {row["user_id"] for row in rows(tmp_path)} == {people[2].pk}, "The older export is still there."
    assert AuditEntry.objects.filter(verb="events.export").count() == 2


def test_values_are_missing_where_an_event_has_none(place: Place, tmp_path: Path) -> None:
    ada, novel = factories.ada(), factories.item("novel")
    happened(ada, novel, "rating", value=4)
    happened(ada, factories.item("poem"), "view")
    export(place)
    assert {row["type"]: row["value"] for row in rows(tmp_path / "events")} == {"rating": 4.0, "view": None}
    assert np.isnan(read(place).values).sum() == 1


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with bucket_server("events") as url:
        yield url


def test_a_bucket_takes_an_export(
    monkeypatch: pytest.MonkeyPatch, settings: Any, endpoint: str, tmp_path: Path
) -> None:
    about = {"BUCKET": "events", "ENDPOINT": endpoint, "REGION": "us-east-1", "ACCESS_KEY": "a", "SECRET_KEY": "b"}
    for key, value in about.items():
        monkeypatch.setenv(f"MODEL_STORAGE_{key}", value)
    models = model_settings.model_storage(tmp_path)
    monkeypatch.setenv("TRAINING_STORAGE_PATH", "s3://events/shop")
    found = {**settings.STORAGES, "training": training_settings.training_storage(tmp_path, models)}
    ratings(people=4, items=5, each=3)
    with override_settings(STORAGES=found):
        for place in (Place.of("one"), Place.at("s3://events/other", "one")):
            export(place)
            assert data_hash(read(place)) == data_hash(load_dataset())
            assert place.uri.startswith("s3a://events/")
            place.remove()
            assert place.files() == []


def test_the_bucket_of_the_models_has_the_exports_beside_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = training_settings.training_storage(tmp_path, model_settings.model_storage(tmp_path))
    assert folder["OPTIONS"] == {"location": str(tmp_path / "training")}
    monkeypatch.setenv("MODEL_STORAGE_BUCKET", "recs")
    monkeypatch.setenv("MODEL_STORAGE_PREFIX", "shop")
    beside = training_settings.training_storage(tmp_path, model_settings.model_storage(tmp_path))
    assert (beside["OPTIONS"]["bucket_name"], beside["OPTIONS"]["location"]) == ("recs", "shop/training")


def test_a_missing_package_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(exporting, "find_spec", lambda _: None)
    with pytest.raises(CommandError, match=r"install requirements-parquet\.txt"):
        call_command("export_events", str(tmp_path))

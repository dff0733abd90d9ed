"""Every event of the registry is sent when it happens, with the data that its schema tells."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from jsonschema import Draft202012Validator

from interactions.importing import runs
from interactions.models import ImportRun
from recommender import registry
from recommender.insight.drift import reports
from recommender.insight.experiments import verbs
from recommender.models import DriftReport
from recsite.platform import jobs
from recsite.platform.audit import SYSTEM, Actor
from recsite.platform.jobs import Progress
from recsite.platform.models import Job, WebhookDelivery
from recsite.platform.webhooks import endpoints
from recsite.platform.webhooks.endpoints import EndpointSettings
from recsite.platform.webhooks.events import TEST_TYPE
from tests.recommender.conftest import model_folders as model_folders
from tests.recommender.experiment_fixtures import begin
from tests.recommender.models import ready

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def listening(db: None) -> None:
    asked = EndpointSettings("https://shop.example/hooks", settings.WEBHOOK_EVENTS)
    endpoints.create(asked, actor=Actor.command("tests"))


def told(event: str) -> list[dict[str, Any]]:
    """Return the data of the messages of this type, each held to the schema."""
    found = []
    for row in WebhookDelivery.objects.filter(event=event).order_by("pk"):
        said = json.loads(row.body)
        assert said.keys() == {"type", "timestamp", "data"}
        check(event, said["data"])
        found.append(said["data"])
    return found


def check(event: str, data: Any) -> None:
    schema = settings.WEBHOOK_EVENTS[event].schema()
    assert list(Draft202012Validator(schema | {"additionalProperties": False}).iter_errors(data)) == []


def test_the_examples_are_what_the_schemas_tell() -> None:
    for name, kind in settings.WEBHOOK_EVENTS.items():
        check(name, kind.example)
    assert list(Draft202012Validator(TEST_TYPE.schema()).iter_errors(TEST_TYPE.example)) == []


def test_a_promotion_is_told(model_folders: Any) -> None:
    release = registry.publish([version := ready()])
    assert told("model.promoted") == [
        {"release": release.pk, "replaced": None, "versions": {version.algorithm: version.pk}}
    ]


def test_a_failed_training_is_told(model_folders: Any) -> None:
    version = registry.start_version("svd", {}, seed=1)
    registry.fail_version(version, "There are no ratings.")
    assert told("model.failed") == [{"version_id": version.pk, "algorithm": "svd", "error": "There are no ratings."}]
    lost = registry.start_version("popular", {}, seed=1)
    assert registry.reap() == 1
    assert told("model.failed")[1]["version_id"] == lost.pk


def test_a_failed_job_is_told_and_no_other() -> None:
    def fail(_: Progress) -> str:
        raise ValueError("broken")

    jobs.run(jobs.create("train", "Well").pk, lambda _: "Done.")
    assert told("job.failed") == []
    job = jobs.create("train", "Train", actor=Actor.command("train"))
    jobs.run(job.pk, fail)
    refused = jobs.create("warm", "Warm")
    jobs.refuse(refused.pk, "The queue can't be reached.")
    jobs.refuse(job.pk, "It is over already.")
    first, second = told("job.failed")
    assert (first["id"], first["kind"], first["started_by"]) == (job.pk, "train", "train")
    assert (second["id"], second["message"]) == (refused.pk, "The queue can't be reached.")
    assert Job.objects.filter(state="failed").count() == 2


def test_a_finished_import_is_told_without_the_place_of_its_file() -> None:
    run = ImportRun.objects.create(format="csv", source="/srv/files/ratings.csv", fingerprint="f", counts={"events": 3})
    runs.finish(run)
    (said,) = told("import.finished")
    assert (said["import"], said["source"], said["counts"]) == (run.pk, "ratings.csv", {"events": 3})


def test_drift_is_told_when_it_begins(monkeypatch: pytest.MonkeyPatch, model_folders: Any) -> None:
    registry.publish([ready()])
    found = {"is_drift": True}

    def look(release: int, *rest: Any) -> list[DriftReport]:
        numbers = {"psi": 0.5, "js": 0.2, "noise": 0, "n_before": 900, "n_now": 900}
        return [
            DriftReport(made_at=rest[-1], release=release, window_minutes=60, distribution="type", **numbers, **found)
        ]

    monkeypatch.setattr(reports, "_trained_on", lambda _: reports.Sample(n=900))
    monkeypatch.setattr(reports, "_count", lambda *_: reports.Sample(n=900))
    monkeypatch.setattr(reports, "_reports", look)
    monkeypatch.setattr(reports, "WINDOWS", (timedelta(hours=1),))
    now = timezone.now()
    for minutes, is_drift in enumerate((True, True, False, True)):
        found["is_drift"] = is_drift
        reports.check(now + timedelta(minutes=minutes))
    assert [one["psi"] for one in told("drift.detected")] == [0.5, 0.5]


def test_an_experiment_that_is_stopped() -> None:
    verbs.stop(begin(), "Enough.", actor=SYSTEM)
    (said,) = told("experiment.completed")
    assert (said["experiment"], said["winner"], said["decision"], said["lift"]) == ("leads", None, "too_early", None)


def test_every_event_is_sent_somewhere() -> None:
    """The tests above and this list name all of the registry."""
    tested = {"model.promoted", "model.failed", "job.failed", "import.finished", "drift.detected"}
    assert tested | {"experiment.completed", "alert.began", "alert.ended"} == settings.WEBHOOK_EVENTS.keys()

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils import timezone
from kombu.exceptions import OperationalError

from recommender import registry, tasks
from recommender.models import ModelVersion, Release
from recsite.celery import app
from recsite.platform import jobs, queues, redis
from recsite.platform.locks import exclusive
from recsite.platform.models import Job
from tests import factories
from tests.recommender.events import ratings
from tests.recommender.fixtures import start_afresh
from tests.recommender.models import factor_model, ids, ready

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_waits() -> Iterator[None]:
    """No process has loaded anything, and no task waits for a worker, before and after."""
    start_afresh()
    yield
    start_afresh()


def waiting() -> list[str]:
    """The names of the tasks that wait for a worker."""
    return [name for queue in queues.NAMES for name in waiting_in(queue)]


def waiting_in(queue: str) -> list[str]:
    messages: Any = redis.call(lambda client: client.lrange(queue, 0, -1))
    return [json.loads(message)["headers"]["task"] for message in messages]


def job() -> Job:
    return Job.objects.latest("pk")


def test_training_promotes_and_then_warms(django_capture_on_commit_callbacks: Any) -> None:
    ratings()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.train()
    release = registry.live_release()
    assert release is not None
    assert job().state == Job.State.SUCCEEDED
    assert job().message.startswith(f"Release {release.pk} is live")
    assert waiting() == [tasks.warm.name]


def test_a_rebuild_trains_the_models_that_rank_as_well(django_capture_on_commit_callbacks: Any) -> None:
    ratings()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.rebuild()
    release = registry.live_release()
    assert release is not None
    assert set(release.members.values_list("algorithm", flat=True)) == {"svd", "popular", "hybrid", "bpmf"}
    assert waiting() == [tasks.warm.name]


def test_training_a_candidate_warms_nothing(django_capture_on_commit_callbacks: Any) -> None:
    ratings()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.train(algorithms=["popular"], promote=False)
    assert Release.objects.get().state == Release.State.CANDIDATE
    assert waiting() == []


def test_a_job_of_staff_is_filled_in_and_its_starter_recorded() -> None:
    ratings()
    staff = get_user_model().objects.create_user("operator")
    started = jobs.create("train", "Train now", staff)
    tasks.train(started.pk, algorithms=["popular"])
    started.refresh_from_db()
    assert started.state == Job.State.SUCCEEDED
    version = ModelVersion.objects.get()
    assert version.started_by == staff
    assert version.releases.get().promoted_by == staff


def test_a_task_that_is_delivered_twice_runs_once() -> None:
    ratings()
    started = jobs.create("train", "Train now")
    for _ in range(2):
        tasks.train(started.pk, algorithms=["popular"])
    assert ModelVersion.objects.count() == 1


def test_a_training_that_can_not_be_says_why() -> None:
    tasks.train()
    assert job().state == Job.State.FAILED
    assert job().message.startswith("There are no events to train on.")


def test_a_second_training_ends_quietly(caplog: pytest.LogCaptureFixture) -> None:
    ratings()
    with exclusive(registry.training_lock("svd")), caplog.at_level(logging.INFO, "recsite.platform.jobs"):
        tasks.train()
    assert job().message.startswith("Nothing was done. The training of svd is already being worked on.")
    assert job().state == Job.State.SKIPPED
    assert caplog.messages == ["The training of svd is already being worked on. Wait for it to finish."]
    assert not ModelVersion.objects.exists()


def live() -> Release:
    people = ids(factories.ada().pk, factories.person("ben", last_active=timezone.now()).pk)
    items = ids(*(item.pk for item in factories.items(3)))
    return registry.publish([ready("svd", factor_model(people, items))])


def test_warming_makes_the_lists_of_those_who_were_active_lately() -> None:
    live()
    tasks.warm()
    assert job().state == Job.State.SUCCEEDED
    assert job().message.startswith("The lists of 1 user are made")


def test_warming_makes_everybody_s_lists_when_asked_to() -> None:
    live()
    tasks.warm(everybody=True)
    assert job().message.startswith("The lists of 2 users are made")


def test_a_second_warming_of_a_release_ends_quietly() -> None:
    release = live()
    with exclusive(f"The warming of {release}"):
        tasks.warm()
    assert job().message.startswith(f"Nothing was done. The warming of {release} is already")


def test_a_new_release_is_not_kept_waiting_by_the_warming_of_the_one_before() -> None:
    before = live()
    live()
    with exclusive(f"The warming of {before}"):
        tasks.warm()
    assert job().message.startswith("The lists of 1 user are made")


def test_reloading_says_which_release() -> None:
    release = live()
    tasks.reload()
    assert job().message == f"{release} is being read again."


def test_clearing_up_ends_what_nobody_works_on_any_more() -> None:
    version = registry.start_version("svd", {}, seed=1)
    tasks.fail_dead_jobs()
    version.refresh_from_db()
    assert version.state == ModelVersion.State.FAILED


def test_a_second_clearing_up_ends_quietly() -> None:
    version = registry.start_version("svd", {}, seed=1)
    with exclusive("The failing of dead jobs"):
        tasks.fail_dead_jobs()
    version.refresh_from_db()
    assert version.state == ModelVersion.State.TRAINING


def test_without_a_broker_a_promotion_stands_and_the_log_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise OperationalError("The broker is gone.")

    monkeypatch.setattr(tasks.warm, "apply_async", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.warm_soon()
    assert "No worker can be told to warm the cache" in caplog.text


def test_what_is_scheduled_exists_and_has_a_time_limit() -> None:
    app.loader.import_default_modules()
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        task = app.tasks[entry["task"]]
        assert task.time_limit or app.conf.task_time_limit
        assert task.soft_time_limit or app.conf.task_soft_time_limit


def test_promoting_and_rolling_back_record_who_did_it_and_warm(django_capture_on_commit_callbacks: Any) -> None:
    staff = get_user_model().objects.create_user("operator")
    first, version = live(), ready("svd")
    with django_capture_on_commit_callbacks(execute=True):
        tasks.promote(jobs.create("promote", "Promote", staff).pk, version_id=version.pk)
    second = registry.live_release()
    assert second is not None
    assert (second.promoted_by, second.versions.get()) == (staff, version)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.roll_back(jobs.create("roll_back", "Roll back", staff).pk)
    assert registry.live_release() == first
    with django_capture_on_commit_callbacks(execute=True):
        tasks.promote(jobs.create("promote", "Promote", staff).pk, release_id=second.pk)
    assert registry.live_release() == second
    assert waiting() == [tasks.warm.name] * 3


def test_a_second_click_on_roll_back_does_nothing_more() -> None:
    live()
    second, third = live(), live()
    for state in (Job.State.SUCCEEDED, Job.State.FAILED):
        tasks.roll_back(jobs.create("roll_back", "Roll back").pk, release_id=third.pk)
        assert job().state == state
    assert registry.live_release() == second
    tasks.roll_back(jobs.create("roll_back", "Roll back").pk, release_id=third.pk + 99)
    assert job().state == Job.State.FAILED
    assert registry.live_release() == second

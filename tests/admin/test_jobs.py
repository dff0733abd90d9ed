"""The page of a job: how far it is, what keeps it, and how to stop it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from recommender import registry, tasks
from recommender.models import ModelVersion
from recsite.console import strip
from recsite.platform import alerts, jobs, queues, workers
from recsite.platform.admin import JobAdmin
from recsite.platform.audit import Actor, Kind
from recsite.platform.models import Job
from tests.admin.staff import JOBS, Staff, words
from tests.outages import stoppable_redis
from tests.recommender.events import ratings
from tests.recommender.fixtures import Shop


def page_of(job: Job) -> str:
    return f"{JOBS}{job.pk}/change/"


def status(staff: Staff, job: Job) -> dict[str, Any]:
    answer: Any = staff.get(f"{JOBS}{job.pk}/status/")
    return dict(answer.json())


def test_the_bar_and_the_log_follow_the_work(admin: Staff) -> None:
    job = jobs.create("warm", "Warm the cache", admin.user)
    seen = []

    def work(progress: jobs.Progress) -> str:
        progress(0.4, "1,000 of 2,500 people")
        seen.append(status(admin, job))
        return "Everybody has a list."

    jobs.run(job.pk, work)
    assert (seen[0]["state"], seen[0]["progress"], seen[0]["message"]) == ("running", 0.4, "1,000 of 2,500 people")
    assert "1,000 of 2,500 people" in seen[0]["log"]
    over = status(admin, job)
    assert (over["state"], over["over"], over["progress"]) == ("succeeded", True, 1.0)
    assert "Everybody has a list." in admin.page(page_of(job))


def test_a_training_that_is_stopped_ends_at_its_next_step_and_leaves_nothing(
    admin: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    ratings()
    job = jobs.create("train", "Train and promote", admin.user)
    note = jobs.Progress.note

    def note_and_cancel(progress: jobs.Progress, message: str) -> None:
        note(progress, message)
        if "epoch 2 " in message:
            admin.act(f"{JOBS}{job.pk}/cancel/")

    monkeypatch.setattr(jobs, "SECONDS_BETWEEN_WRITES", 0)
    monkeypatch.setattr(jobs.Progress, "note", note_and_cancel)
    tasks.train(job.pk)
    job.refresh_from_db()
    assert (job.state, job.message) == ("cancelled", "Stopped, as you asked.")
    assert "epoch 3 " not in job.log
    assert ModelVersion.objects.get().state == ModelVersion.State.FAILED
    assert registry.live_release() is None


def test_a_queued_job_is_stopped_at_once_and_a_running_one_at_its_next_step(admin: Staff) -> None:
    queued, running = jobs.create("warm", "Warm"), jobs.create("warm", "Warm")
    Job.objects.filter(pk=running.pk).update(state=Job.State.RUNNING)
    admin.act(f"{JOBS}{queued.pk}/cancel/")
    assert status(admin, queued)["state"] == "cancelled"
    assert "Stopping at its next step." in admin.follow(admin.act(f"{JOBS}{running.pk}/cancel/"))
    assert status(admin, running)["message"] == "Stopping at its next step."


def test_a_job_that_ends_while_its_page_is_made_is_shown_as_one_or_the_other(
    admin: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.create("warm", "Warm")
    read = JobAdmin.get_object

    def read_and_end(*arguments: Any) -> Job | None:
        found: Job | None = read(*arguments)
        jobs.run(job.pk, lambda _: "Everybody has a list.")
        return found

    monkeypatch.setattr(JobAdmin, "get_object", read_and_end)
    page = admin.get(page_of(job)).content.decode()
    assert ('data-state="succeeded"' in page) == ('polite">Everybody has a list.' in page)


def test_what_is_over_has_no_button_and_stays_as_it_was(admin: Staff) -> None:
    job = jobs.create("warm", "Warm")
    jobs.run(job.pk, lambda _: "Done.")
    assert "Cancel" not in admin.page(page_of(job))
    assert "The job was over already." in admin.follow(admin.act(f"{JOBS}{job.pk}/cancel/"))
    assert status(admin, job)["state"] == "succeeded"


def test_only_who_started_it_or_may_change_jobs_stops_one(viewer: Staff, operator: Staff) -> None:
    own, other = jobs.create("warm", "Warm", operator.user), jobs.create("warm", "Warm")
    assert "Cancel" not in viewer.page(page_of(other))
    assert viewer.act(f"{JOBS}{other.pk}/cancel/").status_code == 403
    assert operator.act(f"{JOBS}{other.pk}/cancel/").status_code == 403
    assert operator.act(f"{JOBS}{own.pk}/cancel/").status_code == 302
    assert status(viewer, other)["state"] == "queued"
    assert status(operator, own)["state"] == "cancelled"


@pytest.mark.parametrize("pk", ["999999", "x"])
def test_what_is_not_there_can_not_be_stopped(admin: Staff, pk: str) -> None:
    assert admin.act(f"{JOBS}{pk}/cancel/").status_code == 404


def test_without_a_worker_the_page_says_so(admin: Staff) -> None:
    job = jobs.create("train", "Train")
    sentence = "No worker has been seen for 15 seconds: start one with 'celery -A recsite.celery worker'."
    assert sentence in admin.page(page_of(job))
    assert status(admin, job)["message"] == sentence
    assert "No worker has been seen lately" in admin.page("/admin/")
    workers.note()
    assert status(admin, job)["message"] == "Waiting for a worker."
    strip.forget()
    alerts.forget()
    assert "No worker has been seen" not in admin.page("/admin/")


def test_a_worker_that_is_missing_at_one_queue_is_named(admin: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "NAMES", (queues.DEFAULT,))
    workers.note()
    monkeypatch.undo()
    sentence = "No worker for the queue training has been seen for 15 seconds: "
    sentence += "start one with 'celery -A recsite.celery worker -Q training'."
    assert status(admin, jobs.create("train", "Train"))["message"] == sentence
    assert status(admin, jobs.create("promote", "Promote"))["message"] == "Waiting for a worker."
    assert "No worker for the queue training has been seen lately" in admin.page("/admin/")


def test_a_job_waits_for_those_of_its_own_queue_alone(admin: Staff) -> None:
    workers.note()
    training = jobs.create("train", "Train and promote")
    Job.objects.filter(pk=training.pk).update(state=Job.State.RUNNING)
    assert status(admin, jobs.create("promote", "Promote"))["message"] == "Waiting for a worker."


def test_a_job_that_waits_for_another_names_it(admin: Staff) -> None:
    workers.note()
    first, second = jobs.create("train", "Train and promote"), jobs.create("warm", "Warm")
    Job.objects.filter(pk=first.pk).update(state=Job.State.RUNNING)
    assert status(admin, second)["message"] == "The worker has something else to do first: Train and promote."


def test_a_job_that_nobody_takes_says_that_it_may_be_lost(admin: Staff) -> None:
    workers.note()
    job = jobs.create("train", "Train")
    Job.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    assert status(admin, job)["message"].startswith("No worker takes it: it may have been lost with the queue.")


def test_without_redis_the_page_says_what_is_missing(admin: Staff, settings: Any, tmp_path: Path) -> None:
    job = jobs.create("train", "Train")
    with stoppable_redis(tmp_path, settings) as server:
        server.stop()
        assert status(admin, job)["message"].startswith("Redis can't be reached")
        assert "Redis can't be reached" in words(admin.get(page_of(job)))


def test_jobs_are_written_by_the_product_alone(admin: Staff) -> None:
    job = jobs.create("train", "Train")
    assert admin.get(f"{JOBS}add/").status_code == 403
    assert admin.post(page_of(job), title="Other").status_code == 403
    assert admin.post(f"{JOBS}{job.pk}/delete/", post="yes").status_code == 403


def test_the_list_says_who_started_a_job(admin: Staff) -> None:
    jobs.create("train", "By a key", actor=Actor(Kind.KEY, "shop (CgSKWy3Z)", "api"))
    jobs.create("train", "By staff", admin.user)
    jobs.create("train", "By beat")
    said = words(admin.get(JOBS))
    assert all(who in said for who in ("shop (CgSKWy3Z)", "admin", "the schedule"))


def test_a_job_shows_its_steps_and_leads_to_its_result(admin: Staff, viewer: Staff, shop: Shop) -> None:
    job = jobs.create("train", "Train and promote")
    seen = []

    def work(progress: jobs.Progress) -> str:
        progress(0.1, "reading the events")
        progress._written_at = float("-inf")
        progress(0.4, "svd: fitting: epoch 3 of 20")
        seen.append((status(admin, job), words(admin.get(page_of(job)))))
        return f"Release {shop.release.pk} is live: svd 12."

    jobs.run(job.pk, work)
    told, page = seen[0]
    assert [(one["name"], one["detail"], one["is_over"]) for one in told["steps"]] == [
        ("reading the events", "", True),
        ("svd: fitting", "epoch 3 of 20", False),
    ]
    assert told["clock"].startswith("Running for ")
    assert "svd: fitting epoch 3 of 20" in page
    html = viewer.get(page_of(job)).content.decode()
    assert f'href="/admin/recommender/release/{shop.release.pk}/change/">Release {shop.release.pk}</a>' in html
    assert "Took " in html
    blind = Staff("blind", "platform.view_job")
    assert f"/release/{shop.release.pk}/" not in blind.get(page_of(job)).content.decode()

"""Jobs: claimed once, shown as they go, stopped when asked, and never left running by a dead process."""

import threading
from datetime import timedelta

import pytest
from billiard.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from recsite.platform import jobs, locks, workers
from recsite.platform.exceptions import UserFacingError
from recsite.platform.jobs import Progress
from recsite.platform.models import Job

pytestmark = pytest.mark.django_db


def queued() -> Job:
    return jobs.create("train", "Train svd")


def ended(job: Job) -> Job:
    job.refresh_from_db()
    return job


def test_a_job_that_works_ends_with_its_sentence_and_its_log() -> None:
    job = queued()

    def work(progress: Progress) -> str:
        progress(0.5, "Half of it.")
        return "Trained svd in 3 s."

    jobs.run(job.pk, work)
    job = ended(job)
    assert (job.state, job.progress, job.message) == ("succeeded", 1.0, "Trained svd in 3 s.")
    assert [line[9:] for line in job.log.splitlines()] == ["Half of it.", "Trained svd in 3 s."]
    assert job.started_at
    assert job.finished_at


def test_progress_is_seen_while_the_job_runs() -> None:
    job = queued()
    seen: list[tuple[str, float, str]] = []

    def work(progress: Progress) -> str:
        progress(0.25, "A quarter.")
        now = ended(job)
        seen.append((now.state, now.progress, now.message))
        return "Done."

    jobs.run(job.pk, work)
    assert seen == [("running", 0.25, "A quarter.")]


def test_progress_in_a_tight_loop_writes_rarely(django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]  # pytest-django gives its fixtures no types
    progress = Progress(queued().pk)
    with django_assert_max_num_queries(4):
        for step in range(1000):
            progress(step / 1000, "Counting.")


def test_a_job_asked_to_stop_is_cancelled_at_its_next_progress() -> None:
    job = queued()

    def work(progress: Progress) -> str:
        assert jobs.cancel(job.pk)
        progress(0.1, "Going on.")
        raise AssertionError("went on")

    jobs.run(job.pk, work)
    assert (ended(job).state, ended(job).message) == ("cancelled", "Stopped, as you asked.")


def test_a_queued_job_that_is_cancelled_never_starts() -> None:
    job = queued()
    assert jobs.cancel(job.pk)
    jobs.run(job.pk, lambda progress: pytest.fail("started"))
    assert ended(job).state == Job.State.CANCELLED
    assert not jobs.cancel(job.pk)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (UserFacingError("No ratings yet."), "No ratings yet."),
        (ZeroDivisionError("x"), "It failed unexpectedly; the log has the details."),
        (SoftTimeLimitExceeded(), "It took longer than TASK_TIME_LIMIT_SECS allows, and was stopped."),
    ],
)
def test_a_failure_is_one_sentence(error: Exception, sentence: str) -> None:
    job = queued()

    def work(progress: Progress) -> str:
        raise error

    jobs.run(job.pk, work)
    assert (ended(job).state, ended(job).message) == ("failed", sentence)


def test_an_unexpected_failure_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    jobs.run(queued().pk, lambda progress: str(1 / 0))
    assert any(record.exc_info and record.exc_info[0] is ZeroDivisionError for record in caplog.records)


def test_a_job_delivered_twice_runs_once() -> None:
    job = queued()
    runs: list[str] = []

    def work(progress: Progress) -> str:
        runs.append("first")
        again = threading.Thread(target=jobs.run, args=(job.pk, second))
        again.start()
        again.join()
        return "Done."

    def second(progress: Progress) -> str:
        runs.append("second")
        return "Done."

    jobs.run(job.pk, work)
    jobs.run(job.pk, second)
    assert runs == ["first"]


def test_a_job_left_by_a_killed_worker_starts_again() -> None:
    job = queued()
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, progress=0.7, heartbeat_at=timezone.now())
    jobs.run(job.pk, lambda progress: "Done at the second attempt.")
    assert ended(job).message == "Done at the second attempt."


def test_a_job_whose_process_is_gone_is_failed() -> None:
    job = queued()
    silent_since = timezone.now() - timedelta(minutes=10)
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, heartbeat_at=silent_since)
    assert jobs.fail_dead_jobs() == 1
    assert (ended(job).state, ended(job).message) == ("failed", "Its process ended without a word. Start it again.")


def test_a_silent_job_whose_process_lives_is_left_alone() -> None:
    job = queued()
    silent_since = timezone.now() - timedelta(minutes=10)
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, heartbeat_at=silent_since)
    with locks.exclusive(f"job {job.pk}"):
        assert jobs.fail_dead_jobs() == 0
    assert ended(job).state == Job.State.RUNNING


def test_a_job_that_kills_its_worker_is_failed_at_the_third_attempt_with_a_sentence() -> None:
    job = queued()
    starts: list[str] = []

    def work(progress: Progress) -> str:
        starts.append("started")
        return "Done."

    for _ in range(5):
        jobs.run(job.pk, work)
        # What a killed process leaves: a running job whose lock is free.
        Job.objects.filter(pk=job.pk, state=Job.State.SUCCEEDED).update(state=Job.State.RUNNING)
    job = ended(job)
    assert (len(starts), job.state, job.attempts) == (2, "failed", 3)
    assert "killed each time it ran" in job.message


def test_a_second_attempt_says_why_there_was_one() -> None:
    job = queued()
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, attempts=1)
    jobs.run(job.pk, lambda progress: "Done.")
    assert "Attempt 2: the worker of the one before was killed." in ended(job).log


def test_a_task_delivered_again_finds_its_own_job() -> None:
    first = jobs.create_for_task("a-task", "train", "Train")
    assert jobs.create_for_task("a-task", "train", "Train") == first
    assert jobs.create_for_task("another", "train", "Train") != first
    assert jobs.create_for_task(None, "train", "Train") != jobs.create_for_task(None, "train", "Train")


def test_a_running_job_whose_worker_is_dead_says_so() -> None:
    job = queued()
    silent_since = timezone.now() - timedelta(minutes=1)
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, heartbeat_at=silent_since)
    assert workers.what_keeps(ended(job)).startswith("Its worker is gone")
    with locks.exclusive(f"job {job.pk}"):
        assert workers.what_keeps(ended(job)) == ""


def test_a_dead_job_keeps_no_other_waiting_in_words() -> None:
    dead, waiting = queued(), queued()
    silent_since = timezone.now() - timedelta(minutes=1)
    Job.objects.filter(pk=dead.pk).update(state=Job.State.RUNNING, heartbeat_at=silent_since)
    workers.note()
    assert workers.what_keeps(waiting) == "Waiting for a worker."
    with locks.exclusive(f"job {dead.pk}"):
        assert workers.what_keeps(waiting) == "The worker has something else to do first: Train svd."


@pytest.mark.parametrize(
    "reason", [jobs.NothingToDo("No event has come since."), locks.AlreadyRunning("It is being done.")]
)
def test_a_job_in_which_nothing_was_done_is_skipped(reason: Exception) -> None:
    job = queued()

    def work(progress: Progress) -> str:
        raise reason

    jobs.run(job.pk, work)
    assert (ended(job).state, ended(job).message) == ("skipped", f"Nothing was done. {reason}")
    assert ended(job).is_over


def test_jobs_that_ended_long_ago_are_pruned() -> None:
    old, running, fresh = queued(), queued(), queued()
    for job, state in ((old, "failed"), (running, "running"), (fresh, "failed")):
        Job.objects.filter(pk=job.pk).update(state=state, created_at=timezone.now() - timedelta(days=40))
    Job.objects.filter(pk=fresh.pk).update(created_at=timezone.now())
    assert jobs.prune(timedelta(days=30)) == 1
    assert set(Job.objects.values_list("pk", flat=True)) == {running.pk, fresh.pk}

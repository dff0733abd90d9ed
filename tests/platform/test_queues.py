"""Long tasks wait in a queue of their own, so that nothing quick waits behind a training."""

import pytest
from kombu import Queue

from recommender import tasks
from recsite.celery import app
from recsite.platform import queues, redis


@pytest.fixture(autouse=True)
def nothing_waits() -> None:
    redis.roundtrip(("FLUSHDB",))


def queue_of(task: str) -> str:
    queue: Queue = app.amqp.router.route({}, task)["queue"]
    return str(queue.name)


def test_trainings_warming_and_exports_have_a_queue_of_their_own() -> None:
    app.loader.import_default_modules()
    ours = [name for name in app.tasks if not name.startswith("celery.")]
    training = {name for name in ours if queue_of(name) == queues.TRAINING}
    ranking = {f"recommender.tasks.{name}" for name in ("train", "rebuild", "warm", "export_lists")}
    assert training == {*ranking, "storefront.tasks.past"}
    # Staff wait for a file that they brought: it begins while models are trained.
    assert queue_of("interactions.tasks.import_load") == queues.DEFAULT
    assert {queue_of(name) for name in ours} == set(queues.NAMES)
    assert queue_of("recommender.tasks.export_lists") == queue_of("catalog.tasks.export") == queues.TRAINING


def test_a_task_waits_in_one_queue_alone() -> None:
    for task in (tasks.warm, tasks.reload):
        task.delay()
    lengths: list[int] = redis.call(lambda client: [client.llen(name) for name in (*queues.NAMES, "celery")])
    assert lengths == [1, 1, 0]


def test_a_worker_takes_from_both_unless_told_otherwise() -> None:
    assert set(app.amqp.queues.consume_from) == set(queues.NAMES)


@pytest.mark.parametrize("kind", ["train", "warm", "tune", "export", "export_lists", "past"])
def test_a_job_is_known_to_wait_where_its_task_does(kind: str) -> None:
    assert queues.of_job(kind) == queues.TRAINING
    assert queues.of_job("promote") == queues.DEFAULT

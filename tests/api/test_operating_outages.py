"""A queue that hangs: whoever starts a job hears so soon, and may send the request again."""

from pathlib import Path
from typing import Any

import pytest
import redis
from celery import current_app
from django.test import Client

from recsite.platform.access import Scope
from recsite.platform.models import ApiKey, Job
from tests.outages import stoppable_redis


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_queue_that_hangs_is_told_soon_and_the_request_may_come_again(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    connect = redis.Connection.connect

    def note(connection: Any) -> None:
        waits.append(connection.socket_timeout)
        connect(connection)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped

    _, secret = ApiKey.objects.create_key(name="night shift", scopes=list(Scope))
    client = Client(headers={"Authorization": f"Api-Key {secret}", "Idempotency-Key": "clear-1"})
    with stoppable_redis(tmp_path, settings) as server:
        monkeypatch.setattr(current_app.conf, "broker_write_url", server.url)
        monkeypatch.setattr(current_app.amqp, "_producer_pool", None)
        server.hang()
        with monkeypatch.context() as patched:
            patched.setattr(redis.Connection, "connect", note)
            refused = client.generic("POST", "/api/v1/cache/clear")
        server.wake()
        again = client.generic("POST", "/api/v1/cache/clear")
    assert (refused.status_code, "Retry-After" in refused) == (503, True)
    assert refused.json()["error"]["message"].startswith("The queue can't be reached")
    assert max(waits) <= 0.5
    assert (again.status_code, "Idempotent-Replayed" in again) == (202, False)
    assert [job.state for job in Job.objects.order_by("pk")] == [Job.State.FAILED, Job.State.QUEUED]

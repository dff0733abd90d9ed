"""The API does what its description says: schemathesis sends what it allows and forbids, and checks the answers."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.servers.basehttp import WSGIRequestHandler
from django.db import connection

from recommender.api import shadows as shadow_api
from recommender.api.model_shapes import MODEL, RELEASE
from recommender.insight.experiments import verbs
from recommender.models import ModelVersion, Release, Shadow
from recsite.local.paths import PROJECT
from recsite.platform import job_shape
from recsite.platform.access import Scope
from recsite.platform.api import webhook_shapes
from recsite.platform.audit import SYSTEM
from recsite.platform.models import ApiKey, Job, WebhookDelivery, WebhookEndpoint
from recsite.platform.webhooks import signing
from tests import factories
from tests.recommender.experiment_fixtures import defined
from tests.recommender.fixtures import Shop

LONGEST_SECS = 900
"""A quiet machine takes about two minutes."""

UNREACHED = "Missing test data"
"""What schemathesis says of operations that answered nothing but 404."""


@pytest.fixture
def numbered(db: None) -> None:
    """What is made from here on has the numbers of the description's examples, so that operations on it are reached."""
    first = {
        ModelVersion: MODEL["id"],
        Release: RELEASE["id"],
        Job: job_shape.EXAMPLE["id"],
        WebhookEndpoint: webhook_shapes.WEBHOOK["id"],
        WebhookDelivery: webhook_shapes.DELIVERY["id"],
        Shadow: shadow_api.FOUND["id"],
    }
    with connection.cursor() as cursor:
        for model, number in first.items():
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, false)", [model._meta.db_table, number])


def fill() -> None:
    """Make a job, webhooks (one is deleted by the run), a message, another release, an experiment and a shadow."""
    Job.objects.create(kind="train", title="Train and promote")
    about: dict[str, Any] = {"url": "https://shop.example/", "events": ["job.failed"], "secret": signing.new_secret()}
    first, _ = (WebhookEndpoint.objects.create(**about) for _ in range(2))
    sent = {"message_id": "msg_1", "event": "job.failed", "body": "{}", "state": WebhookDelivery.State.DELIVERED}
    WebhookDelivery.objects.create(endpoint=first, **sent)
    Release.objects.create(pk=41, state=Release.State.ARCHIVED)
    verbs.create(defined(), actor=SYSTEM)
    Shadow.objects.create(placement="default", release=41)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_schemathesis_finds_nothing(
    live_server: Any, numbered: None, shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # The server sends head and body apart: with Nagle's algorithm each of the 7,000 answers waits 40 ms for the client.
    monkeypatch.setattr(WSGIRequestHandler, "disable_nagle_algorithm", True)
    assert shop.release.pk == RELEASE["id"]
    for item_id in ("emma", "emma-jane-austen", "persuasion-jane-austen"):
        factories.item(item_id)
    fill()
    _, key = ApiKey.objects.create_key(name="schemathesis", rate_limit=0, scopes=list(Scope))
    # From a file: on a busy machine the server makes it in more time than schemathesis waits.
    call_command("spectacular", "--file", str(tmp_path / "schema.yaml"))
    command = [str(PROJECT / ".venv" / "bin" / "schemathesis"), "run", str(tmp_path / "schema.yaml"), "--no-color"]
    done = subprocess.run(
        [*command, "--url", live_server.url, "-H", f"Authorization: Api-Key {key}"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECS,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert UNREACHED not in done.stdout, done.stdout

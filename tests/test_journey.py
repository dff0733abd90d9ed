"""The whole way, through the front doors alone: events in, trained, promoted, served, changed, rolled back."""

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from catalog import snapshot
from recommender.models import Release
from tests import factories
from tests.recommender.fixtures import start_afresh

READERS, LOVERS = 24, 12
NOVELS = [f"novel-{number}" for number in range(8)]
POEMS = [f"poem-{number}" for number in range(8)]


pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, settings: Any) -> Iterator[None]:
    storage = {**settings.STORAGES["models"], "OPTIONS": {"location": str(tmp_path / "models")}}
    settings.STORAGES = {**settings.STORAGES, "models": storage}
    settings.MODEL_CACHE_DIR = tmp_path / "model-cache"
    settings.API_AUTH_REQUIRED = False
    start_afresh()
    yield
    start_afresh()


@pytest.fixture
def api(client: Client) -> "Api":
    return Api(client)


class Api:
    def __init__(self, client: Client) -> None:
        self.client = client

    def send(self, user_id: str, item_id: str, value: float, **rest: str) -> None:
        event = {"user_id": user_id, "item_id": item_id, "type": "rating", "value": value, **rest}
        answer = self.client.post("/api/v1/interactions", json.dumps(event), content_type="application/json")
        assert answer.status_code == 202, answer.content

    def recommend(self, user_id: str, limit: int = 5) -> dict[str, Any]:
        answer = self.client.get(f"/api/v1/recommendations/users/{user_id}", {"limit": limit})
        assert answer.status_code == 200, answer.content
        return dict(answer.json())

    def live_release(self) -> int:
        return int(self.client.get("/api/v1/models/live").json()["release"])


def open_a_library(api: Api) -> None:
    """Twelve lovers of novels and twelve of poems, who each know all works of their kind but one."""
    for item_id in NOVELS + POEMS:
        factories.item(item_id, categories=["Novels" if item_id in NOVELS else "Poetry"])
    snapshot.forget()
    # What lies in the last second of a training counts as news: none of this does, however quickly it is sent.
    events = count()
    long_ago = timezone.now() - timedelta(days=1)

    def rate(reader: int, item_id: str, value: float) -> None:
        at = long_ago + timedelta(seconds=next(events))
        api.send(f"reader-{reader}", item_id, value, occurred_at=at.isoformat())

    for number in range(READERS):
        loved, hated = (NOVELS, POEMS) if number < LOVERS else (POEMS, NOVELS)
        for place, (good, bad) in enumerate(zip(loved, hated, strict=True)):
            if place != number % len(loved):
                rate(number, good, 5)
            if place % 2:
                rate(number, bad, 1)


def ids(answer: dict[str, Any]) -> list[str]:
    return [place["item_id"] for place in answer["items"]]


def test_from_the_first_event_to_a_rollback(api: Api) -> None:
    open_a_library(api)
    before = api.recommend("reader-0")
    assert before["release"] is None
    assert before["items"], "Everybody is served before the first training."

    call_command("train")
    start_afresh()
    trained = api.recommend("reader-0")
    assert trained["release"] == api.live_release()
    assert trained["items"][0]["source"] == "hybrid"
    assert ids(trained)[0] == NOVELS[0], "The one novel that a lover of novels doesn't know comes first."
    assert api.recommend("reader-0")["cache_hit"]

    api.send("reader-0", NOVELS[0], 5)
    changed = api.recommend("reader-0")
    assert NOVELS[0] not in ids(changed), "What was just rated is gone from the next answer."
    assert changed["items"][0]["source"] == "fold-in"

    first = trained["release"]
    call_command("train", "--seed", "7")
    start_afresh()
    assert api.live_release() != first
    assert api.recommend("reader-0")["release"] == api.live_release()

    call_command("models", "rollback")
    start_afresh()
    assert api.live_release() == first
    back = api.recommend("reader-0")
    assert back["release"] == first
    assert NOVELS[0] not in ids(back), "Rolling back brings no seen item back."
    assert Release.objects.filter(state=Release.State.LIVE).count() == 1

"""A file of ratings and nothing else ends in lists: imported, trained and warmed by the commands."""

import random
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from catalog.models import EndUser, Item
from tests.catalog.files import write
from tests.recommender.fixtures import start_afresh

USERS, ITEMS = 20, 25
pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, settings: Any) -> None:
    storage = {**settings.STORAGES["models"], "OPTIONS": {"location": str(tmp_path / "models")}}
    settings.STORAGES = {**settings.STORAGES, "models": storage}
    settings.MODEL_CACHE_DIR = tmp_path / "model-cache"
    settings.STATE_DIR = tmp_path / "state"
    settings.API_AUTH_REQUIRED = False
    settings.UNKNOWN_ITEM_POLICY = "placeholder"
    start_afresh()


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def rated() -> str:
    """Return ratings from 0 to 5; the user u0 gives nothing but zeros."""
    draw = random.Random(1)
    rows = [
        f"u{user},i{item},{draw.randint(0, 5) if user else 0},{1_700_000_000 + 1_000 * user + 60 * place}"
        for user in range(USERS)
        for place, item in enumerate(draw.sample(range(ITEMS), 12))
    ]
    return "\n".join(["user_id,item_id,value,timestamp", *rows, ""])


def test_everybody_gets_a_list_and_hidden_items_are_told(tmp_path: Path, client: Client) -> None:
    path = write(tmp_path, {"ratings.csv": rated()}) / "ratings.csv"
    said = run("import_data", str(path), "--format", "csv", "--scale", "0..5")
    assert f"{ITEMS} items made for ids that nothing describes: they are recommended" in said
    run("train")
    warmed = run("warm_cache", "--all")
    assert warmed.startswith(f"The lists of {USERS} ")
    assert "hidden" not in warmed
    for user in EndUser.objects.all():
        answer = client.get(f"/api/v1/recommendations/users/{user.user_id}").json()
        assert len(answer["items"]) >= 5, user
    Item.objects.update(is_available=False)
    told = f"Items hidden from all lists: {ITEMS} of {ITEMS}. To show them, select them in the admin (Items)"
    assert told in run("train", "popular")
    assert told in run("warm_cache", "--all")

"""What `make demo` does to the database before it starts the web server."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import CommandError

from catalog.models import Item
from interactions.models import Interaction
from recsite.local.source import Source
from recsite.platform.models import ApiKey
from storefront.management.commands.prepare_demo import give_access, load

pytestmark = pytest.mark.django_db


@pytest.fixture
def ratings(tmp_path: Path) -> Source:
    path = tmp_path / "my ratings.csv"
    path.write_text("user_id,item_id,rating,timestamp\nada,emma,5,1700000000\nada,walden,3,1700000100\n")
    return Source(str(path), "csv")


@pytest.fixture
def state(tmp_path: Path, settings: Any) -> Path:
    settings.STATE_DIR = tmp_path / "state"
    settings.UNKNOWN_ITEM_POLICY = "placeholder"
    settings.STATE_DIR.mkdir()
    return tmp_path / "state"


def test_data_of_the_user_are_loaded_once(state: Path, ratings: Source) -> None:
    load(state, ratings)
    load(state, ratings)
    load(state, None)
    assert Interaction.objects.count() == 2
    assert Source.remembered(state) == Source(ratings.path, "csv", complete=True)


def test_data_that_were_loaded_in_part_are_completed(state: Path, ratings: Source) -> None:
    Item.objects.create(item_id="emma", title="Emma")
    ratings.remember(state, complete=False)
    load(state, None)
    assert Interaction.objects.count() == 2
    assert Source.remembered(state) == Source(ratings.path, "csv", complete=True)


def test_two_data_sets_are_never_mixed(state: Path, ratings: Source) -> None:
    load(state, ratings)
    with pytest.raises(CommandError, match=r"already holds .*my ratings.csv \(csv\): 'make reset'"):
        load(state, Source(ratings.path, "movielens"))
    ratings.remember(state, complete=False)
    with pytest.raises(CommandError, match="a part of"):
        load(state, Source(ratings.path, "movielens"))


def test_nothing_is_added_to_data_that_came_from_elsewhere(state: Path, ratings: Source) -> None:
    Item.objects.create(item_id="emma", title="Emma")
    load(state, None)
    with pytest.raises(CommandError, match="other data"):
        load(state, ratings)
    assert not Interaction.objects.exists()


def test_a_state_that_outlived_its_database_stands_in_nobodys_way(state: Path, ratings: Source) -> None:
    Source("/data/before", "movielens").remember(state, complete=True)
    load(state, ratings)
    assert Interaction.objects.count() == 2


def test_the_operator_and_the_key_stay_the_same(state: Path) -> None:
    path = state / "demo.json"
    give_access(path, "http://127.0.0.1:8000")
    first = json.loads(path.read_text())
    give_access(path, "http://127.0.0.1:8123")
    second = json.loads(path.read_text())
    assert (second["password"], second["api_key"]) == (first["password"], first["api_key"])
    assert second["admin_url"] == "http://127.0.0.1:8123/admin/"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    operator = authenticate(username=second["username"], password=second["password"])
    assert isinstance(operator, User)
    assert operator.is_superuser
    assert ApiKey.objects.is_valid(second["api_key"])


def test_access_that_stopped_working_is_given_anew(state: Path) -> None:
    path = state / "demo.json"
    path.write_text(json.dumps({"password": "old", "api_key": "old.key"}))
    give_access(path, "http://127.0.0.1:8000")
    facts = json.loads(path.read_text())
    assert authenticate(username=facts["username"], password=facts["password"])
    assert ApiKey.objects.is_valid(facts["api_key"])

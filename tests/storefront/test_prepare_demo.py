"""What `make demo` does to the database before it starts the web server."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from catalog.models import Item
from interactions.models import Interaction
from recommender.models import ItemTotals
from recsite.local.source import Source
from recsite.platform import queues, redis
from recsite.platform.models import ApiKey, Job
from recsite.roles import ROLES
from storefront.management.commands.prepare_demo import give_access, load, make_past
from storefront.past.releases import RELEASES, VERSIONS
from tests import factories

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


def test_the_accounts_and_the_key_stay_the_same(state: Path) -> None:
    path = state / "demo.json"
    give_access(path, "http://127.0.0.1:8000")
    first = json.loads(path.read_text())
    give_access(path, "http://127.0.0.1:8123")
    second = json.loads(path.read_text())
    assert (second["accounts"], second["api_key"]) == (first["accounts"], first["api_key"])
    assert second["admin_url"] == "http://127.0.0.1:8123/admin/"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert second["password"] == second["accounts"][second["username"]]
    assert ApiKey.objects.is_valid(second["api_key"])


def test_there_is_one_account_of_each_role(state: Path) -> None:
    give_access(state / "demo.json", "http://127.0.0.1:8000")
    passwords = json.loads((state / "demo.json").read_text())["accounts"]
    assert [name.capitalize() for name in passwords] == sorted(ROLES, key=ROLES.index, reverse=True)
    for name, password in passwords.items():
        account = authenticate(username=name, password=password)
        assert isinstance(account, User)
        assert (account.is_staff, account.is_superuser) == (True, False)
        assert [group.name for group in account.groups.all()] == [name.capitalize()]


def test_access_that_stopped_working_is_given_anew(state: Path) -> None:
    path = state / "demo.json"
    path.write_text(json.dumps({"password": "old", "accounts": {"viewer": "old"}, "api_key": "old.key"}))
    give_access(path, "http://127.0.0.1:8000")
    facts = json.loads(path.read_text())
    assert authenticate(username="viewer", password=facts["accounts"]["viewer"])
    assert ApiKey.objects.is_valid(facts["api_key"])


def test_the_operator_of_an_earlier_demo_becomes_one_of_the_role(state: Path) -> None:
    path = state / "demo.json"
    User.objects.create_superuser("operator", password="before")
    path.write_text(json.dumps({"username": "operator", "password": "before"}))
    give_access(path, "http://127.0.0.1:8000")
    facts = json.loads(path.read_text())
    assert facts["username"] == "administrator"
    operator = authenticate(username="operator", password=facts["accounts"]["operator"])
    assert isinstance(operator, User)
    assert not operator.is_superuser


def test_each_item_has_totals_from_the_first_minute_on(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in ("load", "give_access", "train", "call_command"):
        monkeypatch.setattr(f"storefront.management.commands.prepare_demo.{step}", lambda *_, **__: None)
    emma = factories.item("emma")
    call_command("prepare_demo", no_past=True)
    assert list(ItemTotals.objects.values_list("item_id", "last_shown")) == [(emma.pk, None)]


def test_a_past_waits_for_the_worker_and_has_the_first_numbers() -> None:
    redis.roundtrip(("FLUSHDB",))
    make_past(None)
    job = Job.objects.get()
    assert (job.kind, job.title, job.state) == ("past", "Make a past to look at", Job.State.QUEUED)
    assert redis.call(lambda client: client.llen(queues.TRAINING)) == 1
    version = factories.model_version()
    assert (version.pk, factories.release(version).pk) > (VERSIONS, RELEASES)

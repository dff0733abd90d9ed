"""Tombstones: one question for a batch, in step with whoever stores, lifted by whoever may erase."""

import threading
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from catalog import erasure, store
from catalog.models import EndUser, Erasure
from interactions.models import Interaction
from interactions.store import store as store_events
from recommender import cache
from tests import factories
from tests.admin.staff import Staff
from tests.erasure.places import GONE, in_redis, in_tables
from tests.recommender.fixtures import Shop

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_many_at_once_are_refused_by_one_question(django_assert_num_queries: Any) -> None:
    emma = factories.item("emma")
    store.erase_user_ids(["u0", "u7"])
    events = [factories.event(f"u{number % 50}", emma) for number in range(500)]
    outcome = store_events(events)
    assert {events[position].user_id for position in outcome.erased} == {"u0", "u7"}
    assert (len(outcome.stored), len(outcome.erased)) == (480, 20)
    assert EndUser.objects.count() == 48
    known = [factories.event(f"u{number % 6 + 1}", emma) for number in range(500)]
    with transaction.atomic(), django_assert_num_queries(7) as captured:
        store_events(known)
    assert not any("catalog_erasure" in query["sql"] for query in captured.captured_queries)


def test_deleting_by_queryset_and_by_row_is_erasing() -> None:
    for name in ("ada", "ben"):
        factories.person(name)
    assert EndUser.objects.filter(user_id="ada").delete() == (1, {"catalog.EndUser": 1})
    factories.person("ben").delete()
    assert not EndUser.objects.exists()
    assert erasure.erased_among(["ada", "ben", "cleo"]) == {"ada", "ben"}


def test_tombstones_name_nobody_and_depend_on_their_own_key_alone(settings: Any) -> None:
    store.erase_user_ids([GONE])
    tombstone = Erasure.objects.get()
    assert GONE.encode() not in bytes(tombstone.digest)
    settings.SECRET_KEY = "another one, with which sessions are signed from now on"
    assert erasure.erased_among([GONE]) == {GONE}
    settings.ERASURE_KEY = "another key of the erasures, which nobody should ever choose"
    assert erasure.erased_among([GONE]) == set()


def test_an_erasure_waits_for_whoever_stores_and_keeps_the_next_one_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    emma = factories.item("emma")
    store_events([factories.event("ada", emma)])
    stored, erased = threading.Event(), threading.Event()

    def work() -> None:
        try:
            stored.wait(10)
            store.erase_user_ids(["ada"])
            erased.set()
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    with transaction.atomic():
        store_events([factories.event("ada", emma)])
        stored.set()
        assert not erased.wait(0.3), "Somebody was erased while an event was being stored."
    thread.join()
    assert erased.is_set()
    assert store_events([factories.event("ada", emma)]).erased == {0}
    assert not Interaction.objects.exists()


def test_what_came_back_into_the_caches_is_swept_out(shop: Shop) -> None:
    store.erase_user_ids(["ada"])
    cache.note_events({"ada": {shop.novels[0].pk}, "ben": ()})
    assert len(in_redis("{ada}")) == 2
    assert cache.sweep() == 0
    before = timezone.now() - timedelta(minutes=11)
    Erasure.objects.update(erased_at=before, swept_at=before)
    assert cache.sweep() == 2
    assert (in_redis("{ada}"), len(in_redis("{ben}"))) == ([], 1)
    cache.note_events({"ada": ()})
    assert cache.sweep() == 0, "It is searched twice, not for ever."


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().strip()


def test_commands_erase_and_lift(shop: Shop) -> None:
    assert run("erase_user", " ada ", "nobody-yet") == (
        "1 user erased. 2 ids refused from now on. "
        "Of 1 id there was no user: if that was a slip, 'lift_erasure' takes it back."
    )
    emma = factories.item("emma")
    assert store_events([factories.event("ada", emma)]).erased == {0}
    assert run("lift_erasure", "ada") == "1 erasure lifted: these ids may be used again."
    assert len(store_events([factories.event("ada", emma)]).stored) == 1
    with pytest.raises(CommandError, match="None of these ids was erased"):
        run("lift_erasure", "ada")
    with pytest.raises(CommandError, match="The id is empty"):
        run("erase_user", " ")


def test_users_whom_a_backup_brings_back_are_erased_again(tmp_path: Path) -> None:
    run("erase_user", "ada")
    file = tmp_path / "erasures.txt"
    assert run("erasures", "--export", str(file)) == f"1 erasure written to {file}."
    assert "ada" not in file.read_text()
    Erasure.objects.all().delete()
    EndUser.objects.bulk_create([EndUser(user_id="ada"), EndUser(user_id="ben")])
    assert run("erasures", "--import", str(file)).startswith("1 erasure read.")
    assert run("erasures", "--again") == "1 user erased again."
    assert list(EndUser.objects.values_list("user_id", flat=True)) == ["ben"]
    file.write_text("no hash")
    with pytest.raises(CommandError, match="no file of erasures"):
        run("erasures", "--import", str(file))


def test_staff_who_may_erase_lift_by_the_id(admin: Staff, viewer: Staff) -> None:
    store.erase_user_ids([GONE])
    page = "/admin/catalog/erasure/lift/"
    assert viewer.act(page, user_id=GONE).status_code in (302, 403)
    assert Erasure.objects.exists()
    assert "No user with this id was erased" in admin.act(page, user_id="somebody").content.decode()
    admin.act(page, user_id=GONE)
    assert not Erasure.objects.exists()
    assert in_tables(GONE) == []

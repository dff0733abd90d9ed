import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction
from django.utils import timezone

from catalog import snapshot, store
from catalog.models import Item
from catalog.snapshot import NO_DATE, NO_GROUP, Snapshot, building
from recsite.platform import generations
from recsite.platform.audit import SYSTEM
from tests import factories, outages

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    outages.start_afresh()
    snapshot.forget()
    yield
    outages.start_afresh()
    snapshot.forget()


def look_again() -> Snapshot:
    """The catalogue after the second in which nobody is asked."""
    generations._known.look_again_at = 0
    snapshot._copy._not_before = 0
    return snapshot.current()


def names(catalogue: Snapshot, mask: Any) -> list[str]:
    return [catalogue.item_ids[int(row)] for row in np.flatnonzero(mask)]


def test_it_holds_what_a_list_shows_sorted_by_internal_id() -> None:
    emma = factories.item("emma", title="Emma", features={"creator": "Jane Austen"}, tags=["wit"], item_type="book")
    factories.item("anon")
    held = snapshot.current()
    row = held.row_of("emma")
    assert row is not None
    assert list(held.ids) == sorted(held.ids)
    assert held.ids[row] == emma.pk
    assert (held.titles[row], held.creators[row], held.tags[row]) == ("Emma", "Jane Austen", ("wit",))
    assert held.creators[1] == ""


def test_an_empty_catalogue_has_an_empty_copy() -> None:
    held = snapshot.current()
    assert len(held) == 0
    assert list(held.rows(np.array([1, 2]))) == [-1, -1]
    assert not held.matching(categories=["Novels"]).any()


def test_ids_that_are_not_in_the_catalogue_have_no_row() -> None:
    first, second = factories.items(2)
    held = snapshot.current()
    assert list(held.rows(np.array([second.pk, 10**9, first.pk, 0]))) == [1, -1, 0, -1]


def test_ids_far_apart_are_found_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = factories.items(2)
    monkeypatch.setattr(building, "SPARSEST", 0)
    assert list(snapshot.current().rows(np.array([second.pk, 10**9, first.pk, 0]))) == [1, -1, 0, -1]


def test_variants_of_one_thing_count_once() -> None:
    for name, group in (("a", "emma"), ("b", ""), ("c", "emma"), ("d", "ulysses"), ("e", "")):
        factories.item(name, group=group)
    held = snapshot.current()
    assert held.count_distinct(held.available) == 4
    assert held.count_distinct(held.matching(exclude=["a"])) == 4
    assert held.count_distinct(held.matching(exclude=["a", "b", "c"])) == 2
    assert held.count_distinct(held.matching(categories=["Nothing"])) == 0


def test_reading_it_twice_asks_nobody(django_assert_num_queries: Any) -> None:
    factories.item()
    snapshot.current()
    with django_assert_num_queries(0):
        snapshot.current()


def test_categories_and_tags_match_any_type_and_exclusion_all() -> None:
    factories.item("a", categories=["Novels", "Drama"], tags=["x"], item_type="book")
    factories.item("b", categories=["Drama"], tags=["y"], item_type="film")
    factories.item("c", categories=["Poetry"], tags=["x"], item_type="book")
    held = snapshot.current()
    assert names(held, held.matching()) == ["a", "b", "c"]
    assert names(held, held.matching(categories=["Drama", "Poetry"])) == ["a", "b", "c"]
    assert names(held, held.matching(categories=["Drama"], tags=["x", "y"], item_type="book")) == ["a"]
    assert names(held, held.matching(exclude=["a", "nothing"])) == ["b", "c"]
    assert names(held, held.matching(categories=["Nothing"])) == []


def test_what_is_hidden_not_yet_or_no_longer_on_offer_is_unavailable() -> None:
    now = timezone.now()
    hour = timedelta(hours=1)
    factories.item("open", available_from=now - hour, available_until=now + hour)
    factories.item("hidden", is_available=False)
    factories.item("early", available_from=now + hour)
    factories.item("late", available_until=now - hour)
    held = snapshot.current()
    assert names(held, held.available) == ["open"]


def test_availability_follows_the_clock_without_a_query(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    opens = datetime(2030, 1, 1, tzinfo=UTC)
    factories.item("soon", available_from=opens, available_until=opens + timedelta(days=1))
    assert not snapshot.current().available.any()
    with django_assert_num_queries(0):
        monkeypatch.setattr(time, "time", lambda: opens.timestamp())
        assert snapshot.current().available.all()
        monkeypatch.setattr(time, "time", lambda: opens.timestamp() + 86_400)
        assert not snapshot.current().available.any()


def test_variants_share_a_number_and_the_rest_stand_alone() -> None:
    for name, group in (("a", "emma"), ("b", ""), ("c", "emma"), ("d", "ulysses"), ("e", "")):
        factories.item(name, group=group)
    groups = list(snapshot.current().groups)
    assert groups[0] == groups[2] != groups[3]
    assert groups[1] == groups[4] == NO_GROUP
    assert groups[3] != NO_GROUP


def test_items_without_a_date_say_so() -> None:
    factories.item(published_at=datetime(1970, 1, 2, tzinfo=UTC))
    factories.item()
    assert list(snapshot.current().published) == [86_400, NO_DATE]


def test_every_verb_that_changes_items_is_seen_on_the_next_look(django_capture_on_commit_callbacks: Any) -> None:
    emma = factories.item("emma")
    snapshot.current()
    with django_capture_on_commit_callbacks(execute=True):
        store.save_item(Item(item_id="persuasion", title="Persuasion"), actor=SYSTEM)
    assert list(look_again().item_ids) == ["emma", "persuasion"]
    with django_capture_on_commit_callbacks(execute=True):
        assert store.set_available(Item.objects.filter(pk=emma.pk), False, actor=SYSTEM) == 1
    assert names(look_again(), look_again().available) == ["persuasion"]
    with django_capture_on_commit_callbacks(execute=True):
        assert store.delete_items(Item.objects.filter(pk=emma.pk), actor=SYSTEM) == 1
    assert names(look_again(), look_again().exists) == ["persuasion"]
    assert look_again().row_of("emma") is None


def test_without_postgres_the_old_copy_serves(django_capture_on_commit_callbacks: Any) -> None:
    factories.item("emma")
    snapshot.current()
    with django_capture_on_commit_callbacks(execute=True):
        snapshot.bump()
    with outages.no_postgres():
        assert list(look_again().item_ids) == ["emma"]


def test_a_change_that_is_rolled_back_makes_nobody_read_again() -> None:
    before = look_again()
    with transaction.atomic():
        store.save_item(Item(item_id="emma", title="Emma"), actor=SYSTEM)
        transaction.set_rollback(True)
    assert connection.run_on_commit == []
    assert look_again() is before


def test_items_are_alike_by_what_they_share_of_creator_categories_and_tags(db: None) -> None:
    factories.item("a", categories=["Novels", "Irony"], tags=["love"], features={"creator": "Jane Austen"})
    factories.item("b", categories=["Novels"], tags=["love"], features={"creator": "Jane Austen"})
    factories.item("c", categories=["Poetry"], tags=[])
    factories.item("d", categories=[], tags=[])
    snapshot.forget()
    similarity = snapshot.current().similarity(np.arange(4))
    assert similarity[0].tolist() == [1, 0.75, 0, 0]
    assert similarity[3].tolist() == [0, 0, 0, 0]
    assert (similarity == similarity.T).all()

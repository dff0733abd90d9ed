"""What changes is read alone, and makes the same catalogue as reading all of it would."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from catalog import snapshot, store
from catalog.models import Item
from catalog.snapshot import Snapshot, advancing, changes, derived, files
from catalog.snapshot.base import Rows
from recsite.platform.audit import SYSTEM
from tests import factories, outages
from tests.catalog.catalogues import described, marked, summed_up

pytestmark = pytest.mark.django_db


def listed(rows: Rows | None) -> list[int]:
    """Return rows that somebody remembers as a list."""
    assert rows is not None
    return list(rows.tolist())


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    outages.start_afresh()
    yield
    outages.start_afresh()


class Reader:
    """Reads everything once, and then what has changed."""

    def __init__(self) -> None:
        stored = files.built_in_memory()
        self.catalogue, self.position = Snapshot.of(stored.base, time.time()), stored.position

    def read(self) -> Snapshot:
        found = changes.since(self.position)
        assert found is not None
        self.catalogue, self.position = advancing.patched(self.catalogue, found), found.position
        return self.catalogue


def test_a_changed_item_keeps_its_row_and_a_new_one_comes_at_the_end() -> None:
    first, second = factories.item("a", title="A"), factories.item("b", title="B")
    reader = Reader()
    before = reader.catalogue
    Item.objects.filter(pk=first.pk).update(title="A, revised")
    factories.item("c", title="C")
    after = reader.read()
    assert list(after.titles) == ["A, revised", "B", "C"]
    assert list(before.titles) == ["A", "B"]
    assert after.base is before.base
    assert listed(after.changed_since(before)) == [0, 2]
    assert listed(after.changed_since(after)) == []
    assert before.changed_since(after) is None
    assert (after.row_of("a"), after.row_of("b"), after.row_of("c")) == (0, 1, 2)
    assert after.rows(np.array([second.pk, 10**9])).tolist() == [1, -1]


def test_the_row_of_a_deleted_item_stays_and_nobody_finds_it() -> None:
    factories.item("kept")
    gone = factories.item("gone", categories=["Drama"])
    reader = Reader()
    store.delete_items(Item.objects.filter(pk=gone.pk), actor=SYSTEM)
    after = reader.read()
    assert (len(after), after.count, after.available_count) == (2, 1, 1)
    assert after.row_of("gone") is None
    assert after.rows(np.array([gone.pk])).tolist() == [-1]
    assert not after.matching(categories=["Drama"]).any()
    assert after.category_names == ["Novels"]


def test_an_item_that_comes_back_under_its_id_has_a_row_of_its_own() -> None:
    old = factories.item("phoenix", title="Ashes")
    reader = Reader()
    store.delete_items(Item.objects.filter(pk=old.pk), actor=SYSTEM)
    new = factories.item("phoenix", title="Fire")
    after = reader.read()
    row = after.row_of("phoenix")
    assert row is not None
    assert after.titles[row] == "Fire"
    assert after.rows(np.array([old.pk, new.pk])).tolist() == [-1, 1]
    assert after.count == 1


def test_an_item_that_comes_back_with_its_number_exists_again() -> None:
    old = factories.item("phoenix")
    reader = Reader()
    store.delete_items(Item.objects.filter(pk=old.pk), actor=SYSTEM)
    assert reader.read().count == 0
    factories.item("phoenix", pk=old.pk, title="Fire")
    after = reader.read()
    assert described(after) == described(Reader().catalogue)
    assert after.count == 1


def test_ids_that_are_exchanged_and_exchanged_back_are_found_at_the_right_items() -> None:
    first, second = factories.item("a"), factories.item("b")
    reader = Reader()
    for names in (("b", "a"), ("a", "b")):
        for item, name in ((first, "-"), (second, names[1]), (first, names[0])):
            Item.objects.filter(pk=item.pk).update(item_id=name)
        after = reader.read()
        assert [after.row_of(name) for name in names] == [0, 1]
        assert after.row_of("-") is None


def test_reading_twice_what_has_not_changed_makes_no_other_snapshot() -> None:
    """Everything a test writes has one transaction, which is still open: all of it is read again."""
    factories.items(3)
    reader = Reader()
    assert reader.read() is reader.read()


def test_after_any_series_of_changes_it_is_what_reading_everything_gives() -> None:
    rng = random.Random(4)
    for number in range(12):
        factories.item(f"item-{number}", **a_state(rng))
    reader = Reader()
    for turn in range(40):
        for _ in range(rng.randrange(4)):
            change_something(rng, turn)
        catalogue = reader.read()
        whole = Reader().catalogue
        assert described(catalogue) == described(whole)
        # It may look too early, and finds that nothing has changed.
        assert catalogue.changes_at <= whole.changes_at
        if turn % 3 == 0:
            assert summed_up(catalogue) == summed_up(whole)


def change_something(rng: random.Random, turn: int) -> None:
    item = Item.objects.order_by("?").first()
    kind = rng.choice(["change", "change", "change", "add", "delete"])
    if kind == "add" or item is None:
        factories.item(f"new-{turn}-{rng.random()}", **a_state(rng))
    elif kind == "delete":
        store.delete_items(Item.objects.filter(pk=item.pk), actor=SYSTEM)
    else:
        Item.objects.filter(pk=item.pk).update(**a_state(rng))


def a_state(rng: random.Random) -> dict[str, Any]:
    hours = {"available_from": rng.choice([None, None, -1, 1]), "available_until": rng.choice([None, None, 3, -2])}
    return {
        "title": f"Title {rng.random()}, übersetzt",
        "categories": rng.sample(["Novels", "Poetry", "Drama"], rng.randrange(3)),
        "tags": rng.sample(["x", "y", "z"], rng.randrange(3)),
        "features": rng.choice([{}, {"creator": "Jane Austen"}, *FEATURES]),
        "item_type": rng.choice(["", "book", "film"]),
        "group": rng.choice(["", "emma", "ulysses", f"new {rng.randrange(3)}"]),
        "is_available": rng.random() < 0.8,
        "published_at": rng.choice([None, datetime(2020, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)]),
        **{name: value and NOW + timedelta(hours=value) for name, value in hours.items()},
    }


FEATURES: list[dict[str, Any]] = [
    {"creator": "Ödön von Horváth", "price": 12.5, "sizes": [38, 40, "XL"], "used": False, "size": {"cm": 3}},
    {"price": "7.90", "vector": [0.5] * 200, "note": "x" * 5_000, "none": None, "empty": [], "big": 10**400},
    {"price": 0, "page count": 320, "year": "1815", "deep": [["a"], "b", None], "small": 1e-305, "": "unnamed"},
]

NOW = timezone.now()


def test_time_opens_and_closes_what_is_new_and_what_was_there() -> None:
    soon = {"available_from": NOW + timedelta(hours=1), "available_until": NOW + timedelta(hours=2)}
    factories.item("old", **soon)
    factories.item("always")
    reader = Reader()
    factories.item("new", **soon)
    now = NOW.timestamp()
    before = advancing.at(reader.read(), now)
    assert marked(before, before.available) == {"always"}
    assert before.changes_at == now + 3600
    open_ = advancing.at(before, now + 3600)
    assert marked(open_, open_.matching(categories=["Novels"])) == {"old", "new", "always"}
    assert listed(open_.changed_since(before)) == [0, 2]
    closed = advancing.at(open_, now + 7200)
    assert marked(closed, closed.available) == {"always"}
    assert (closed.changes_at, closed.available_count) == (np.inf, 1)


def test_what_is_too_much_too_old_or_of_another_table_is_not_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.items(3)
    here = changes.position()
    factories.items(3)
    assert changes.since(here, most=2) is None
    assert changes.since(here._replace(table="restored")) is None
    assert changes.since(here._replace(until=here.until + 10**6)) is None
    assert changes.since(here._replace(at=here.at - changes.MOST_AGE)) is None
    assert changes.since(here) is not None


def test_changes_of_long_ago_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derived, "LONGEST", 4)
    monkeypatch.setattr(derived, "KEPT", 2)
    lineage = derived.Lineage()
    numbers = [lineage.next_version(np.array([row])) for row in range(9)]
    assert numbers == list(range(1, 10))
    assert lineage.changed_between(0, 9) is None
    assert listed(lineage.changed_between(7, 9)) == [7, 8]


def test_a_process_reads_its_own_change_at_once(django_capture_on_commit_callbacks: Any) -> None:
    emma = factories.item("emma")
    before = snapshot.current()
    with django_capture_on_commit_callbacks(execute=True):
        store.set_available(Item.objects.filter(pk=emma.pk), False, actor=SYSTEM)
    after = snapshot.current()
    assert after.base is before.base
    assert not after.available.any()


def test_a_small_catalogue_that_has_changed_much_is_read_anew(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr("catalog.snapshot.holding.FEWEST_CHANGED", 2)
    factories.items(2)
    before = snapshot.current()
    factories.items(3)
    with django_capture_on_commit_callbacks(execute=True):
        snapshot.bump()
    after = snapshot.current()
    assert after.base is not before.base
    assert (len(after), after.changed_since(before)) == (5, None)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
class TestTransactions:
    @pytest.fixture
    def other(self) -> Iterator[psycopg.Connection[Any]]:
        parameters = connection.get_connection_params()
        wanted = ("host", "port", "dbname", "user", "password")
        with psycopg.connect(**{name: parameters[name] for name in wanted if name in parameters}) as other:
            yield other

    def test_what_a_late_transaction_wrote_is_read_when_it_has_ended(self, other: psycopg.Connection[Any]) -> None:
        early, late = factories.item("early", title="-"), factories.item("late", title="-")
        other.execute("UPDATE catalog_item SET title = 'late' WHERE id = %s", [late.pk])
        other.execute("DELETE FROM catalog_item WHERE id = %s", [factories.item("gone").pk])
        reader = Reader()
        Item.objects.filter(pk=early.pk).update(title="early")
        assert list(reader.read().titles) == ["early", "-", "The book of gone"]
        other.commit()
        after = reader.read()
        assert [after.titles[row] for row in np.flatnonzero(after.exists).tolist()] == ["early", "late"]

    def test_a_transaction_that_stays_open_makes_nobody_read_again(self, other: psycopg.Connection[Any]) -> None:
        item, held = factories.item(), factories.item()
        other.execute("UPDATE catalog_item SET title = 'held' WHERE id = %s", [held.pk])
        reader = Reader()
        for title in ("a", "b"):
            Item.objects.filter(pk=item.pk).update(title=title)
            found = changes.since(reader.position)
            assert found is not None
            assert [record.title for record in found.changed] == [title]
            reader.position = found.position
        found = changes.since(reader.position)
        assert found is not None
        assert not found.changed
        other.rollback()

    def test_a_table_that_was_emptied_is_another_one(self) -> None:
        factories.item()
        here = changes.position()
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE catalog_item CASCADE")
        assert changes.since(here) is None

    def test_without_the_right_to_ask_the_server_it_still_knows_the_table(self, monkeypatch: Any) -> None:
        known = changes.position().table
        monkeypatch.setattr(changes, "_may_ask_the_server", lambda: False)
        assert known.endswith(f".{changes.position().table}")

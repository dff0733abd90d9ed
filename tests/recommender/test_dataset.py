from datetime import timedelta

import numpy as np
import pytest
from django.db import connection

from catalog.models import Item
from interactions.models import Interaction, InteractionType
from recommender import dataset as datasets
from recommender.dataset import load_dataset, load_recent, window
from recommender.engine import feedback
from recommender.engine.evaluation.prepare import data_hash
from recommender.engine.types import UNDATED, IdMap
from tests import factories
from tests.factories import NOON, ada, ben, cleo
from tests.recommender.events import happened, ratings

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def test_every_event_becomes_one_row_of_arrays() -> None:
    book, film = factories.items(2)
    happened(ben(), film, "view", occurred_at=NOON)
    happened(ada(), book, "rating", value=4.5, occurred_at=NOON + HOUR)
    dataset = load_dataset()
    assert dataset.user_ids.ids.tolist() == sorted([ada().pk, ben().pk])
    assert dataset.item_ids.ids.tolist() == [book.pk, film.pk]
    kinds = [dataset.kinds[kind].name for kind in dataset.types]
    rows = dict(zip(dataset.user_ids.ids[dataset.users].tolist(), range(2), strict=True))
    hers, his = rows[ada().pk], rows[ben().pk]
    assert (kinds[hers], kinds[his]) == ("rating", "view")
    assert dataset.items[[hers, his]].tolist() == [0, 1]
    assert dataset.values[hers] == 4.5
    assert np.isnan(dataset.values[his])
    assert dataset.times[hers] - dataset.times[his] == 3600
    assert dataset.times[his] == NOON.timestamp()


def test_without_events_it_is_empty() -> None:
    dataset = load_dataset()
    assert (len(dataset), dataset.n_users, dataset.n_items) == (0, 0, 0)
    assert window(dataset) == (None, None)


def test_the_arrays_are_compact() -> None:
    happened(ada(), factories.item())
    dataset = load_dataset()
    dtypes = [column.dtype for column in (dataset.users, dataset.items, dataset.values, dataset.types, dataset.times)]
    assert dtypes == [np.int32, np.int32, np.float32, np.uint8, np.int64]


def test_kinds_say_what_the_types_mean() -> None:
    InteractionType.objects.filter(name="view").update(weight=1.5, marks_seen=False)
    happened(ada(), factories.item())
    kinds = {kind.name: kind for kind in load_dataset().kinds}
    assert (kinds["view"].weight, kinds["view"].marks_seen, kinds["view"].is_explicit) == (1.5, False, False)
    assert (kinds["rating"].scale_min, kinds["rating"].scale_max, kinds["rating"].relevant_at) == (1, 5, 4)
    assert kinds["dislike"].is_negative


def test_events_of_items_that_are_gone_are_left_out() -> None:
    kept, gone = factories.items(2)
    happened(ada(), kept)
    happened(ada(), gone)
    Item.objects.filter(pk=gone.pk)._raw_delete("default")
    assert load_dataset().item_ids.ids.tolist() == [kept.pk]


def test_items_that_are_not_available_are_learnt_from() -> None:
    happened(ada(), factories.item(is_available=False))
    assert len(load_dataset()) == 1


def test_events_of_a_type_that_is_gone_are_left_out() -> None:
    book = factories.item()
    happened(ada(), book, "share")
    happened(ada(), book, "view")
    InteractionType.objects.filter(name="share")._raw_delete("default")
    dataset = load_dataset()
    assert [dataset.kinds[kind].name for kind in dataset.types] == ["view"]


def test_since_and_until_bound_the_time() -> None:
    book = factories.item()
    for hours in range(4):
        happened(ada(), book, occurred_at=NOON + hours * HOUR)
    dataset = load_dataset(since=NOON + HOUR, until=NOON + 3 * HOUR)
    assert window(dataset) == (NOON + HOUR, NOON + 2 * HOUR)
    assert len(dataset) == 2


def test_undated_events_are_left_out_where_only_dates_count() -> None:
    happened(ada(), factories.item(), undated=True)
    happened(ada(), factories.item())
    assert len(load_dataset()) == 2
    assert len(load_dataset(dated_only=True)) == 1


def test_an_undated_event_has_no_time() -> None:
    book = factories.item()
    happened(ada(), book, undated=True)
    happened(ben(), book)
    dataset = load_dataset()
    assert sorted(dataset.times.tolist()) == [UNDATED, NOON.timestamp()]
    assert window(dataset) == (NOON, NOON)


def test_the_order_and_the_hash_do_not_depend_on_where_the_rows_lie() -> None:
    ratings()
    before = load_dataset()
    with connection.cursor() as cursor:
        # An updated row is written anew, behind the others.
        cursor.execute("UPDATE interactions_interaction SET received_at = now() WHERE id % 3 = 0")
    after = load_dataset()
    assert data_hash(after) == data_hash(before)
    assert after.times.tolist() == before.times.tolist()


def test_the_hash_tells_other_data_apart() -> None:
    ratings()
    before = data_hash(load_dataset())
    event = Interaction.objects.earliest("id")
    Interaction.objects.filter(pk=event.pk).update(value=3)
    assert data_hash(load_dataset()) != before


def test_events_of_one_person_come_in_the_order_of_time() -> None:
    book, film = factories.items(2)
    happened(ada(), book, "rating", value=5, occurred_at=NOON + timedelta(microseconds=2))
    happened(ada(), book, "rating", value=1, occurred_at=NOON + timedelta(microseconds=1))
    happened(ada(), film, "view", occurred_at=NOON - HOUR)
    assert load_dataset().values[1:].tolist() == [1, 5]


def test_an_amount_too_large_for_the_arrays_becomes_the_largest_they_have() -> None:
    happened(ada(), factories.item(), "purchase", value=1e300)
    assert load_dataset().values.tolist() == [np.finfo(np.float32).max]


def test_more_events_than_a_block_come_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    ratings()
    whole = load_dataset()
    monkeypatch.setattr(datasets, "BLOCK", 7)
    assert data_hash(load_dataset()) == data_hash(whole)
    assert len(whole) == 120


def test_recent_events_have_a_row_for_each_person_and_the_items_of_the_model() -> None:
    book, film, other = factories.items(3)
    happened(ada(), book, "rating", value=4)
    happened(ada(), other)
    happened(ben(), film, "rating", value=2)
    dataset = load_recent([ben().pk, ada().pk, cleo().pk]).over(IdMap.of(np.array([book.pk, film.pk])))
    assert dataset.user_ids.ids.tolist() == sorted([ada().pk, ben().pk, cleo().pk])
    assert dataset.n_items == 2
    by_person = dict(zip(dataset.user_ids.ids[dataset.users].tolist(), dataset.values.tolist(), strict=True))
    assert by_person == {ada().pk: 4, ben().pk: 2}


def test_recent_events_are_the_latest_events_of_each_person() -> None:
    books = factories.items(5)
    for hours, book in enumerate(books):
        happened(ada(), book, occurred_at=NOON + hours * HOUR)
        happened(ben(), book, occurred_at=NOON - hours * HOUR)
    model_items = IdMap.of(np.array([book.pk for book in books]))
    with connection.cursor() as cursor:
        # The index would bring them in the right order by itself.
        cursor.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off")
    dataset = load_recent([ada().pk, ben().pk], limit=2).over(model_items)
    items = {person: set(dataset.items[dataset.users == person].tolist()) for person in (0, 1)}
    assert items[int(dataset.user_ids.rows(np.array([ada().pk]))[0])] == {3, 4}
    assert items[int(dataset.user_ids.rows(np.array([ben().pk]))[0])] == {0, 1}


@pytest.mark.parametrize("undated", [False, True])
def test_of_two_ratings_at_one_time_the_one_that_was_stored_last_counts(undated: bool) -> None:
    book, film = factories.items(2)
    for value, what in ((5, book), (2, book), (1, film), (4, film)):
        happened(ada(), what, "rating", value=value, undated=undated)
    assert feedback.ratings(load_dataset()).values.tolist() == [2, 4]


def test_recent_events_are_a_random_part_of_events_at_one_time_the_same_each_time() -> None:
    books = factories.items(40)
    for book in books:
        happened(ada(), book, undated=True)
    model_items = IdMap.of(np.array([book.pk for book in books]))
    first, again = (load_recent([ada().pk], limit=20).over(model_items).items.tolist() for _ in range(2))
    assert first == again
    assert 4 <= sum(item < 20 for item in first) <= 16


def test_nobody_has_no_recent_events() -> None:
    assert len(load_recent([]).over(IdMap.of(np.array([1])))) == 0

"""Lists that Spark made beside a version are what warming writes back; what came since counts all the same."""

from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from catalog import store
from catalog.models import EndUser, Item
from recommender.models import ModelVersion
from recommender.serving import warming
from recommender.serving.candidates import bulk
from recommender.spark import handed_lists
from recommender.spark.place import Place
from tests.recommender.fixtures import Shop, ask, happened, ids, start_afresh

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def engine(settings: Any) -> None:
    settings.TRAINING_ENGINE = "spark"


def hand_over(shop: Shop, lists: dict[EndUser, list[Item]], age: timedelta = timedelta(), count: int = 99) -> None:
    """As a training on Spark leaves them that asked for `count` items each, a file for each user."""
    version = ModelVersion.objects.get(algorithm="svd")
    stamp = (timezone.now() - age).strftime(handed_lists.STAMP)
    place = Place.of(f"lists/svd-{version.pk}-{stamp}-{count}")
    for number, (user, items) in enumerate(lists.items()):
        scores = np.arange(len(items), 0, -1, dtype=np.float32)
        columns = {
            "user_id": [user.pk],
            "items": [[item.pk for item in items]],
            "scores": pa.array([scores], pa.list_(pa.float32())),
        }
        with place.writing(f"part-{number}.snappy.parquet") as file:
            pq.write_table(pa.table(columns), file)
    place.storage.save(f"{place.folder}/_SUCCESS", ContentFile(b""))


def strange(shop: Shop) -> list[Item]:
    """An order that no model here has, so that one can tell where a list comes from."""
    return [*shop.poems[3:], *shop.novels[3:], *shop.poems[:3], *shop.novels[:3]]


def names(items: list[Item]) -> list[str]:
    return [item.item_id for item in items]


def test_warming_writes_them_back_and_makes_the_others_here(shop: Shop) -> None:
    made = ids(ask(shop.ben, limit=12))
    start_afresh()
    hand_over(shop, {shop.ada: strange(shop)})
    warmed = warming.warm(everybody=True)
    assert (warmed.people, warmed.up_to_date) == (3, 0)
    answer = ask(shop.ada, limit=12)
    assert answer.cache_hit
    assert ids(answer) == names(strange(shop))
    assert ids(ask(shop.ben, limit=12)) == made


def test_what_is_seen_or_gone_by_now_is_left_out(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, *rest = strange(shop)
    happened(shop.ada, first, days_ago=1)
    Item.objects.filter(pk=second.pk).update(is_available=False)
    start_afresh()
    hand_over(shop, {shop.ada: strange(shop)})
    warming.warm(everybody=True)
    assert ids(ask(shop.ada, limit=12))[: len(rest)] == names(rest)


def test_who_has_events_since_the_training_is_folded_in(shop: Shop) -> None:
    happened(shop.ada, shop.poems[0], "rating", 5, days_ago=0)
    start_afresh()
    made = ids(ask(shop.ada, limit=12))
    start_afresh()
    hand_over(shop, {shop.ada: strange(shop)})
    warming.warm(everybody=True)
    assert ids(ask(shop.ada, limit=12)) == made


def test_a_list_that_came_out_short_is_made_here(shop: Shop, settings: Any) -> None:
    settings.CANDIDATE_COUNT = 6
    made = ids(ask(shop.ada, limit=6))
    Item.objects.filter(pk=strange(shop)[0].pk).update(is_available=False)
    start_afresh()
    hand_over(shop, {shop.ada: strange(shop)[:6], shop.ben: strange(shop)[:7]}, count=6)
    assert bulk.HANDED_AT_ONCE > 2
    warming.warm(everybody=True)
    assert ids(ask(shop.ada, limit=6)) == made, "Five are left of six: more may have been there."
    assert ids(ask(shop.ben, limit=6)) == names(strange(shop)[1:7])


def test_old_ones_and_those_of_the_local_engine_are_not_taken(shop: Shop, settings: Any) -> None:
    made = ids(ask(shop.ada, limit=12))
    hand_over(shop, {shop.ada: strange(shop)}, age=timedelta(seconds=settings.CANDIDATE_TTL_SECS + 60))
    start_afresh()
    warming.warm(everybody=True)
    assert ids(ask(shop.ada, limit=12)) == made
    hand_over(shop, {shop.ada: strange(shop)})
    settings.TRAINING_ENGINE = "local"
    start_afresh()
    warming.warm(everybody=True)
    assert ids(ask(shop.ada, limit=12)) == made


def test_a_few_users_get_theirs_without_a_look_at_everybody_s(shop: Shop) -> None:
    made = ids(ask(shop.ada, limit=12))
    start_afresh()
    hand_over(shop, {shop.ada: strange(shop)})
    assert warming.warm(EndUser.objects.filter(user_id="ada")).people == 1
    assert ids(ask(shop.ada, limit=12)) == made


def test_an_erasing_deletes_them(shop: Shop, django_capture_on_commit_callbacks: Any) -> None:
    hand_over(shop, {shop.ada: strange(shop)})
    with django_capture_on_commit_callbacks(execute=True):
        store.erase_user_ids(["ben"])
    assert Place.of("lists").files() == []

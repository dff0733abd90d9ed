"""What detached months and other tables keep of users and items."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from catalog import store
from catalog.models import EndUser, Item
from interactions.models import Interaction
from interactions.partitions import EVENTS
from interactions.store import store as store_events
from recommender.models import Attribution, CoPurchase, CoVisit, ItemDay, TrendingScore
from recsite.platform.audit import SYSTEM
from recsite.platform.months import Plan
from tests import factories
from tests.erasure.places import MAY_1999
from tests.recommender.fixtures import Shop, ask

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_a_late_event_brings_a_month_back_without_the_erased(shop: Shop, folder: Path) -> None:
    EVENTS.ensure_months([MAY_1999])
    at = datetime(1999, 5, 5, tzinfo=UTC)
    store_events([factories.event(who, shop.novels[0], at=at) for who in ("ada", "ben")])
    EVENTS.apply(Plan(detach=(MAY_1999,)))
    store.erase_users(EndUser.objects.filter(user_id="ada"))
    store_events([factories.event("cleo", shop.novels[0], at=at)])
    assert EVENTS.keep(timezone.now()).attach == (MAY_1999,)
    old = Interaction.objects.filter(occurred_at=at)
    assert sorted(old.values_list("user__user_id", flat=True)) == ["ben", "cleo"]


def test_a_month_that_was_kept_elsewhere_comes_back_without_the_erased(shop: Shop, folder: Path) -> None:
    EVENTS.ensure_months([MAY_1999])
    store_events([factories.event(who, shop.novels[0], at=datetime(1999, 5, 5, tzinfo=UTC)) for who in ("ada", "ben")])
    EVENTS.apply(Plan(detach=(MAY_1999,)))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE kept_elsewhere AS SELECT * FROM {EVENTS.partition(MAY_1999)}")
        store.erase_users(EndUser.objects.filter(user_id="ada"))
        cursor.execute(f"DELETE FROM {EVENTS.partition(MAY_1999)}")
        cursor.execute(f"INSERT INTO {EVENTS.partition(MAY_1999)} SELECT * FROM kept_elsewhere")
        cursor.execute("DROP TABLE kept_elsewhere")
    EVENTS.attach([MAY_1999])
    old = Interaction.objects.filter(occurred_at__year=1999)
    assert list(old.values_list("user__user_id", flat=True)) == ["ben"]


def test_deleting_an_item_deletes_what_everybody_keeps_of_it(shop: Shop, folder: Path) -> None:
    EVENTS.ensure_months([MAY_1999])
    item = shop.novels[0]
    store_events([factories.event("ada", item, at=datetime(1999, 5, 5, tzinfo=UTC)), factories.event("ben", item)])
    EVENTS.apply(Plan(detach=(MAY_1999,)))
    Attribution.objects.create(
        recommendation_id=factories.event("ada", item).event_id,
        item=item,
        served_at=timezone.now(),
        rank=1,
        event_id=factories.event("ada", item).event_id,
        acted_at=timezone.now(),
        by_id=True,
    )
    first, second = sorted((item.pk, shop.novels[1].pk))
    CoVisit.objects.create(item_id=first, other_id=second, sessions=2)
    CoPurchase.objects.create(item_id=first, other_id=second, users=2)
    ItemDay.objects.create(item_id=item.pk, day=timezone.now().date(), users=1)
    TrendingScore.objects.create(item_id=item.pk, score=1)
    assert store.delete_items(Item.objects.filter(pk=item.pk), actor=SYSTEM) == 1
    assert not CoVisit.objects.exists()
    assert not CoPurchase.objects.exists()
    with connection.cursor() as cursor:
        for table in (
            *EVENTS.all_tables(),
            "recommender_itemday",
            "recommender_trendingscore",
            "recommender_attribution",
            "recommender_serveditem",
            "catalog_itemembedding",
        ):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE item_id = %s", [item.pk])
            assert cursor.fetchone() == (0,), table


def test_saving_a_user_makes_nobody_elses_list_stale(shop: Shop) -> None:
    for who in ("ada", "ben"):
        ask(who)
    ada = EndUser.objects.get(user_id="ada")
    ada.preferences = {"categories": ["Poetry"]}
    store.save_user(ada, actor=SYSTEM)
    assert (ask("ada").cache_hit, ask("ben").cache_hit) == (False, True)

"""Any window of trending, and what is bought together, come from counts: no request reads the events."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from interactions.producers import produce
from recommender import tasks
from recommender.models import CoPurchase, ItemDay
from recommender.serving.candidates import bought_together
from recommender.serving.candidates import trending as served
from recommender.serving.incremental import item_days
from tests import factories
from tests.recommender.fixtures import Shop

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture(autouse=True)
def fresh(shop: Shop) -> None:
    served.forget()


def did(user: str, item: str, kind: str = "view", days_ago: float = 0, value: float | None = None) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    produce([factories.event(user, item, kind, value, at=at)])


def settle() -> None:
    for _ in range(2):
        tasks.incremental_update()


def scores(days: int) -> dict[int, float]:
    model = item_days.trending(days)
    return dict(zip(model.item_ids.ids.tolist(), model.scores.tolist(), strict=True)) if model else {}


def test_counts_give_the_scores_that_the_events_give(shop: Shop) -> None:
    for number in range(30):
        did(f"user-{number % 7}", f"novel-{number % 5}", "view", days_ago=number * 2)
    did("user-1", "novel-0", "dislike")
    did("user-1", "novel-0", "view", days_ago=0.01)
    from_events = scores(90)
    settle()
    assert ItemDay.objects.exists()
    assert scores(90) == pytest.approx(from_events)
    did("user-2", "novel-0", "view")
    did("user-3", "novel-0", "purchase")
    settle()
    assert scores(90)[shop.novels[0].pk] == pytest.approx(from_events[shop.novels[0].pk] + 2)


def test_a_user_counts_once_a_day_by_the_last_verdict(shop: Shop) -> None:
    did("user-1", "novel-0", "view", days_ago=0.02)
    settle()
    did("user-1", "novel-0", "view", days_ago=0.01)
    settle()
    assert sum(ItemDay.objects.values_list("users", flat=True)) in (1, 2), "Two only where midnight lies between."
    did("user-1", "novel-0", "dislike")
    settle()
    assert scores(7)[shop.novels[0].pk] <= 0


def test_requests_read_counts_and_no_events(shop: Shop) -> None:
    for buyer in ("u1", "u2", "u3"):
        for item in ("novel-0", "novel-1"):
            did(buyer, item, "purchase")
    settle()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert scores(180)
        assert [one.item for one in bought_together(shop.novels[0].pk)] == [shop.novels[1].pk]
    assert [query["sql"] for query in asked if "interactions_interaction " in query["sql"]] == []


def test_a_process_keeps_few_windows(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def noting(days: int) -> Any:
        read.append(days)

    monkeypatch.setattr(item_days, "trending", noting)
    for days in range(1, 100):
        served._model("trending", days)
    assert len(served._models) == served.MOST_WINDOWS
    assert len(read) == 99


def test_a_repeated_purchase_and_one_that_comes_late_count_once(shop: Shop) -> None:
    for _ in range(2):
        for item in ("novel-0", "novel-1"):
            did("u1", item, "purchase")
        settle()
    pairs = list(CoPurchase.objects.order_by("item_id", "other_id").values_list("item_id", "other_id", "users"))
    first, second = shop.novels[0].pk, shop.novels[1].pk
    assert pairs == [(0, 0, 1), (first, first, 1), (first, second, 1), (second, second, 1)]


def test_days_that_no_window_reaches_are_pruned(shop: Shop) -> None:
    today = timezone.now().date()
    for ago in (item_days.LONGEST + 1, item_days.LONGEST - 1):
        ItemDay.objects.create(item_id=1, day=today - timedelta(days=ago), users=1)
    tasks.prune_history()
    assert ItemDay.objects.count() == 1

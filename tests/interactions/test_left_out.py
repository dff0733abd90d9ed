"""What readers of events leave out, and who is too fast to be a person."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from interactions import pace, producers, windows
from interactions.marks import Mark
from interactions.models import BehaviourWindow, Interaction
from recommender import dataset
from recommender.insight import impressions
from recommender.insight.drift import reports
from recommender.models import Attribution, CoPurchase, CoVisit, DailyImpressions, ItemDay
from recommender.serving.incremental import co_purchases, covisits, item_days, trends
from tests import factories
from tests.api.clients import ApiClient
from tests.recommender.fixtures import Shop, ask

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
CRAWLED = {"user_agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}


def hurry(times: int, at: datetime, who: str = "ada", kind: str = "view") -> None:
    step = timedelta(seconds=50) / max(times, 1)
    producers.produce([factories.event(who, "emma", kind, at=at + number * step) for number in range(times)])


def judged() -> None:
    for _ in range(2):
        pace.advance()


def test_more_than_a_person_can_do_in_a_minute_is_marked(settings: Any) -> None:
    settings.BOT_EVENTS_PER_MINUTE = 10
    factories.item("emma")
    now = timezone.now().replace(second=0, microsecond=1) - timedelta(minutes=5)
    hurry(6, now)
    judged()
    hurry(10, now, "ben")
    hurry(5, now)
    hurry(11, now, "cleo", "impression")
    hurry(3, now + timedelta(minutes=1))
    judged()
    marked = Interaction.objects.filter(mark=Mark.TOO_FAST)
    assert (marked.count(), set(marked.values_list("user__user_id", flat=True))) == (11, {"ada"})


def test_late_events_and_days_without_a_time_are_nobodys_pace(settings: Any) -> None:
    settings.BOT_EVENTS_PER_MINUTE = 3
    factories.item("emma")
    hurry(9, timezone.now() - timedelta(hours=2))
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    producers.produce([factories.event("ben", "emma", at=midnight) for _ in range(9)])
    judged()
    assert not Interaction.objects.exclude(mark=Mark.NONE).exists()
    settings.BOT_EVENTS_PER_MINUTE = 0
    hurry(9, timezone.now() - timedelta(minutes=3))
    judged()
    assert not Interaction.objects.exclude(mark=Mark.NONE).exists()


RECENT = timedelta(minutes=40)


@pytest.fixture
def crowd(shop: Shop) -> Shop:
    """Ben views and buys as a person, Cleo as a crawler."""
    at = timezone.now() - RECENT
    for who, context in (("ben", {}), ("cleo", CRAWLED)):
        events = [
            factories.event(who, item, kind, at=at + timedelta(seconds=number), context=context)
            for number, (item, kind) in enumerate(
                [("novel-0", "view"), ("novel-1", "view"), ("novel-0", "purchase"), ("novel-1", "purchase")]
            )
        ]
        producers.produce(events)
    assert Interaction.objects.filter(mark=Mark.CRAWLER).count() == 4
    return shop


def test_training_leaves_them_out(crowd: Shop) -> None:
    found = dataset.load_everything()
    assert found.user_ids.ids.tolist() == [crowd.ben.pk]
    assert len(found.users) == 4


def test_trending_leaves_them_out(crowd: Shop) -> None:
    for _ in range(2):
        trends.advance(), item_days.advance(), covisits.advance(), co_purchases.advance()
    assert set(ItemDay.objects.values_list("users", flat=True)) == {1}
    assert CoVisit.objects.get(item_id=0).sessions == 1
    assert CoPurchase.objects.get(item_id=0).users == 1


def test_windows_leave_them_out(crowd: Shop) -> None:
    for _ in range(2):
        windows.advance()
    assert sum(BehaviourWindow.objects.values_list("events", flat=True)) == 4
    assert sum(BehaviourWindow.objects.values_list("active_users", flat=True)) <= 2
    assert sum(BehaviourWindow.objects.values_list("views", flat=True)) == 2


def test_drift_leaves_them_out(crowd: Shop) -> None:
    now = datetime.now(UTC)
    assert reports._count(now - timedelta(hours=2), now).n == 4


def test_figures_of_lists_leave_them_out(shop: Shop) -> None:
    shown = ask("ada")
    impressions.flush()
    named = {"recommendation_id": str(shown.recommendation_id)}
    at = timezone.now()
    producers.produce([factories.event("ada", shown.items[0].item_id, "click", at=at, context={**named, **CRAWLED})])
    producers.produce([factories.event("ada", shown.items[1].item_id, "click", at=at, context=named)])
    for _ in range(2):
        impressions.roll_up()
    assert Attribution.objects.count() == 1
    assert sum(DailyImpressions.objects.values_list("places_clicked", flat=True)) == 1


def test_the_history_shows_them_with_the_reason(api: ApiClient, crowd: Shop) -> None:
    rows = api.get("users/cleo/interactions").json()["items"]
    assert {row["left_out_as"] for row in rows} == {"crawler"}
    assert {row["left_out_as"] for row in api.get("users/ben/interactions").json()["items"]} == {None}

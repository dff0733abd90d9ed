"""How late feedback may come in: told by when it happened and when it came in, whenever it is counted."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from interactions.producers import store_and_tell
from interactions.schema import new_event_id
from recommender.insight import impressions
from recommender.insight.impressions import Impression
from recommender.insight.impressions.partitions import LISTS
from recommender.models import Attribution, DailyImpressions, ListKind
from recsite.platform.months import Month
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

LONG_AGO = timedelta(days=20)


def shown_and_clicked(at: datetime, as_happened: bool) -> None:
    """A list of then, and a click in it that came in then, or only now."""
    emma, ada = factories.item("emma"), factories.ada()
    LISTS.ensure_months({Month.of(at)})
    named = new_event_id()
    impressions.record(
        Impression(named, "ada", ListKind.USER, "default", "popular", None, None, "", [emma.pk], [2], 1, at)
    )
    impressions.flush()
    click = factories.event(ada, emma, at=at + timedelta(minutes=1), context={"recommendation_id": str(named)})
    store_and_tell([click], "test", as_happened=as_happened)
    for _ in range(2):
        impressions.roll_up()


def test_a_click_that_came_in_then_counts_on_its_day_however_late_it_is_counted() -> None:
    at = timezone.now() - LONG_AGO
    shown_and_clicked(at, as_happened=True)
    day = DailyImpressions.objects.get()
    assert (day.day, day.places_clicked, day.places_by_id) == (at.date(), 1, 1)


def test_a_click_that_comes_in_weeks_later_is_attributed_to_nothing() -> None:
    shown_and_clicked(timezone.now() - LONG_AGO, as_happened=False)
    assert DailyImpressions.objects.get().places_clicked == 0
    assert not Attribution.objects.exists()

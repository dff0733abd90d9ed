"""Figures of lists: what they achieved, how quick they were; from totals, and true over processes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from recommender.insight import impressions, performance
from recommender.insight.impressions import timing
from recommender.insight.performance import Figures, Span
from recommender.models import DailyImpressions, HourlyImpressions, ListImpression
from recsite.platform import database, histogram
from recsite.platform.database import DatabaseDown
from tests import factories
from tests.api.clients import ApiClient, details
from tests.outages import no_postgres
from tests.recommender.fixtures import Shop
from tests.recommender.test_impressions import add_up, do

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def asked(api: ApiClient) -> None:
    """Ada looks twice, clicks on one item and buys it; somebody looks at what is popular."""
    for _ in range(2):
        told = api.get("recommendations/users/ada", limit=4).json()
    item = told["items"][1]["item_id"]
    do("ada", item, named=told["recommendation_id"])
    do("ada", item, "purchase", named=told["recommendation_id"], after=2)
    api.get("recommendations/popular", limit=5)
    add_up()


def test_placements_and_algorithms_have_their_figures(api: ApiClient, shop: Shop) -> None:
    asked(api)
    for by in ("day", "hour"):
        told = api.get("analytics/placements", by=by).json()
        (all_of,) = told["totals"]
        assert all_of["placement"] == "default"
        assert (all_of["lists"], all_of["shown"], all_of["clicks"], all_of["conversions"]) == (3, 13, 1, 1)
        assert (all_of["answers"], all_of["cache_hit_rate"]) == (3, pytest.approx(1 / 3, abs=1e-5))
        assert all_of["click_rate"] == pytest.approx(1 / 13, abs=1e-5)
        low, high = all_of["click_rate_interval"]
        assert 0 < low < 1 / 13 < high < 1
        assert 0 < all_of["p50_ms"] <= all_of["p95_ms"]
        assert all_of["coverage"] == pytest.approx(9 / 12)
        (row,) = told["rows"]
        assert {name: row[name] for name in row.keys() & all_of.keys()} == {
            name: all_of[name] for name in row.keys() & all_of.keys()
        }
    by_algorithm = {one["algorithm"]: one for one in api.get("analytics/algorithms").json()["totals"]}
    assert {name: (one["lists"], one["clicks"], one["answers"]) for name, one in by_algorithm.items()} == {
        "svd": (2, 1, 2),
        "popular": (1, 0, 1),
    }
    system = api.get("analytics/system").json()
    assert (system["totals"]["lists"], system["totals"]["answers"]) == (3, 3)


def test_without_anything_shown_there_are_no_rates(api: ApiClient, db: None) -> None:
    told = api.get("analytics/system").json()
    assert told["rows"] == []
    assert (told["totals"]["lists"], told["totals"]["click_rate"], told["totals"]["p95_ms"]) == (0, None, None)
    assert api.get("analytics/placements").json()["totals"] == []


def test_items_and_users_have_their_figures(api: ApiClient, shop: Shop) -> None:
    asked(api)
    told = api.get("users/ada/statistics").json()
    assert (told["lists"], told["shown"], told["clicks"], told["conversions"]) == (2, 8, 1, 1)
    told = api.get("items/novel-1/statistics").json()
    assert (told["item_id"], told["shown"], told["clicks"], told["conversions"]) == ("novel-1", 2, 1, 1)
    assert api.get("items/novel-5/statistics").json()["shown"] == 0
    for path in ("items/gone/statistics", "users/gone/statistics"):
        assert api.get(path).status_code == 404
    factories.item("a/b")
    assert api.get("items/a/b/statistics").json()["item_id"] == "a/b"


def test_a_users_statistics_cost_the_same_however_many_lists_they_were_shown(
    api: ApiClient, shop: Shop, django_assert_num_queries: Any
) -> None:
    asked(api)
    api.get("users/ada/statistics")
    # The user, their lists, and what they did in them; of an item itself and its totals.
    for path, queries in (("users/ada/statistics", 3), ("items/novel-1/statistics", 2)):
        with django_assert_num_queries(queries):
            api.get(path)
    for _ in range(9):
        api.get("recommendations/users/ada", limit=4)
    add_up()
    with django_assert_num_queries(3):
        assert api.get("users/ada/statistics").json()["lists"] == 11


def test_totals_are_read_and_never_the_lists(api: ApiClient, shop: Shop) -> None:
    asked(api)
    before = api.get("analytics/placements").json()["totals"]
    ListImpression.objects.all().delete()
    assert api.get("analytics/placements").json()["totals"] == before


def test_lists_of_another_process_are_added_bucket_by_bucket(db: None) -> None:
    for seconds in (0.0002, 0.003, 3.0):
        impressions.note_time("person", "home", "svd", seconds < 1, seconds)
        impressions.flush()
    row = HourlyImpressions.objects.get()
    assert (row.answers, row.cache_hits, sum(row.buckets)) == (3, 2, 3)
    assert (row.buckets[0], row.buckets[4], row.buckets[13]) == (1, 1, 1)


def test_while_the_database_is_away_times_wait(db: None) -> None:
    impressions.note_time("person", "home", "svd", True, 0.001)
    with no_postgres(), pytest.raises(DatabaseDown):
        impressions.flush()
    assert len(timing.times.waiting) == 1
    database.forget()
    impressions.flush()
    assert HourlyImpressions.objects.get().answers == 1


def test_quantiles_lie_within_their_bucket() -> None:
    buckets = [0] * histogram.SIZE
    assert histogram.quantile(buckets, 0.5) is None
    buckets[3] = 100
    assert histogram.quantile(buckets, 0.5) == pytest.approx((0.001 + 0.0025) / 2)
    buckets[-1] = 900
    assert histogram.quantile(buckets, 0.95) == histogram.EDGES[-1]


def test_sums_of_before_there_were_longer_buckets_go_on(db: None) -> None:
    """Then the last bucket, of what took over a second, was the thirteenth."""
    impressions.note_time("person", "home", "svd", True, 0.001)
    impressions.flush()
    HourlyImpressions.objects.update(buckets=[0] * 12 + [1])
    impressions.note_time("person", "home", "svd", True, 7.0)
    impressions.flush()
    assert HourlyImpressions.objects.get().buckets == [0] * 12 + [1, 0, 1, 0]


def test_days_of_before_there_were_hours_are_told_too(db: None) -> None:
    DailyImpressions.objects.create(
        day=NOON.date(), kind="person", placement="home", algorithm="svd", lists=7, places=70, places_clicked=7
    )
    ((at, name), figures), *rest = performance.series(Span(NOON - timedelta(days=1), NOON), "placement").items()
    assert (at, name, figures.lists, rest) == (NOON.replace(hour=0), "home", 7, [])
    assert figures.as_json()["click_rate"] == 0.1


def test_a_rate_of_few_has_a_wide_interval() -> None:
    assert performance.interval(0, 0) is None
    assert performance.interval(0, 10) == [0.0, pytest.approx(0.2775, abs=1e-3)]
    assert Figures(shown=10, clicks=10).as_json()["click_rate_interval"][1] == 1.0


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"from": "2026-05-02", "to": "2026-05-01"}, "from"),
    ({"from": "2024-01-01"}, "from"),
    ({"by": "hour", "from": "2026-01-01", "to": "2026-03-01"}, "from"),
    ({"by": "week"}, "by"),
    ({"to": "yesterday"}, "to"),
    ({"until": "2026-05-01"}, "until"),
]


@pytest.mark.parametrize(("given", "name"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_span_is_refused(api: ApiClient, db: None, given: dict[str, Any], name: str) -> None:
    assert details(api.get("analytics/system", **given)).keys() == {name}


def test_a_span_is_told_as_it_was_understood(api: ApiClient, db: None) -> None:
    told = api.get("analytics/system", **{"from": "2026-05-01", "to": "2026-05-02T12:00:00+02:00"}).json()
    assert (told["from"], told["to"]) == ("2026-05-01T00:00:00+00:00", "2026-05-02T10:00:00+00:00")
    assert datetime.fromisoformat(api.get("analytics/system").json()["to"]) <= timezone.now()

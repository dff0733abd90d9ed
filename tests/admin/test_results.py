"""The results of lists: added up beforehand, so the page never reads lists or events."""

import csv
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from recommender.insight.analytics import ListTotals, click_rates, list_totals, rank_curves
from recommender.models import (
    Attribution,
    DailyImpressions,
    HourlyImpressions,
    ListImpression,
    PositionImpressions,
)
from tests import factories
from tests.admin.staff import Staff

RESULTS = "/admin/results/"
QUERIES = 15


def day(days_ago: int = 0, **fields: object) -> DailyImpressions:
    """40 lists of 10 items at `default`, 20 items of 12 lists clicked, 3 lists converted."""
    counts = {"lists": 40, "lists_clicked": 12, "lists_converted": 3, "places": 400, "places_clicked": 20}
    counts |= {"places_converted": 4, "places_by_id": 15, "items": 30}
    group = {"kind": "person", "placement": "default", "algorithm": "svd", "version": 7}
    date = (timezone.now() - timedelta(days=days_ago)).date()
    return DailyImpressions.objects.create(day=date, **{**group, **counts, **fields})


def only(found: list[ListTotals]) -> ListTotals:
    (line,) = found
    return line


@pytest.fixture(autouse=True)
def _database(db: None) -> None: ...


def test_days_are_added_up_by_what_led_the_list_and_where() -> None:
    day()
    day(days_ago=1, lists=60, places=600, items=50)
    day(days_ago=7)
    day(algorithm="popular", version=0, lists=10)
    day(placement="basket", lists=5)
    found = list_totals(7)
    assert [(line.algorithm, line.placement, line.lists) for line in found] == [
        ("svd", "default", 100),
        ("popular", "default", 10),
        ("svd", "basket", 5),
    ]
    line = found[0]
    assert (line.click_rate, line.list_click_rate, line.conversion_rate) == (0.04, 0.24, 0.06)
    assert (line.named_share, line.items) == (0.75, 40)
    assert only(list_totals(1)[:1]).lists == 40


def test_nothing_shown_is_no_division_by_nothing() -> None:
    day(lists=0, places=0, lists_clicked=0, places_clicked=0, lists_converted=0)
    line = only(list_totals(1))
    assert (line.click_rate, line.list_click_rate, line.conversion_rate, line.named_share) == (0, 0, 0, 0)


def test_a_curve_is_the_share_of_each_rank_that_was_clicked() -> None:
    for shown, clicked in ((100, 10), (50, 20)):
        one = day(version=clicked)
        PositionImpressions.objects.create(daily=one, rank=1, shown=shown, clicked=clicked)
        PositionImpressions.objects.create(daily=one, rank=21, shown=1, clicked=1)
    PositionImpressions.objects.create(daily=day(kind="similar"), rank=1, shown=9, clicked=9)
    assert [(point.rank, point.click_rate) for point in rank_curves(7, "person")["svd"]] == [(1, 0.2)]


def test_the_metric_is_of_today_and_yesterday() -> None:
    day(places=100, places_clicked=10)
    day(days_ago=1, places=100, places_clicked=30)
    day(days_ago=2, places=100, places_clicked=100)
    assert click_rates() == {"svd": 0.2}


def test_the_page_shows_it_without_reading_lists_or_events(viewer: Staff) -> None:
    for rank in (1, 2, 3):
        PositionImpressions.objects.create(daily=day(version=rank), rank=rank, shown=100, clicked=20 - rank)
    with CaptureQueriesContext(connection) as captured:
        page = viewer.page(RESULTS, period="7d")
    for words in ("svd", "5 %", "20 of 400", "30 %", "7.5 %", "75 %"):
        assert words in page, words
    assert "1 19 % 2 18 % 3 17 %" in page
    assert len(captured) <= QUERIES
    read = " ".join(query["sql"] for query in captured)
    for table in (ListImpression, Attribution):
        assert table._meta.db_table not in read
    assert "interactions_interaction" not in read


def test_it_says_in_a_sentence_what_earns_and_how_surely(viewer: Staff) -> None:
    day(places=10_000, places_clicked=540)
    day(algorithm="popular", version=1, places=10_000, places_clicked=300)
    day(placement="basket", places=1_000, places_clicked=99)
    page = viewer.page(RESULTS, period="7d")
    assert "Of what lists showed, 4.5 % was clicked. Lists that svd leads are clicked 1.8 times as often" in page
    sentence = "as popular ones at the same placements, surely"
    assert f"{sentence} (1.6 to 2.1 times)." in page
    assert "Of the placements, default is clicked most: 4.2 % of what it shows." in page
    assert "1.8 times, sure 1.6 to 2.1 times" in page
    assert "the base" in page


def test_few_clicks_are_said_to_be_few(viewer: Staff) -> None:
    day()
    assert "Too few clicks to say what earns: 20. From a hundred on they tell something." in viewer.page(
        RESULTS, period="7d"
    )
    DailyImpressions.objects.all().delete()
    assert "No data yet, because no list was shown in this time." in viewer.page(RESULTS)


def test_a_rare_click_keeps_two_digits(viewer: Staff) -> None:
    day(places=1_000_000, places_clicked=213)
    page = viewer.page(RESULTS, period="7d")
    assert "0.021 %" in page
    assert "0.0 %" not in page


def test_a_period_stands_beside_the_one_before_and_in_the_address(viewer: Staff) -> None:
    day(places=10_000, places_clicked=600)
    day(days_ago=7, places=10_000, places_clicked=300)
    page = viewer.page(RESULTS, period="7d")
    assert "600 clicked of 10,000 shown" in page
    assert "2 times the week before" in page or "+100 % against the week before" in page
    assert "+100 % : better" in page
    assert "900 clicked of 20,000 shown" in viewer.page(RESULTS, period="28d")
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    about = {"kind": "person", "placement": "default", "algorithm": "svd"}
    HourlyImpressions.objects.create(hour=hour, **about, lists=1, places=50, places_clicked=5)
    assert "5 clicked of 50 shown: too few to say" in viewer.page(RESULTS, period="24h")


def test_a_curve_is_drawn_where_there_are_enough_showings(viewer: Staff) -> None:
    few, many = day(algorithm="ease"), day()
    for rank in range(1, 5):
        PositionImpressions.objects.create(daily=few, rank=rank, shown=99, clicked=1)
        PositionImpressions.objects.create(daily=many, rank=rank, shown=100 if rank < 4 else 99, clicked=10)
    page = viewer.page(RESULTS, period="7d")
    assert "Too few showings for a curve: ease (396 showings)." in page
    assert "1 10 % 2 10 % 3 10 % Too few" in page


def test_the_totals_are_there_as_csv(viewer: Staff, operator: Staff) -> None:
    day(placement="=cmd()", places=400, places_clicked=20)
    answer = viewer.get(f"{RESULTS}csv/", period="7d")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="results-7d-' in answer.headers["Content-Disposition"]
    header, row = csv.reader(answer.content.decode().splitlines())
    found = dict(zip(header, row, strict=True))
    assert (found["placement"], found["algorithm"]) == ("'=cmd()", "svd")
    assert (found["clicks"], found["shown"], found["click_rate"]) == ("20", "400", "0.05")
    assert float(found["click_rate_low"]) < 0.05 < float(found["click_rate_high"])
    assert operator.get(f"{RESULTS}csv/").status_code == 403


@pytest.mark.parametrize("query", ["period=x", "period=1h", "kind=%00", "period=7d&kind=none"])
def test_a_damaged_address_shows_the_usual_page(viewer: Staff, query: str) -> None:
    assert viewer.get(f"{RESULTS}?{query}").status_code == 200


def test_only_who_may_see_figures_does(operator: Staff) -> None:
    assert operator.get(RESULTS).status_code == 403


def test_a_list_says_what_followed_it(viewer: Staff) -> None:
    emma, now = factories.item("emma"), timezone.now()
    shown_as = factories.event("ada", emma).event_id
    row = ListImpression.objects.create(
        recommendation_id=shown_as,
        user_id="ada",
        kind="person",
        placement="default",
        algorithm="svd",
        items=[emma.pk, 0],
        sources=[0, 2],
        first_rank=1,
        served_at=now,
    )
    Attribution.objects.create(
        recommendation_id=shown_as, item=emma, served_at=now, rank=1, event_id=shown_as, acted_at=now, by_id=True
    )
    page = viewer.page(f"/admin/recommender/listimpression/{row.pk}/change/")
    assert "by svd: clicked" in page
    assert "erased, by popular" in page
    listed = "/admin/recommender/listimpression/"
    assert "ada" in viewer.page(listed, q=str(shown_as))
    assert "ada" in viewer.page(listed, q="ada")
    assert "1–2" not in viewer.page(listed, q="ben")

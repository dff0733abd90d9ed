"""Add up what lists achieve with each item and each category, and read what they achieved with one item, day by day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection, transaction
from django.db.models import Sum

from recommender.insight.analytics import days_back
from recommender.models import CategoryTotals, ItemImpressions, ItemTotals

ENOUGH = 100
"""Showings below which a click-through says too little."""

DAYS = 28
SUM_ITEMS = """
DROP TABLE IF EXISTS item_sums;
CREATE TEMP TABLE item_sums ON COMMIT DROP AS
SELECT one.item_id,
    coalesce(sum(one.shown) FILTER (WHERE served.day > %(today)s - 7), 0)::bigint AS shown,
    coalesce(sum(one.clicked) FILTER (WHERE served.day > %(today)s - 7), 0)::bigint AS clicked,
    coalesce(sum(one.clicked) FILTER (WHERE served.day < %(today)s AND served.day >= %(today)s - 7), 0)::bigint
        AS lately,
    coalesce(sum(one.clicked) FILTER (WHERE served.day < %(today)s - 7 AND served.day >= %(today)s - 14), 0)::bigint
        AS earlier,
    coalesce(sum(one.shown) FILTER (WHERE served.day > %(today)s - 28), 0)::bigint AS shown_in_all,
    coalesce(sum(one.clicked) FILTER (WHERE served.day > %(today)s - 28), 0)::bigint AS clicked_in_all,
    max(served.day) FILTER (WHERE one.shown > 0) AS last_shown
FROM recommender_serveditem AS one JOIN recommender_servedday AS served ON served.id = one.served_id
WHERE served.day >= %(since)s GROUP BY one.item_id
"""
# Rows that stay as they are aren't written: most items aren't shown in a given minute.
STORE_ITEMS = f"""
INSERT INTO recommender_itemtotals AS known
    (item_id, shown, clicked, click_rate, clicked_lately, clicked_before, trend, last_shown, added_on)
SELECT item.id, coalesce(its.shown, 0), coalesce(its.clicked, 0),
    CASE WHEN its.shown >= {ENOUGH} THEN its.clicked::float8 / its.shown END,
    coalesce(its.lately, 0), coalesce(its.earlier, 0),
    CASE WHEN its.lately + its.earlier > 0 THEN (its.lately - its.earlier) / sqrt(its.lately + its.earlier) ELSE 0 END,
    its.last_shown, (coalesce(item.published_at, item.created_at) AT TIME ZONE 'UTC')::date
FROM catalog_item AS item LEFT JOIN item_sums AS its ON its.item_id = item.id ORDER BY item.id
ON CONFLICT (item_id) DO UPDATE SET shown = excluded.shown, clicked = excluded.clicked,
    click_rate = excluded.click_rate, clicked_lately = excluded.clicked_lately,
    clicked_before = excluded.clicked_before, trend = excluded.trend,
    last_shown = greatest(known.last_shown, excluded.last_shown), added_on = excluded.added_on
WHERE (known.shown, known.clicked, known.clicked_lately, known.clicked_before, known.added_on)
    IS DISTINCT FROM
    (excluded.shown, excluded.clicked, excluded.clicked_lately, excluded.clicked_before, excluded.added_on)
    OR known.last_shown IS DISTINCT FROM greatest(known.last_shown, excluded.last_shown)
"""
STORE_CATEGORIES = """
INSERT INTO recommender_categorytotals (name, shown, clicked)
SELECT name, sum(shown_in_all), sum(clicked_in_all)
FROM item_sums JOIN catalog_item AS item ON item.id = item_sums.item_id, unnest(item.categories) AS name
WHERE shown_in_all > 0 GROUP BY name ORDER BY name
"""


@dataclass(frozen=True, slots=True)
class ItemDayTotals:
    """Total what the lists of one placement showed of an item on a day (UTC)."""

    day: date
    placement: str
    shown: int
    clicked: int
    converted: int


@transaction.atomic
def sum_up() -> int:
    """Bring the totals of items and of categories up to date; return how many rows of items changed.

    All days are read where nothing was added up yet, else the last 28: when an item was shown last is kept.
    """
    today = days_back(1)
    since = today - timedelta(days=DAYS) if ItemTotals.objects.exists() else date(1, 1, 1)
    with connection.cursor() as cursor:
        cursor.execute(SUM_ITEMS, {"today": today, "since": since})
        cursor.execute(STORE_ITEMS)
        changed: int = cursor.rowcount
        CategoryTotals.objects.all().delete()
        cursor.execute(STORE_CATEGORIES)
    return changed


def item_days(item: int, days: int) -> list[ItemDayTotals]:
    """Return the totals of an item (internal id) by day and placement, of the latest days."""
    rows = ItemImpressions.objects.filter(item=item, daily__day__gte=days_back(days)).order_by()
    found = rows.values_list("daily__day", "daily__placement").annotate(Sum("shown"), Sum("clicked"), Sum("converted"))
    return [ItemDayTotals(*row) for row in found.order_by("daily__day", "daily__placement")]


def click_rate(shown: int, clicked: int) -> float | None:
    """Return the click-through; None where it was shown too rarely to say."""
    return clicked / shown if shown >= ENOUGH else None


def category_rates(names: Sequence[str]) -> dict[str, float]:
    """Return the click-through of these categories over the last 28 days, where they were shown often enough."""
    found = CategoryTotals.objects.filter(name__in=names)
    rates = {one.name: click_rate(one.shown, one.clicked) for one in found}
    return {name: rate for name, rate in rates.items() if rate is not None}

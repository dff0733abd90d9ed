"""Charts and tiles read rows by the minute, the hour and the day: every step is there, and old minutes are hours."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from recsite.platform import series
from recsite.platform.models import SeriesPoint
from recsite.platform.months import Month, Plan
from recsite.platform.series import EVENTS, OUTBOX, QUEUES, REQUESTS, reading
from recsite.platform.series.kinds import OTHER
from recsite.platform.series.thinning import FINE_FOR, POINTS, seam, thin
from tests.platform.series_notes import add, event, level, request

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 20, 10, 30, 20, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def test_every_step_is_there_and_those_without_anything_are_zero() -> None:
    add(request(NOW), request(NOW - 2 * MINUTE), request(NOW - 2 * MINUTE, is_error=True))
    found = series.read_span(REQUESTS, "1h", now=NOW)
    assert (found.since, found.until) == (NOW.replace(second=0, minute=31) - HOUR, NOW.replace(second=0, minute=31))
    assert [point.at for point in found.points] == [found.since + number * MINUTE for number in range(60)]
    assert [point.count for point in found.points[-4:]] == [0, 2, 0, 1]
    assert (found.points[-3].errors, found.points[-3].error_share) == (1, 0.5)
    assert found.points[0].p95 is None
    assert found.points[0].error_share is None
    assert (found.total.count, found.total.errors) == (3, 1)


@pytest.mark.parametrize(("name", "steps"), [("1h", 60), ("24h", 144), ("7d", 168), ("28d", 28)])
def test_each_span_has_the_sum_of_all_that_was_noted(name: str, steps: int) -> None:
    length = series.SPANS[name].length
    add(*(request(NOW - length * share / 10, seconds=0.001 * share) for share in range(9)))
    add(*(request(NOW - length * (1 + share / 10)) for share in range(1, 9)))
    found = series.read_span(REQUESTS, name, now=NOW)
    assert len(found.points) == steps
    assert found.total.count == sum(point.count for point in found.points) == 9
    assert found.total_before.count == 8
    assert found.total.highest == 0.008


def test_quantiles_lie_within_their_bucket() -> None:
    add(*(request(NOW, seconds=0.003) for _ in range(90)), *(request(NOW, seconds=4.0) for _ in range(10)))
    total = series.read_span(REQUESTS, "28d", now=NOW).total
    assert total.p50
    assert total.p95
    assert 0.0025 < total.p50 < 0.005
    assert 2.5 < total.p95 < 5.0
    assert total.mean == pytest.approx((90 * 0.003 + 10 * 4) / 100)


def test_a_level_that_nobody_looked_at_is_none_and_no_zero() -> None:
    add(level(OUTBOX, NOW, 4), level(OUTBOX, NOW, 8), level(OUTBOX, NOW - 3 * MINUTE, 0))
    points = series.read_span(OUTBOX, "1h", now=NOW).points
    assert [point.level for point in points[-4:]] == [0, None, None, 6]
    assert points[-1].highest == 8


def test_a_level_in_all_is_the_sum_of_its_labels() -> None:
    add(level(QUEUES, NOW, 4, "default"), level(QUEUES, NOW, 6, "default"), level(QUEUES, NOW, 3, "training"))
    assert series.read_span(QUEUES, "1h", now=NOW).points[-1].level == 8
    by_queue = series.read_span(QUEUES, "1h", by="queue", now=NOW).now
    assert {name: period.points[-1].level for name, period in by_queue.items()} == {"default": 5, "training": 3}


def test_groups_come_by_a_label_the_largest_first_and_the_rest_as_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_GROUPS", 2)
    add(*(request(NOW, door=door) for door in "aaabbcd"))
    found = series.read_span(REQUESTS, "24h", by="door", now=NOW).now
    assert {door: period.total.count for door, period in found.items()} == {"a": 3, "b": 2, OTHER: 2}
    assert next(iter(found)) == "a"


def test_an_unfinished_step_is_compared_with_as_much_of_the_period_before() -> None:
    today = NOW.replace(hour=0, minute=0, second=0)
    # Four weeks ago this day was as far as 10:30 when events came at 6, and not yet at 20.
    before = today - 28 * DAY
    add(event(before.replace(hour=6), 5), event(before.replace(hour=20), 7), event(today.replace(hour=6), 3))
    found = series.read_span(EVENTS, "28d", now=NOW)
    assert (found.total.count, found.total_before.count) == (3, 5)


def test_thinning_keeps_hours_with_every_sum_and_quantile_and_may_run_twice() -> None:
    old = NOW - FINE_FOR - 2 * DAY
    add(*(request(old + number * MINUTE, seconds=0.001 * number, is_error=number == 7) for number in range(300)))
    since = old.replace(hour=0, minute=0, second=0)

    def told() -> list[tuple[Any, ...]]:
        found = series.read(REQUESTS, since, since + DAY, HOUR, now=NOW)
        return [(one.count, one.errors, one.p50, one.p95, one.highest) for one in (*found.points, found.total)]

    before = told()
    assert before[-1][:2] == (300, 1)
    assert thin(NOW) == 300 + 30
    assert (thin(NOW), told()) == (0, before)


def test_the_same_reading_goes_on_across_the_seam_before_and_after_thinning() -> None:
    at_seam = seam(NOW)
    add(*(request(at_seam + number * 10 * MINUTE) for number in range(-18, 18)))

    def told() -> list[int]:
        found = series.read(REQUESTS, at_seam - 2 * HOUR, at_seam + 2 * HOUR, 10 * MINUTE, now=NOW)
        return [point.count for point in found.points]

    # Before the seam, an hour stands in its first step; from there on each step has its own.
    assert told() == [6, 0, 0, 0, 0, 0] * 2 + [1] * 12
    thin(NOW)
    assert told() == [6, 0, 0, 0, 0, 0] * 2 + [1] * 12
    # Half a day later the seam has moved, and thinning has not run again.
    later = series.read(REQUESTS, at_seam - 2 * HOUR, at_seam + 2 * HOUR, 10 * MINUTE, now=NOW + DAY / 2)
    assert later.total.count == 24


def test_thinning_leaves_what_another_clock_still_reads() -> None:
    add(request(seam(NOW) - MINUTE))
    assert thin(NOW) == 0


def test_months_past_retention_are_dropped(settings: Any) -> None:
    settings.SERIES_RETENTION_MONTHS = 2
    this = Month.of(NOW)
    POINTS.ensure_months([this.plus(-2), this.plus(-3)])
    SeriesPoint.objects.all().delete()
    add(request(this.plus(-3).start), request(this.plus(-2).start))
    POINTS.keep(NOW)
    assert this.plus(-3) not in POINTS.find().attached | POINTS.find().detached
    assert set(SeriesPoint.objects.values_list("at", flat=True)) == {this.plus(-2).start}
    POINTS.apply(Plan(detach=(this.plus(-2),), drop=(this.plus(-2),)))


def test_by_default_hours_are_kept_for_four_hundred_days(settings: Any) -> None:
    oldest = Month.of(NOW).plus(-settings.SERIES_RETENTION_MONTHS).start
    assert NOW - oldest >= timedelta(days=400)


@pytest.mark.parametrize(
    ("length", "step"), [(HOUR, 7 * MINUTE), (HOUR, timedelta(seconds=30)), (HOUR, 2 * HOUR), (400 * DAY, HOUR)]
)
def test_steps_that_don_t_fit_are_refused(length: timedelta, step: timedelta) -> None:
    with pytest.raises(ValueError, match="whole steps"):
        series.read(REQUESTS, NOW, NOW + length, step)


def test_a_label_that_a_kind_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="requests has no label placement"):
        series.read_span(REQUESTS, "1h", by="placement")


def test_the_coarsest_rows_are_read_that_fit() -> None:
    day = NOW.replace(hour=0, minute=0, second=0)
    grains = [
        reading._grain(step, start)
        for step, start in (
            (DAY, day),
            (DAY, day + HOUR),
            (3 * HOUR, day),
            (30 * MINUTE, day),
            (10 * MINUTE, day + MINUTE),
            (7 * MINUTE, day),
        )
    ]
    assert grains == [86_400, 3_600, 3_600, 600, 60, 60]


def test_it_reads_by_the_key_and_only_the_months_asked_for() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT count(*) FROM platform_seriespoint WHERE kind = 'requests' AND grain = 60 "
            "AND at >= '1999-01-01' AND at < '1999-01-02'"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert plan.count("Scan") == 1
    assert "platform_seriespoint_default_pkey" in plan

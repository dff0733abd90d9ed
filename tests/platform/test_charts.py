"""Charts: where a number stands on the plane, what is written beside it, and what breaks nothing."""

import math
from datetime import UTC, date, datetime, timedelta

import pytest

from recsite.platform import axes, plane
from recsite.platform.charts import MOST_READ, Mark, Series, chart, spark
from recsite.platform.units import Unit

NOON = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
DAYS = [date(2026, 3, 1) + timedelta(days=number) for number in range(4)]


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        ([], (0, 0.5, 1)),
        ([0.0], (0, 0.5, 1)),
        ([0.041], (0, 0.025, 0.05)),
        ([12], (0, 6, 12)),
        ([-0.3, 0.5], (-0.5, 0, 0.5)),
        ([-3, -1], (-3, -1.5, 0)),
        ([1e-7], (0, 5e-8, 1e-7)),
        ([math.nan, math.inf, 3], (0, 1.5, 3)),
    ],
)
def test_lines_are_at_round_values_around_all(values: list[float], lines: tuple[float, float, float]) -> None:
    found = axes.scale(values)
    assert (found.bottom, found.middle, found.top) == lines


@pytest.mark.parametrize("high", [0.0003, 0.07, 1.0, 1.01, 4.999, 73.0, 1e5 + 1, 9.99e9])
def test_no_value_is_above_the_top_and_none_far_below(high: float) -> None:
    found = axes.scale([high])
    assert found.top * 0.6 <= high <= found.top * (1 + 1e-9)


def test_counts_have_lines_at_whole_numbers() -> None:
    found = axes.scale([3], is_whole=True)
    assert (found.middle, found.top) == (2, 4)


def test_without_zero_the_plane_is_as_high_as_the_values() -> None:
    found = axes.scale([0.31, 0.315], from_zero=False)
    assert (found.bottom, found.top) == (0.31, 0.315)
    flat = axes.scale([5.0, 5.0], from_zero=False)
    assert flat.bottom < 5 < flat.top


@pytest.mark.parametrize(
    ("reach", "words"),
    [
        (timedelta(hours=1), ["11:00", "11:15", "11:30", "11:45", "12:00"]),
        (timedelta(days=1), ["12:00", "18:00", "28 Mar", "06:00", "12:00"]),
        (timedelta(days=28), ["1 Mar", "8 Mar", "15 Mar", "22 Mar"]),
        (timedelta(0), ["12:00"]),
    ],
)
def test_ticks_are_at_round_times(reach: timedelta, words: list[str]) -> None:
    assert [word.replace("\xa0", " ") for _, word in axes.ticks(NOON - reach, NOON)] == words


def test_ranks_begin_with_the_first() -> None:
    assert [number for number, _ in axes.ticks(1, 20)] == [1, 5, 10, 15, 20]
    assert [number for number, _ in axes.ticks(1, 1)] == [1]


def test_each_step_has_its_strip_and_a_line_goes_through_their_middles() -> None:
    found = chart("Lists", DAYS, [Series("Lists", [0.0, 1.0, 2.0, 1.0])])
    assert found.lines[0].runs == ["125,100 375,50 625,0 875,50"]
    assert [(one.x, one.width, one.middle) for one in found.readings[:2]] == [
        ("0%", "25%", "12.5%"),
        ("25%", "25%", "37.5%"),
    ]
    assert (found.top, found.middle, found.bottom) == ("2", "1", "0")


@pytest.mark.parametrize("gap", [None, math.nan, math.inf])
def test_what_cannot_be_said_interrupts_the_line(gap: float | None) -> None:
    found = chart("Lists", DAYS, [Series("Lists", [1.0, 2.0, gap, 2.0])])
    assert found.lines[0].runs == ["125,50 375,0", "875,0 875,0"]
    assert found.lines[0].dots == ["875,0 875,0"]
    assert found.readings[2].values == [("Lists", "–")]


def test_one_point_is_in_the_middle() -> None:
    found = chart("Lists", [NOON], [Series("Lists", [3.0])])
    assert found.lines[0].runs == ["500,25 500,25"]
    assert found.readings[0].at.replace("\xa0", " ") == "28 Mar, 12:00"


@pytest.mark.parametrize("values", [[], [math.nan] * 4, [None] * 4])
def test_nothing_to_draw_says_why(values: list[float | None]) -> None:
    found = chart("Lists", DAYS if values else [], [Series("Lists", values)], empty="No list was shown.")
    assert found.is_empty
    assert found.empty == "No list was shown."


def test_zeros_are_drawn_and_are_not_nothing() -> None:
    found = chart("Lists", DAYS, [Series("Lists", [0.0] * 4)])
    assert not found.is_empty
    assert found.lines[0].runs == ["125,100 375,100 625,100 875,100"]


def test_below_zero_there_is_a_line_at_zero() -> None:
    found = chart("Change", DAYS, [Series("B", [-1.0, 0.0, 1.0, 2.0])], unit=Unit.CHANGE)
    assert found.zero == "50"
    assert found.bottom.replace("\xa0", " ") == "-200 %"


def test_an_interval_is_a_band_and_stands_in_words() -> None:
    series = Series("B", [1.0, 2.0, 1.0, 1.0], low=[0.0, 1.0, None, 0.0], high=[2.0, 2.0, 2.0, 2.0])
    found = chart("B", DAYS, [series], unit=Unit.NUMBER)
    assert found.lines[0].bands == ["125,0 375,0 375,50 125,100", "875,0 875,100"]
    assert [one.values[0][1] for one in found.readings[:3]] == ["1 (0 to 2)", "2 (1 to 2)", "1"]


def test_the_base_is_grey_and_takes_no_colour() -> None:
    lines = [Series("Popularity", [1.0] * 4, is_base=True), Series("svd", [2.0] * 4), Series("ease", [3.0] * 4)]
    assert [one.style for one in chart("Rate", DAYS, lines).lines] == ["base", "1", "2"]


def test_bars_have_a_scale_of_their_own_which_the_legend_names() -> None:
    shown = Series("Items shown", [0.0, 1000.0, 500.0, math.nan])
    found = chart("Rate", DAYS, [Series("Rate", [0.1] * 4)], unit=Unit.SHARE, bars=shown)
    assert [(bar.x, bar.y, bar.width, bar.height) for bar in found.bars] == [
        ("275", "0", "200", "100"),
        ("525", "50", "200", "50"),
    ]
    assert found.bars_name.replace("\xa0", " ") == "Items shown (top: 1 k)"
    assert list(found.columns) == ["Items shown", "Rate"]


def test_a_series_of_bars_reaches_from_zero_both_ways() -> None:
    found = chart("Change", DAYS, [Series("B", [1.0, -1.0, 0.0, 0.5])], unit=Unit.CHANGE, is_barred=True)
    assert [(bar.y, bar.height) for bar in found.bars] == [("0", "50"), ("50", "50"), ("25", "25")]
    assert not found.lines


@pytest.mark.parametrize("at", [date(2026, 3, 2), datetime(2026, 3, 2, 23, 59, tzinfo=UTC)])
def test_a_mark_stands_in_the_strip_of_its_day(at: date) -> None:
    found = chart("Lists", DAYS, [Series("Lists", [1.0] * 4)], marks=[Mark(at, "release 3 promoted")])
    assert [one.marks for one in found.readings] == ["", "release 3 promoted", "", ""]
    assert 25 < float(found.marks[0].rstrip("%")) < 50


def test_a_mark_of_another_time_is_left_out() -> None:
    found = chart("Lists", DAYS, [Series("Lists", [1.0] * 4)], marks=[Mark(date(2026, 2, 1), "too early")])
    assert not found.marks


def test_a_limit_is_always_on_the_plane() -> None:
    found = chart("Drift", DAYS, [Series("PSI", [0.01] * 4)], unit=Unit.NUMBER, limit=("drift from", 0.2))
    assert (found.limit, found.limit_name) == ("0", "drift from: 0.2")


def test_wild_values_are_cut_and_still_said() -> None:
    wild = Series("B", [50.0, 1.0, 1.0, 1.0])
    found = chart("B", DAYS, [wild], unit=Unit.NUMBER, within=(-3.0, 3.0))
    assert found.top == "3"
    assert found.lines[0].runs[0].startswith("125,0 ")
    assert found.readings[0].values == [("B", "50")]


def test_the_plane_may_reach_further_than_the_values() -> None:
    span = (NOON - timedelta(hours=3), NOON)
    found = chart("Drift", [NOON - timedelta(hours=1), NOON], [Series("PSI", [1.0, 2.0])], span=span)
    assert found.lines[0].runs == ["625,50 875,0"]


def test_many_points_keep_their_peaks_and_few_are_read() -> None:
    at = [NOON + timedelta(minutes=number) for number in range(10_000)]
    values = [1000.0 if number == 7777 else 1.0 for number in range(10_000)]
    found = chart("Requests", at, [Series("Requests", values)])
    points = found.lines[0].runs[0].split()
    assert len(points) <= plane.MOST_DRAWN
    assert min(float(point.split(",")[1]) for point in points) == 0
    assert len(found.readings) <= MOST_READ
    assert float(found.readings[-1].middle.rstrip("%")) > 99.9


def test_a_small_line_has_no_words() -> None:
    assert spark([1.0, None, 2.0]) == ["166.67,50 166.67,50", "833.33,0 833.33,0"]
    assert spark([]) == spark([math.nan]) == []


def test_a_step_that_is_not_over_is_marked_and_its_value_is_no_latest_one() -> None:
    at = [NOON + timedelta(hours=number) for number in range(3)]
    lines = [Series("Clicks", [0.04, 0.05, 0.01]), Series("Popular", [0.02, 0.03, 0.001])]
    goes_on = chart("Rate", at, lines, unit=Unit.SHARE, now=(NOON + timedelta(hours=2, minutes=5)).timestamp())
    assert [line.latest for line in goes_on.lines] == ["5\xa0%", "3\xa0%"]
    assert goes_on.readings[-1].at == "28\xa0Mar, 14:00 (not over yet)"
    assert goes_on.unfinished == ("66.67%", "33.33%")
    is_over = chart("Rate", at, lines, unit=Unit.SHARE, now=(NOON + timedelta(hours=3)).timestamp())
    assert [line.latest for line in is_over.lines] == ["1\xa0%", "0.1\xa0%"]
    assert is_over.unfinished is None
    assert is_over.readings[-1].at == "28\xa0Mar, 14:00"


def test_where_nothing_is_over_the_value_so_far_says_that_it_is_one() -> None:
    at = [NOON + timedelta(hours=number) for number in range(2)]
    begun = chart("Rate", at, [Series("Clicks", [None, 0.01])], unit=Unit.SHARE, now=NOON.timestamp() + 3700)
    assert [line.latest for line in begun.lines] == ["1\xa0% so far"]
    ranks = chart("By rank", [1, 2], [Series("Clicks", [0.5, 0.25])], unit=Unit.SHARE)
    assert ranks.unfinished is None

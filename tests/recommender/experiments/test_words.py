"""Numbers in verdicts are as exact as they need to be, and no more."""

import math

import pytest

from recommender.engine.experiments import words
from recommender.engine.experiments.effects import Interval


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        (Interval(0.08, 0.03, 0.13), "8 % (3 to 13)"),
        (Interval(-0.08, -0.13, -0.03), "8 % (3 to 13)"),
        (Interval(0.05, 0.003, 0.1), "5.0 % (0.3 to 10.0)"),
        (Interval(0.012, 0.007, 0.017), "1.2 % (0.7 to 1.7)"),
        (Interval(2.5, 1.1, 12.0), "250 % (110 to 1,200)"),
    ],
)
def test_a_sure_change(interval: Interval, said: str) -> None:
    assert words.change(interval) == said


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        (Interval(0.03, -0.02, 0.09), "-2 % to 9 %"),
        (Interval(0.03, -0.0004, 0.09), "-0.04 % to 9.00 %"),
        (Interval(0.03, -1, math.inf), "not known yet"),
        (Interval(0.03, -0.5, math.inf), "above -50 %"),
        (Interval(0.03, -math.inf, 0.5), "below 50 %"),
    ],
)
def test_where_a_change_may_lie(interval: Interval, said: str) -> None:
    assert words.span(interval) == said


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0.2, "about one more day"),
        (8.3, "about nine more days"),
        (12.4, "about 13 more days"),
        (400, "more than a year at this rate: give it more users, or look for a larger effect"),
        (math.inf, "more users than come now"),
    ],
)
def test_how_long_it_takes(days: float, said: str) -> None:
    assert words.more_days(days) == said

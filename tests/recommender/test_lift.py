"""How many times as often lists are clicked as popular ones, and how surely."""

from datetime import date

import pytest

from recommender.insight.lift import Lift, lift, over
from recommender.insight.performance import Figures

DAY, NEXT = date(2026, 3, 1), date(2026, 3, 2)


def shown(number: int, clicks: int) -> Figures:
    return Figures(lists=number // 10, shown=number, clicks=clicks)


def test_it_is_the_ratio_of_both_shares_and_sure_where_its_interval_is_away_from_one() -> None:
    found = lift([(shown(10_000, 540), shown(10_000, 300))])
    assert found.times == pytest.approx(1.8)
    # Katz' interval of one stratum: exp(log 1.8 ± 1.96 √(1/540 − 1/10000 + 1/300 − 1/10000)).
    assert found.low == pytest.approx(1.567, abs=0.001)
    assert found.high == pytest.approx(2.067, abs=0.001)
    assert (found.words, found.ends) == ("1.8 times, sure", "1.6 to 2.1 times")
    assert lift([(shown(10_000, 310), shown(10_000, 300))]).words == "1 times, inside the noise"


@pytest.mark.parametrize(("clicks", "of_base"), [(99, 500), (500, 9), (0, 0)])
def test_few_clicks_say_nothing(clicks: int, of_base: int) -> None:
    found = lift([(shown(10_000, clicks), shown(10_000, of_base))])
    assert (found.times, found.is_sure, found.ends) == (None, False, "")
    assert found.words == ("too few to say" if clicks or of_base else "nothing to compare with")


def test_where_nothing_popular_was_shown_there_is_nothing_to_compare_with() -> None:
    assert lift([(shown(10_000, 500), Figures())]) == Lift(why_not="nothing to compare with")


def test_nothing_is_better_for_standing_at_a_better_placement_or_on_a_better_day() -> None:
    """On top everything is clicked ten times as often: pooled, what stands there most would win."""
    own = {(DAY, "top"): shown(9_000, 900), (DAY, "below"): shown(1_000, 10)}
    base = {(DAY, "top"): shown(1_000, 100), (DAY, "below"): shown(9_000, 90)}
    assert over(own, base).times == pytest.approx(1.0)
    own = {(DAY, "top"): shown(9_000, 900), (NEXT, "top"): shown(1_000, 10)}
    base = {(DAY, "top"): shown(1_000, 100), (NEXT, "top"): shown(9_000, 90)}
    assert over(own, base).times == pytest.approx(1.0)


def test_where_nothing_stands_beside_it_other_placements_do_and_it_says_so() -> None:
    own, base = {(DAY, "top"): shown(10_000, 540)}, {(DAY, "below"): shown(10_000, 300)}
    found = over(own, base)
    assert (found.words, found.ends) == ("1.8 times, sure", "1.6 to 2.1 times those elsewhere")
    assert over(own, {(NEXT, "top"): shown(10_000, 300)}).words == "nothing to compare with"

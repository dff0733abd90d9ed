"""Numbers are written in at most three digits that mean something; what can't be said is a dash."""

import math

import pytest

from recsite.platform.parts import State, bar, shares, tile
from recsite.platform.units import Unit, significant, write


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0, Unit.COUNT, "0"),
        (999, Unit.COUNT, "999"),
        (999.6, Unit.COUNT, "1 k"),
        (12_345, Unit.COUNT, "12.3 k"),
        (999_999, Unit.COUNT, "1 M"),
        (2_500_000_000, Unit.COUNT, "2.5 bn"),
        (0.04123, Unit.SHARE, "4.12 %"),
        (0.000213, Unit.SHARE, "0.0213 %"),
        (1, Unit.SHARE, "100 %"),
        (0.05, Unit.CHANGE, "+5 %"),
        (-0.05, Unit.CHANGE, "-5 %"),
        (14.2, Unit.MILLISECONDS, "14.2 ms"),
        (1234, Unit.MILLISECONDS, "1.23 s"),
        (90, Unit.SECONDS, "90 s"),
        (7200, Unit.SECONDS, "2 h"),
        (0.31249, Unit.NUMBER, "0.312"),
        (-12_345, Unit.NUMBER, "-12,300"),
        (None, Unit.COUNT, "–"),
        (math.nan, Unit.SHARE, "–"),
        (math.inf, Unit.SECONDS, "–"),
    ],
)
def test_values_with_their_unit(value: float | None, unit: Unit, words: str) -> None:
    assert write(value, unit).replace("\xa0", " ") == words


def test_no_exponent() -> None:
    assert significant(1e-7) == "0.0000001"
    assert significant(1.5e12) == "1,500,000,000,000"


@pytest.mark.parametrize(
    ("value", "before", "words", "state"),
    [
        (1.2, 1.0, "+20 % against the week before", State.GOOD),
        (0.8, 1.0, "-20 % against the week before", State.BAD),
        (1.001, 1.0, "as in the week before", State.NONE),
        (6.2, 2.0, "3.1 times the week before", State.GOOD),
        (1.0, 0.0, "none in the week before", State.NONE),
        (0.0, 0.0, "as in the week before", State.NONE),
        (1.0, None, "", State.NONE),
        (1.0, math.nan, "", State.NONE),
    ],
)
def test_a_tile_says_what_changed(value: float, before: float | None, words: str, state: State) -> None:
    found = tile("Conversion", value, before=before, period="the week before", is_more_better=True)
    assert (found.change.replace("\xa0", " "), found.state) == (words, state)
    assert tile("Conversion", value, before=before).state == State.NONE


@pytest.mark.parametrize("value", [None, math.nan])
def test_a_tile_without_a_value_says_why(value: float | None) -> None:
    found = tile("Conversion", value, empty="no list was shown.", values=[1.0])
    assert (found.value, found.empty, list(found.runs)) == ("", "no list was shown.", [])


def test_shares_fill_the_bar_and_keep_their_colours() -> None:
    found = shares({"history": 3, "popularity": 0, "content": 0.996, "new": 0.004, "other": math.nan})
    assert [(one.name, one.x, one.style) for one in found] == [
        ("history", "0%", "1"),
        ("content", "75%", "3"),
        ("new", "99.9%", "4"),
    ]
    assert [one.written.replace("\xa0", " ") for one in found] == ["75 %", "25 %", "under 1 %"]
    assert shares({}) == shares({"history": 0}) == []


def test_a_bar_is_never_longer_than_its_place() -> None:
    assert [bar(share) for share in (0.25, 1.7, -1, None, math.nan)] == ["25%", "100%", "0%", "", ""]

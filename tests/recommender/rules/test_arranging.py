"""The head of a list that rules arrange is the one that a slow reading of the rules gives."""

from collections import Counter
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.engine.rules import Arranged, AtLeast, AtMost, Boost, Word, arrange

Pins = dict[int, tuple[int, int]]


class Every:
    """True of every n-th row, from `first` on."""

    def __init__(self, n: int, first: int) -> None:
        self.n, self.first = n, first

    def __call__(self, rows: Sequence[int]) -> list[bool]:
        return [row % self.n == self.first % self.n for row in rows]

    def __repr__(self) -> str:
        return f"Every({self.n}, {self.first})"


class Values:
    def __init__(self, n: int) -> None:
        self.n = n

    def __call__(self, row: int) -> tuple[str, ...]:
        return () if row % 11 == 0 else (f"v{row % self.n}", "w")[: 1 + (row % 13 == 0)]


EVERY = st.builds(Every, st.integers(2, 5), st.integers(0, 4))
ROWS = st.integers(0, 24).flatmap(lambda n: st.permutations(range(n)))
BOOSTS = st.lists(st.builds(Boost, st.integers(1, 9), st.sampled_from([0.1, 0.5, 2.0, 3.0, 10.0]), EVERY), max_size=3)
LIMITS = st.lists(
    st.builds(AtMost, st.integers(1, 9), st.integers(1, 3), st.integers(1, 12), st.builds(Values, st.integers(1, 4))),
    max_size=2,
)
REQUIRED = st.lists(st.builds(AtLeast, st.integers(1, 9), st.integers(1, 4), st.integers(1, 10), EVERY), max_size=3)
PINS = st.dictionaries(st.integers(1, 30), st.integers(1, 9), max_size=4).map(
    lambda found: {position: (rule, 1_000 + position) for position, rule in found.items()}
)


@settings(deadline=None)
@given(ROWS, PINS, BOOSTS, LIMITS, REQUIRED)
def test_lists_are_those_of_a_slow_reading_of_the_rules(
    rows: Sequence[int],
    pins: Pins,
    boosts: Sequence[Boost],
    limits: Sequence[AtMost],
    required: Sequence[AtLeast],
) -> None:
    assert arrange(rows, pins, boosts, limits, required).rows == slowly(rows, pins, boosts, limits, required)


def slowly(
    rows: Sequence[int],
    pins: Pins,
    boosts: Sequence[Boost],
    limits: Sequence[AtMost],
    required: Sequence[AtLeast],
) -> list[int]:
    """Fill position by position, and count everything anew at each."""

    def moved(at: int) -> float:
        return next(((at + 1) / one.factor for one in boosts if one.matches([rows[at]])[0]), at + 1.0)

    left = [rows[at] for at in sorted(range(len(rows)), key=lambda at: (moved(at), at))]
    out: list[int] = []
    ahead = dict(pins)
    while left or ahead:
        position = len(out) + 1
        if position in ahead or not left:
            out.append(ahead.pop(position if position in ahead else min(ahead))[1])
            continue

        def counted(first: int) -> list[int]:
            return [*out[:first], *(row for at, (_, row) in ahead.items() if at <= first)]

        def fits(row: int, position: int = position) -> bool:
            for one in limits:
                counts = Counter(value for other in counted(one.first) for value in one.values(other))
                if position <= one.first and any(counts[value] >= one.count for value in one.values(row)):
                    return False
            return True

        def need(one: AtLeast, position: int = position) -> int:
            have = sum(one.matches(counted(one.first)))
            return max(min(one.count - have, sum(one.matches(left))), 0) if position <= one.first else 0

        fitting = [row for row in left if fits(row)] or left[:1]
        chosen = fitting[0]
        for end in sorted({one.first for one in required if need(one)}):
            free = len(set(range(position, end + 1)) - ahead.keys())
            due = [one for one in required if need(one) and one.first <= end]
            if sum(map(need, due)) < free:
                continue
            if sum(map(need, due)) == free:
                helping = [row for row in fitting if any(one.matches([row])[0] for one in due)]
                chosen = helping[0] if helping else chosen
            else:
                chosen = max(fitting, key=lambda row: [one.matches([row])[0] for one in due])
            break
        left.remove(chosen)
        out.append(chosen)
    return out


@settings(deadline=None)
@given(ROWS, PINS, BOOSTS, LIMITS, REQUIRED)
def test_nothing_is_lost_and_nothing_comes_twice(
    rows: Sequence[int],
    pins: Pins,
    boosts: Sequence[Boost],
    limits: Sequence[AtMost],
    required: Sequence[AtLeast],
) -> None:
    found = arrange(rows, pins, boosts, limits, required).rows
    assert sorted(found) == sorted([*rows, *(row for _, row in pins.values())])
    assert all(found[position - 1] == row for position, (_, row) in pins.items() if position <= len(rows))


@settings(deadline=None)
@given(ROWS, PINS, LIMITS)
def test_a_limit_holds_wherever_there_are_others(rows: Sequence[int], pins: Pins, limits: Sequence[AtMost]) -> None:
    # A pin beyond the end comes further up than it was counted for.
    pins = {position: pin for position, pin in pins.items() if position <= len(rows)}
    made = arrange(rows, pins, limits=limits)
    pinned = {row for _, row in pins.values()}
    for one in limits if not made.is_short else ():
        head = made.rows[: one.first]
        counts = Counter(value for row in head for value in one.values(row))
        by_pins = Counter(value for row in head if row in pinned for value in one.values(row))
        assert all(counts[value] <= max(one.count, by_pins[value]) for value in counts)


@settings(deadline=None)
@given(ROWS, PINS, st.lists(REQUIRED.filter(bool).map(lambda several: several[0]), min_size=1, max_size=1))
def test_a_requirement_holds_as_far_as_items_and_positions_allow(
    rows: Sequence[int], pins: Pins, required: Sequence[AtLeast]
) -> None:
    (one,) = required
    found = arrange(rows, pins, required=required).rows
    positions = min(one.first, len(found))
    pinned = sum(1 for row in found[:positions] if row >= 1_000)
    assert sum(one.matches(found[:positions])) >= min(one.count, sum(one.matches(rows)), positions - pinned)


@settings(deadline=None)
@given(ROWS, st.integers(2, 5), st.integers(0, 4))
def test_without_a_boost_of_theirs_items_keep_their_order(rows: Sequence[int], n: int, first: int) -> None:
    found = arrange(rows, {}, [Boost(1, 3.0, Every(n, first))]).rows
    for is_met in (True, False):
        kept = [row for row in found if Every(n, first)([row])[0] is is_met]
        assert kept == [row for row in rows if Every(n, first)([row])[0] is is_met]


def test_the_first_of_two_boosts_counts() -> None:
    made = arrange([1, 2, 3, 4], {}, [Boost(1, 4.0, Every(4, 0)), Boost(2, 0.1, Every(2, 0))])
    assert made == Arranged([1, 4, 3, 2], {4: [(1, Word.BOOSTED)], 2: [(2, Word.BURIED)]}, False)


def test_a_requirement_lets_items_rise_no_further_than_it_has_to() -> None:
    made = arrange([1, 3, 5, 7, 2, 4], {}, required=[AtLeast(6, 2, 4, Every(2, 0))])
    assert made.rows == [1, 3, 2, 4, 5, 7]
    assert made.met == {2: [(6, Word.REQUIRED)], 4: [(6, Word.REQUIRED)]}


def test_what_a_limit_holds_back_follows_right_after_its_positions() -> None:
    made = arrange([2, 4, 6, 8, 1], {}, limits=[AtMost(3, 2, 3, lambda row: (str(row % 2),))])
    assert (made.rows, made.is_short) == ([2, 4, 1, 6, 8], False)
    assert made.met == {6: [(3, Word.HELD_BACK)], 8: [(3, Word.HELD_BACK)]}


def test_where_a_limit_leaves_nothing_the_best_comes_all_the_same() -> None:
    made = arrange([2, 4, 6], {}, limits=[AtMost(3, 1, 3, lambda row: ("even",))])
    assert (made.rows, made.is_short) == ([2, 4, 6], True)


def test_a_pin_counts_for_limits_and_requirements_and_holds_whatever_they_say() -> None:
    one_even = AtMost(3, 1, 4, lambda row: ("even",) if row % 2 == 0 else ())
    assert arrange([2, 1, 3, 5], {4: (9, 8)}, limits=[one_even]).rows == [1, 3, 5, 8, 2]
    assert arrange([1, 3, 2], {2: (9, 8)}, required=[AtLeast(3, 1, 2, Every(2, 0))]).rows == [1, 8, 3, 2]


def test_a_limit_beats_a_requirement_and_the_first_requirement_the_second() -> None:
    evens, threes = AtLeast(1, 2, 2, Every(2, 0)), AtLeast(2, 2, 2, Every(3, 0))
    assert arrange([1, 2, 3, 4, 6, 9], {}, required=[evens, threes]).rows[:2] == [6, 2]
    assert arrange([1, 2, 3, 4, 9], {}, required=[threes, evens]).rows[:2] == [3, 9]
    one_each = AtMost(3, 1, 2, lambda row: ("even",) if row % 2 == 0 else ())
    assert arrange([1, 2, 4], {}, limits=[one_each], required=[evens]).rows == [2, 1, 4]


def test_a_boost_by_one_moves_nothing_and_says_nothing_and_still_comes_first() -> None:
    made = arrange([0, 1, 2, 3], {}, [Boost(1, 1.0, Every(4, 3)), Boost(2, 10.0, Every(2, 1))])
    assert made.rows == [1, 0, 2, 3]
    assert made.met == {1: [(2, Word.BOOSTED)]}

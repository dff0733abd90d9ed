"""Pages of a list that rules arrange: none repeats another, and nothing that a list leaves out comes in by a rule."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.engine.rules import REACH, AtLeast, AtMost, Boost, Pin, Ruled, page


@dataclass
class Shelf:
    """A list of rows without those left out, each group once, and at most `cap` of a category: all counted anew.

    The first `at_hand` of the ranking are there without being made.
    """

    ranking: list[int]
    left_out: frozenset[int]
    n_groups: int
    cap: int
    at_hand: int = 2_000
    asked_best: int = 0
    asked_whole: int = 0

    def group(self, row: int) -> int:
        return row % self.n_groups if self.n_groups and row % 3 == 0 else -1 - row

    def category(self, row: int) -> str:
        return f"c{row % 7}"

    def head(self, taken: Sequence[int], limit: int, least: int) -> list[int]:
        found = self._listed(taken, self.ranking[: self.at_hand])
        return found[:limit] if len(found) >= least else self.cut(taken, 0, limit)

    def cut(self, taken: Sequence[int], offset: int, limit: int) -> list[int]:
        self.asked_whole += 1
        return self._listed(taken, self.ranking)[offset : offset + limit]

    def best(self, rule: int, taken: Sequence[int], limit: int) -> list[int]:
        self.asked_best += 1
        return self._listed(taken, [row for row in self.ranking if matches(rule, row)])[:limit]

    def may_list(self, row: int, taken: Sequence[int]) -> bool:
        return bool(self._listed(taken, [row]))

    def _listed(self, taken: Sequence[int], ranking: Sequence[int]) -> list[int]:
        groups = {self.group(row) for row in taken}
        counts = Counter(map(self.category, taken))
        found = []
        for row in ranking:
            if row in self.left_out or self.group(row) in groups:
                continue
            if self.cap and counts[self.category(row)] >= self.cap:
                continue
            groups.add(self.group(row))
            counts[self.category(row)] += 1
            found.append(row)
        return found


def matching(rule: int, rows: Sequence[int]) -> list[bool]:
    return [matches(rule, row) for row in rows]


def matches(rule: int, row: int) -> bool:
    """Be true of few rows, so that the best often stand far down."""
    return row % (rule * 13) == rule


SHELVES = st.builds(
    Shelf,
    st.tuples(st.integers(0, 10), st.sampled_from([5, 90, 100, 101, 230, 1_200])).map(
        lambda made: [(7919 * at + made[0]) % 1_301 for at in range(made[1])]
    ),
    st.frozensets(st.integers(0, 1_300), max_size=30),
    st.sampled_from([0, 0, 40]),
    st.sampled_from([0, 0, 20]),
    st.sampled_from([2_000, 120, 40, 8]),
)


@dataclass
class Set:
    pins: list[Pin]
    boosts: list[Boost]
    limits: list[AtMost]
    required: list[AtLeast]

    def page(self, shelf: Shelf, offset: int, limit: int) -> Ruled:
        return page(shelf, self.pins, self.boosts, self.limits, self.required, offset, limit)


RULE = st.integers(1, 6)
SETS = st.builds(
    Set,
    st.lists(st.builds(Pin, RULE, st.integers(1, 12), st.none() | st.integers(0, 1_300)), max_size=4),
    st.lists(RULE.map(lambda rule: Boost(rule, 5.0, partial(matching, rule))), max_size=2),
    st.lists(
        st.builds(AtMost, RULE, st.integers(1, 3), st.integers(1, 20), st.just(lambda row: (f"v{row % 2}",))),
        max_size=1,
    ),
    st.lists(
        st.tuples(RULE, st.integers(1, 3), st.integers(1, 12)).map(
            lambda made: AtLeast(*made, partial(matching, made[0]))
        ),
        max_size=2,
    ),
)


@settings(max_examples=20, deadline=None)
@given(SHELVES, SETS, st.integers(1, 60))
def test_the_pages_are_the_parts_of_one_list(shelf: Shelf, rules: Set, limit: int) -> None:
    whole = rules.page(shelf, 0, 2_000).rows
    pages = [rules.page(shelf, offset, limit).rows for offset in range(0, min(len(whole) + limit, 300), limit)]
    assert [row for rows in pages for row in rows] == whole[: limit * len(pages)]


@settings(max_examples=20, deadline=None)
@given(SHELVES, SETS)
def test_nothing_that_is_left_out_comes_in_and_nothing_comes_twice(shelf: Shelf, rules: Set) -> None:
    found = rules.page(shelf, 0, 2_000).rows
    assert len(found) == len(set(found))
    assert not shelf.left_out & set(found)
    groups = [shelf.group(row) for row in found]
    assert len(groups) == len(set(groups))
    assert not shelf.cap or max(Counter(map(shelf.category, found)).values(), default=0) <= shelf.cap


@settings(max_examples=20, deadline=None)
@given(SHELVES, SETS)
def test_what_no_rule_brings_in_stays_a_part_of_the_list(shelf: Shelf, rules: Set) -> None:
    made = rules.page(shelf, 0, 2_000)
    assert sorted(made.rows) == sorted([*made.taken, *shelf.cut(made.taken, 0, 2_000)])


@settings(max_examples=20, deadline=None)
@given(SHELVES, st.integers(1, 12), st.integers(0, 1_300))
def test_a_pin_holds_its_position_if_the_list_may_hold_the_item(shelf: Shelf, position: int, row: int) -> None:
    found = page(shelf, [Pin(1, position, row)], [], [], [], 0, 2_000).rows
    if row in shelf.left_out:
        assert row not in found
    else:
        assert found.index(row) == min(position, len(found)) - 1


SHELF = Shelf(list(range(200)), frozenset({3}), 0, 0)


def test_the_first_pin_of_a_position_that_can_be_kept_holds_it() -> None:
    pins = [Pin(1, 2, 3), Pin(2, 2, 150), Pin(3, 2, 151), Pin(4, 1, 150)]
    made = page(SHELF, pins, [], [], [], 0, 4)
    assert made.rows == [0, 150, 1, 2]
    assert made.met == {150: [(2, "pinned")]}


def test_the_best_of_a_filter_is_looked_for_only_where_the_head_has_too_few() -> None:
    shelf = Shelf(list(range(1_300)), frozenset(), 0, 0)
    near, far = (AtLeast(1, 1, 5, partial(is_at, at)) for at in (REACH - 1, 1_040))
    assert page(shelf, [], [], [], [near], 0, 5).rows == [0, 1, 2, 3, REACH - 1]
    assert shelf.asked_best == 0
    shelf.best = lambda rule, taken, limit: [1_040]  # type: ignore[method-assign]
    assert page(shelf, [], [], [], [far], 0, 6).rows == [0, 1, 2, 3, 1_040, 4]
    assert page(shelf, [], [], [], [far], 1_038, 5).rows == [1_037, 1_038, 1_039, 1_041, 1_042]


def is_at(place: int, rows: Sequence[int]) -> list[bool]:
    return [row == place for row in rows]


def test_rules_make_no_list_longer_than_the_page_needs_it() -> None:
    shelf = Shelf(list(range(1_300)), frozenset(), 0, 0, at_hand=40)
    boost, limit = Boost(1, 2.0, partial(is_at, 30)), AtMost(2, 2, 4, lambda row: ("all",))
    found = [page(shelf, [Pin(3, 2, 500)], [boost], [limit], [], offset, 10).rows for offset in (0, 10, 20)]
    assert found[0][:3] == [0, 500, 1]
    assert shelf.asked_whole == 0
    found += [page(shelf, [Pin(3, 2, 500)], [boost], [limit], [], offset, 10).rows for offset in (30, 40, 50)]
    assert shelf.asked_whole == 2
    assert sorted(row for rows in found for row in rows) == [*range(59), 500]


def test_a_limit_chooses_further_down_where_the_head_is_all_of_one_value() -> None:
    shelf = Shelf([*range(0, 800, 2), *range(1, 99, 2)], frozenset(), 0, 0)
    limit = AtMost(1, 2, 4, lambda row: (str(row % 2),))
    assert page(shelf, [], [], [limit], [], 0, 6).rows == [0, 2, 1, 3, 4, 6]
    assert page(shelf, [], [], [limit], [], 396, 8).rows == [788, 790, 792, 794, 796, 798, 5, 7]


def test_a_requirement_takes_items_from_further_down_where_a_limit_holds_back_those_of_the_head() -> None:
    shelf = Shelf(list(range(1_300)), frozenset(), 0, 0)
    poems = {0, 4, 300, 500}
    shelf.best = lambda rule, taken, limit: [row for row in (0, 4, 300, 500) if row not in taken][:limit]  # type: ignore[method-assign]
    limit = AtMost(1, 1, 6, lambda row: ("one writer" if row in (0, 4, 300) else f"writer {row}",))
    two = AtLeast(2, 2, 3, lambda rows: [row in poems for row in rows])
    pages = [page(shelf, [], [], [limit], [two], offset, 6).rows for offset in (0, 6, 96, 498)]
    assert pages[0] == [0, 1, 500, 2, 3, 5]
    assert pages[1] == [4, 6, 7, 8, 9, 10]
    assert pages[3] == [497, 498, 499, 501, 502, 503]

"""Places of a list, found one by one, are those that a plain description of the rules gives."""

from collections import Counter
from itertools import islice
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.snapshot import NO_GROUP
from recommender.serving.candidates import everybody
from recommender.serving.candidates.everybody import rank_for_everybody
from recommender.serving.candidates.paging import HEAD, Eligibility, can_select_at_once, places, select_at_once, take
from recommender.serving.candidates.rankings import Ranked, marked
from tests.catalog.catalogues import made, record

SIZE = 3 * HEAD


@st.composite
def lists(draw: st.DrawFn) -> tuple[Ranked, Eligibility]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    groups = rng.integers(-1, 40, SIZE) if draw(st.booleans()) else np.full(SIZE, NO_GROUP)
    available = rng.random(SIZE) < draw(st.sampled_from([1.0, 0.5, 0.05]))
    catalogue = made(
        record(
            row + 1,
            categories=(f"c{row % 7}",) if row % 5 else (),
            group="" if groups[row] == NO_GROUP else f"g{groups[row]}",
            switched_on=bool(available[row]),
        )
        for row in range(SIZE)
    )
    rows = rng.permutation(SIZE)[: draw(st.integers(0, SIZE))]
    rows[rng.random(len(rows)) < 0.1] = -1
    new = rng.permutation(SIZE)[: draw(st.integers(0, 40))]
    eligibility = Eligibility.unseen(catalogue, rng.integers(0, SIZE, draw(st.integers(0, 20))))
    return _ranked(rows), Eligibility(
        catalogue,
        eligibility.matching,
        eligibility.seen,
        min_score=draw(st.sampled_from([None, None, 0.4])),
        scored_by=(0, 1),
        cap=draw(st.sampled_from([0, 0, 2])),
        new=_ranked(new),
        new_share=draw(st.sampled_from([0.1, 0.34, 1.0])),
    )


def _ranked(rows: np.ndarray) -> Ranked:
    scores = np.linspace(1, 0, len(rows), dtype=np.float32)
    return Ranked(rows.astype(np.int64), scores, (np.arange(len(rows)) % 3).astype(np.uint8))


@given(lists())
def test_places_are_those_of_the_rules(made: tuple[Ranked, Eligibility]) -> None:
    ranked, eligibility = made
    found = list(places(ranked, eligibility))
    assert found == expected(ranked, eligibility)
    assert take(ranked, eligibility.new, found).rows.tolist() == [row for row, _ in found]


@given(lists(), st.integers(0, 30))
def test_a_shorter_look_finds_the_same_beginning(made: tuple[Ranked, Eligibility], count: int) -> None:
    assert list(islice(places(*made), count)) == list(places(*made))[:count]


@given(lists())
def test_the_total_is_the_number_of_things_that_a_full_ranking_has(made: tuple[Ranked, Eligibility]) -> None:
    _, eligibility = made
    plain = Eligibility(eligibility.catalogue, eligibility.matching, eligibility.seen)
    assert plain.total() == len(list(places(_ranked(np.arange(SIZE)), plain)))


def expected(ranked: Ranked, eligibility: Eligibility) -> list[tuple[int, int]]:
    """Apply the rules one after the other, each to the whole list."""

    def passing(part: Ranked) -> list[tuple[int, int]]:
        return [
            (row, at)
            for at, (row, score, source) in enumerate(zip(part.rows.tolist(), part.scores, part.sources, strict=True))
            if row >= 0
            and eligibility.matching.mask[row]
            and row not in eligibility.seen
            and (eligibility.min_score is None or (score >= eligibility.min_score and source in eligibility.scored_by))
        ]

    own, new = passing(ranked), [(row, -1 - at) for row, at in passing(eligibility.new)]
    rank = {row: at for at, (row, _) in enumerate(own)}
    slots: dict[int, tuple[int, int]] = {}
    for place in new:
        slot = ceil((len(slots) + 1) / eligibility.new_share - 1e-9) - 1
        if rank.get(place[0], slot + 1) > slot:
            slots[slot] = place
    mixed = list[tuple[int, int]]()
    waiting = own[:]
    used = set[int]()
    while True:
        if len(mixed) in slots:
            used.add(slots[len(mixed)][0])
            mixed.append(slots[len(mixed)])
            continue
        while waiting and waiting[0][0] in used:
            waiting.pop(0)
        if not waiting:
            break
        mixed.append(waiting.pop(0))
    groups, counts, out = set[int](), Counter[str](), []
    for row, at in mixed:
        group = int(eligibility.catalogue.groups[row])
        if group != NO_GROUP and group in groups:
            continue
        groups.add(group)
        categories = eligibility.catalogue.categories[row]
        if eligibility.cap and any(counts[name] >= eligibility.cap for name in categories):
            continue
        counts.update(categories)
        out.append((row, at))
    return out


def test_rows_of_a_later_catalogue_are_passed_by() -> None:
    eligibility = Eligibility.unseen(made(record(row + 1) for row in range(3)), np.array([0]))
    assert list(places(_ranked(np.array([5, 2, 3, 1])), eligibility)) == [(2, 1), (1, 3)]
    mask = np.array([True, False, True])
    assert marked(mask, np.array([-1, 0, 1, 2, 3])).tolist() == [False, True, False, True, False]
    assert marked(mask[:0], np.array([-1, 0])).tolist() == [False, False]


@given(lists())
def test_positions_that_are_selected_at_once_are_those_found_one_by_one(made: tuple[Ranked, Eligibility]) -> None:
    ranked, eligibility = made
    if can_select_at_once(ranked, eligibility):
        assert select_at_once(ranked, eligibility).tolist() == [at for _, at in places(ranked, eligibility)]


def test_what_everybody_gets_is_made_in_parts_and_only_as_far_as_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(everybody, "PARTS", (slice(3), slice(3, 5), slice(5, None)))
    catalogue = made(record(row + 1) for row in range(8))
    ranking = rank_for_everybody(catalogue, None, popular_first=True)
    assert ranking.head(2, catalogue.available).rows.tolist() == [7, 6]
    assert sum(isinstance(part, Ranked) and len(part) > 0 for part in ranking.unmade) == 1
    assert ranking.head(8, catalogue.available).rows.tolist() == [7, 6, 5, 4, 3, 2, 1, 0]

"""Lists hold the best items in order, and never what must not be listed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array

from recommender.engine.forms.factors import FactorModel
from recommender.engine.ranking import Top, chain_lists, diversify, exclude, score_blocks, top_n
from recommender.engine.types import UNKNOWN, FloatArray, IdMap, Mask
from tests.contract import rows

NAN = float("nan")


def naive_top_n(scores: FloatArray, n: int, seen: csr_array, allowed: Mask) -> list[list[int]]:
    """What top_n promises, one item at a time."""
    lists = []
    for person, line in enumerate(scores.tolist()):
        barred = set(seen[[person]].indices.tolist())
        listed = [item for item, score in enumerate(line) if score == score and allowed[item] and item not in barred]
        listed.sort(key=lambda item: (-line[item], item))
        lists.append((listed + [UNKNOWN] * n)[:n])
    return lists


def matrix(lines: list[list[float]]) -> FloatArray:
    return np.array(lines, np.float32)


def marks(pattern: list[list[int]]) -> csr_array:
    return csr_array(np.array(pattern, np.float32))


@st.composite
def questions(draw: st.DrawFn) -> tuple[FloatArray, int, csr_array, Mask]:
    """Scores with ties, NaN, both zeros and infinities; catalogues on both sides of where the shortcut sets in."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = (draw(st.integers(0, 4)), draw(st.sampled_from([1, 2, 7, 511, 512, 513, 1000, 1031])))
    distinct = draw(st.sampled_from([1, 3, 50, 10**6]))
    scores = (rng.integers(-distinct, distinct + 1, shape) / 7).astype(np.float32)
    for value in (np.nan, -0.0, np.inf, -np.inf):
        scores[rng.random(shape) < draw(st.sampled_from([0, 0.01, 0.5, 1]))] = value
    seen = csr_array((rng.random(shape) < draw(st.sampled_from([0, 0.1, 0.9]))).astype(np.float32))
    return scores, draw(st.sampled_from([0, 1, 10, 100, 300])), seen, rng.random(shape[1]) < 0.8


@given(questions())
def test_top_n_is_a_full_sort_cut_off(question: tuple[FloatArray, int, csr_array, Mask]) -> None:
    scores, n, seen, allowed = question
    before = scores.copy()
    items, values = top_n(scores, n, seen, allowed)
    assert items.tolist() == naive_top_n(scores, n, seen, allowed)
    found = items != UNKNOWN
    people = np.nonzero(found)[0]
    assert_array_equal(values[found], scores[people, items[found]])
    assert np.isnan(values[~found]).all()
    assert_array_equal(scores, before)


def test_the_best_come_first_and_of_equals_the_lower_row() -> None:
    items, scores = top_n(matrix([[1, 3, 2, 3]]), 3)
    assert items.tolist() == [[1, 3, 2]]
    assert scores.tolist() == [[3, 3, 2]]


def test_zero_with_a_minus_is_as_good_as_without() -> None:
    assert top_n(matrix([[-0.0, 0.0, -0.0]]), 3)[0].tolist() == [[0, 1, 2]]


def test_what_a_source_cannot_say_is_not_listed_and_a_short_list_is_padded() -> None:
    items, scores = top_n(matrix([[NAN, 1, NAN], [NAN, NAN, NAN]]), 2)
    assert items.tolist() == [[1, UNKNOWN], [UNKNOWN, UNKNOWN]]
    assert_array_equal(scores, matrix([[1, NAN], [NAN, NAN]]))


def test_a_list_may_ask_for_more_than_there_is() -> None:
    assert top_n(matrix([[1, 2]]), 4)[0].tolist() == [[1, 0, UNKNOWN, UNKNOWN]]


def test_nobody_and_nothing_make_empty_lists() -> None:
    assert top_n(np.empty((0, 5), np.float32), 3)[0].shape == (0, 3)
    assert top_n(np.empty((2, 0), np.float32), 1)[0].tolist() == [[UNKNOWN], [UNKNOWN]]
    assert top_n(matrix([[1.0]]), 0)[0].shape == (1, 0)


def test_what_a_person_has_seen_is_struck_from_that_persons_list_alone() -> None:
    assert top_n(matrix([[3, 2, 1]] * 2), 2, seen=marks([[1, 0, 0], [0, 0, 0]]))[0].tolist() == [[1, 2], [0, 1]]


def test_what_is_not_allowed_is_struck_from_every_list() -> None:
    assert top_n(matrix([[3, 2, 1]] * 2), 2, allowed=np.array([False, True, True]))[0].tolist() == [[1, 2]] * 2


def test_exclude_leaves_its_argument_alone() -> None:
    scores = matrix([[1, 2, 3]])
    assert_array_equal(exclude(scores, marks([[0, 1, 0]])), matrix([[1, NAN, 3]]))
    assert scores.tolist() == [[1, 2, 3]]


def listed(*items: int) -> Top:
    return np.array([items], np.int32), np.array([[float(item) for item in items]], np.float32)


def test_blend_fills_a_short_list_from_the_next_and_says_which() -> None:
    items, scores, sources = chain_lists(4, [listed(7, 8, UNKNOWN), listed(5, 7, 6)])
    assert items.tolist() == [[7, 8, 5, 6]]
    assert scores.tolist() == [[7, 8, 5, 6]]
    assert sources.tolist() == [[0, 0, 1, 1]]


def test_blend_keeps_a_full_list_as_it_is() -> None:
    assert chain_lists(2, [listed(7, 8), listed(1, 2)])[0].tolist() == [[7, 8]]


def test_blend_pads_where_all_lists_together_are_short() -> None:
    items, scores, sources = chain_lists(4, [listed(7, UNKNOWN), listed(7)])
    assert items.tolist() == [[7] + [UNKNOWN] * 3]
    assert sources.tolist() == [[0] + [UNKNOWN] * 3]
    assert np.isnan(scores[0, 1:]).all()


def test_blend_lists_an_item_once_even_if_one_source_repeats_it() -> None:
    assert chain_lists(3, [listed(7, 7, 3)])[0].tolist() == [[7, 3, UNKNOWN]]


def model(users: int = 70, items: int = 600) -> FactorModel:
    rng = np.random.default_rng(5)

    def draw(*shape: int) -> FloatArray:
        return rng.normal(size=shape).astype(np.float32)

    return FactorModel(
        user_ids=IdMap(np.arange(users)),
        item_ids=IdMap(np.arange(items)),
        mean=3,
        scale_min=1,
        scale_max=5,
        reg=0.1,
        user_bias=draw(users),
        item_bias=draw(items),
        user_factors=draw(users, 4),
        item_factors=draw(items, 4),
    )


def test_diversity_by_hand() -> None:
    # The second is as the first, the third like neither: at a half, 0.5 * 0.2 - 0 beats 0.5 * 0.9 - 0.5 * 1.
    relevance, likeness = np.array([1, 0.9, 0.2], np.float32), matrix([[1, 1, 0], [1, 1, 0], [0, 0, 1]])
    assert diversify(relevance, likeness, 0.5).tolist() == [0, 2, 1]
    assert diversify(relevance, likeness, 0.1).tolist() == [0, 1, 2]
    assert diversify(np.empty(0, np.float32), np.empty((0, 0), np.float32), 0.5).tolist() == []


@given(st.integers(0, 12), st.integers(0, 1_000), st.floats(0, 1))
def test_diversity_orders_all_items_and_starts_with_the_best(n: int, seed: int, diversity: float) -> None:
    rng = np.random.default_rng(seed)
    relevance, likeness = np.sort(rng.random(n).astype(np.float32))[::-1], rng.random((n, n)).astype(np.float32)
    order = diversify(relevance, likeness, diversity)
    assert sorted(order.tolist()) == list(range(n))
    assert diversify(relevance, likeness, 0).tolist() == list(range(n))
    if n and diversity < 1:
        assert order[0] == 0


@pytest.mark.parametrize("threads", [1, 2, None])
@pytest.mark.parametrize("block", [1, 16, 1000, None])
def test_score_blocks_says_what_top_n_says_however_it_is_cut(block: int | None, threads: int | None) -> None:
    people = rows(3, UNKNOWN, *range(60), 3)
    seen = csr_array(np.random.default_rng(1).random((len(people), 600)) < 0.1)
    allowed = np.arange(600) % 3 > 0
    blocks = list(score_blocks(model(), people, 10, seen, allowed, block, threads))
    wanted_items, wanted_scores = top_n(model().score(people), 10, seen, allowed)
    assert np.concatenate([block[0] for block in blocks]).tolist() == people.tolist()
    assert np.concatenate([block[1] for block in blocks]).tolist() == wanted_items.tolist()
    np.testing.assert_allclose(np.concatenate([block[2] for block in blocks]), wanted_scores, rtol=1e-5)


def test_score_blocks_of_nobody_yields_nothing() -> None:
    assert list(score_blocks(model(), rows(), 10)) == []


def test_a_caller_who_stops_early_is_let_go() -> None:
    blocks = score_blocks(model(), rows(*range(60)), 10, block=5, threads=2)
    assert next(blocks)[0].tolist() == [0, 1, 2, 3, 4]
    blocks.close()  # type: ignore[attr-defined]  # an iterator to callers, a generator in fact

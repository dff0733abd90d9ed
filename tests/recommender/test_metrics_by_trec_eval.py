"""The ranking figures are those of NIST's trec_eval, and keep what they promise for any lists."""

from typing import NamedTuple

import numpy as np
import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.sparse import csr_array

from recommender.engine.evaluation import metrics
from recommender.engine.types import UNKNOWN, Mask, RowArray

N_ITEMS = 12


class Judged(NamedTuple):
    """Lists (m, k) without repeats, UNKNOWN at their ends; what is relevant (m, N_ITEMS), some in every row."""

    lists: RowArray
    relevant: csr_array

    @property
    def hits(self) -> Mask:
        return metrics.hits(self.lists, self.relevant)

    @property
    def n_relevant(self) -> np.ndarray:
        return np.diff(self.relevant.indptr)


@st.composite
def judged(draw: st.DrawFn) -> Judged:
    m, k = draw(st.integers(1, 4)), draw(st.integers(1, 8))
    lists = np.full((m, k), UNKNOWN, np.int32)
    relevant = np.zeros((m, N_ITEMS))
    for row in range(m):
        order = draw(st.permutations(range(N_ITEMS)))
        length = draw(st.integers(0, k))
        lists[row, :length] = order[:length]
        relevant[row, draw(st.lists(st.integers(0, N_ITEMS - 1), min_size=1, unique=True))] = 1
    return Judged(lists, csr_array(relevant))


def by_trec_eval(case: Judged, measure: str) -> np.ndarray:
    """What trec_eval says (m,) of each list; 0 for an empty one, which it passes over."""
    wanted = {
        str(row): {f"item{item}": 1 for item in case.relevant[[row]].indices.tolist()} for row in range(len(case.lists))
    }
    run = {
        str(row): {f"item{item}": float(-place) for place, item in enumerate(items) if item != UNKNOWN}
        for row, items in enumerate(case.lists.tolist())
    }
    found = pytrec_eval.RelevanceEvaluator(wanted, {measure}).evaluate({row: of for row, of in run.items() if of})
    name = measure.replace(".", "_")
    return np.array([found[str(row)][name] if str(row) in found else 0.0 for row in range(len(case.lists))])


@given(judged())
def test_ndcg_is_trec_eval_s(case: Judged) -> None:
    k = case.lists.shape[1]
    assert_allclose(metrics.ndcg(case.hits, case.n_relevant), by_trec_eval(case, f"ndcg_cut.{k}"), atol=1e-9)


@given(judged())
def test_precision_recall_and_hit_rate_are_trec_eval_s(case: Judged) -> None:
    k = case.lists.shape[1]
    assert_allclose(metrics.precision(case.hits), by_trec_eval(case, f"P.{k}"), atol=1e-9)
    assert_allclose(metrics.recall(case.hits, case.n_relevant), by_trec_eval(case, f"recall.{k}"), atol=1e-9)
    assert_allclose(case.hits.any(axis=1), by_trec_eval(case, f"success.{k}"), atol=1e-9)


@given(judged())
def test_average_precision_is_trec_eval_s_over_what_a_list_can_hold(case: Judged) -> None:
    """trec_eval divides by all that is relevant, also where the list is too short for it."""
    k = case.lists.shape[1]
    theirs = by_trec_eval(case, f"map_cut.{k}") * case.n_relevant / np.minimum(case.n_relevant, k)
    assert_allclose(metrics.average_precision(case.hits, case.n_relevant), theirs, atol=1e-9)


@given(judged())
def test_reciprocal_rank_is_trec_eval_s(case: Judged) -> None:
    assert_allclose(metrics.reciprocal_rank(case.hits), by_trec_eval(case, "recip_rank"), atol=1e-9)


@given(judged())
def test_every_figure_lies_between_0_and_1(case: Judged) -> None:
    hit, n = case.hits, case.n_relevant
    figures = [metrics.ndcg(hit, n), metrics.recall(hit, n), metrics.precision(hit), metrics.average_precision(hit, n)]
    for values in [*figures, metrics.reciprocal_rank(hit)]:
        assert ((values >= 0) & (values <= 1 + 1e-12)).all()
    assert 0 <= metrics.coverage(case.lists, N_ITEMS) <= 1


@given(judged(), st.integers(0, 7))
def test_a_hit_further_up_is_worth_no_less(case: Judged, place: int) -> None:
    """Swapping a miss with the hit behind it lowers nothing."""
    lists = case.lists.copy()
    k = lists.shape[1]
    here, there = place % k, (place + 1) % k
    better = case.hits[:, there] & ~case.hits[:, here] & (here < there)
    lists[better] = lists[better][:, [there if p == here else here if p == there else p for p in range(k)]]
    after = Judged(lists, case.relevant)
    for figure in (metrics.ndcg, metrics.average_precision):
        assert (figure(after.hits, case.n_relevant) >= figure(case.hits, case.n_relevant) - 1e-12).all()
    assert (metrics.reciprocal_rank(after.hits) >= metrics.reciprocal_rank(case.hits)).all()


@given(judged())
def test_a_list_of_all_that_is_relevant_is_perfect(case: Judged) -> None:
    k = int(case.n_relevant.max())
    lists = np.full((len(case.lists), k), UNKNOWN, np.int32)
    for row in range(len(lists)):
        items = case.relevant[[row]].indices
        lists[row, : len(items)] = items
    hit = metrics.hits(lists, case.relevant)
    for values in (metrics.ndcg(hit, case.n_relevant), metrics.average_precision(hit, case.n_relevant)):
        assert_allclose(values, 1)


@given(st.lists(st.integers(0, N_ITEMS - 1), min_size=1, max_size=60))
def test_gini_is_the_mean_difference_over_twice_the_mean(places: list[int]) -> None:
    """Its other definition, by all pairs."""
    counts = np.bincount(places, minlength=N_ITEMS)
    pairwise = np.abs(counts[:, None] - counts[None, :]).sum() / (2 * N_ITEMS**2 * counts.mean())
    assert metrics.gini(np.array([places], np.int32), N_ITEMS) == pytest.approx(pairwise)

"""ALS keeps the contract; folding in and explaining are the equations of the paper."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from recommender.engine.algorithms.als import ALS
from recommender.engine.feedback import histories, net_strengths
from tests.contract import EvidenceContract, everybody, rows
from tests.datasets import many_tastes, two_tastes


class TestALS(EvidenceContract):
    algorithm = ALS(n_factors=4, reg=0.1, alpha=20)


def test_a_person_s_factors_solve_the_paper_s_equation() -> None:
    data = many_tastes()
    model = ALS(n_factors=3).fit(data, np.random.default_rng(1))
    net = net_strengths(data).toarray()[0]
    x = (net / 5) ** 2
    items = model.item_factors.astype(np.float64)
    trust = 1 + 4 * x
    expected = np.linalg.solve((items.T * trust) @ items + 0.1 * np.eye(3), (items.T * trust) @ np.sign(net))
    assert_allclose(model.user_factors[0], expected, rtol=1e-3)


def test_who_was_trained_on_and_who_is_folded_in_get_the_same() -> None:
    data = two_tastes()
    model = TestALS.algorithm.fit(data, np.random.default_rng(1))
    assert_allclose(model.score_histories(histories(data, model.item_ids)), model.score(everybody(model)), atol=1e-5)


def test_the_parts_of_an_explanation_add_up_to_the_score() -> None:
    data = two_tastes()
    model = TestALS.algorithm.fit(data, np.random.default_rng(1))
    known = histories(data, model.item_ids)[:1]
    parts = model.explain(known, rows(0, 3, 5))
    assert_allclose(parts.sum(axis=1), model.score_histories(known)[0, [0, 3, 5]], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("wrong", [{"n_factors": 0}, {"n_epochs": 0}, {"reg": 0}, {"alpha": 0}])
def test_a_setting_without_sense_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        ALS(**wrong)

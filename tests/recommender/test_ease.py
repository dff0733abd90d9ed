"""EASE keeps the contract, is Steck's closed form, and chooses its own settings."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from recommender.engine.algorithms.ease import EASE
from recommender.engine.feedback import histories, strengths
from recommender.engine.forms.item_weights import ItemWeightsModel
from recommender.engine.types import CannotFit, Dataset
from tests.contract import EvidenceContract, everybody, rows
from tests.datasets import VIEW, Did, dataset, many_tastes, rated, two_tastes


class TestEASE(EvidenceContract):
    algorithm = EASE(reg=5, power=1)


def fit(data: Dataset, **settings: float) -> ItemWeightsModel:
    return EASE(**settings).fit(data, np.random.default_rng(1))  # type: ignore[arg-type]  # numbers all


def test_the_weights_are_those_of_the_paper() -> None:
    data = many_tastes()
    model = fit(data, reg=3, power=1)
    x = strengths(data).toarray().astype(np.float64) / 5
    x /= np.sqrt((x[x > 0] ** 2).mean())
    inverse = np.linalg.inv(x.T @ x + 3 * np.eye(data.n_items))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    assert_allclose(model.weights.toarray(), expected, atol=1e-4)


def test_the_unit_of_the_strengths_changes_nothing() -> None:
    """So `reg` means the same for views, purchases and stars."""
    views = [Did(user, item, VIEW) for user in range(8) for item in range(user % 3, 12, 2)]
    stars = [rated(user, item, 5) for user, item, *_ in views]
    one, other = (fit(dataset(events), reg=2, power=1) for events in (views, stars))
    assert_allclose(one.weights.toarray(), other.weights.toarray(), atol=1e-5)


def test_beyond_the_head_it_cannot_say() -> None:
    data = two_tastes()
    model = fit(data, reg=5, power=1, max_items=10)
    assert model.knows.sum() == 10
    assert np.isnan(model.score(rows(0)))[0].tolist() == (~model.knows).tolist()


def test_only_the_strongest_weights_are_kept() -> None:
    data = many_tastes()
    whole, cut = fit(data, reg=3, power=1), fit(data, reg=3, power=1, max_weights=5 * data.n_items)
    assert (np.count_nonzero(cut.weights.toarray(), axis=0) == 5).all()
    lost = whole.weights.toarray() - cut.weights.toarray()
    assert np.abs(lost).max() <= np.abs(cut.weights.data).max()


def test_settings_that_are_left_open_are_chosen_on_an_inner_split() -> None:
    data = many_tastes()
    chosen = fit(data)
    assert chosen.power in {1.0, 2.0}
    assert fit(data, power=1.5, reg=7).power == 1.5
    assert np.isfinite(chosen.score(everybody(chosen))).all()


def test_the_parts_of_an_explanation_add_up_to_the_score() -> None:
    data = two_tastes()
    model = fit(data, reg=5, power=1)
    known = histories(data, model.item_ids)[:1]
    cols = rows(0, 3, 5)
    parts = model.explain(known, cols)
    assert parts.shape == (3, known.profiles.nnz)
    assert_allclose(parts.sum(axis=1), model.score_histories(known)[0, cols], rtol=1e-4)


@pytest.mark.parametrize("wrong", [{"reg": -1}, {"power": -1}, {"max_items": 0}, {"max_weights": 0}])
def test_a_setting_without_sense_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        EASE(**wrong)


def test_nothing_in_favour_of_anything_is_refused() -> None:
    with pytest.raises(CannotFit, match="no events that speak for an item"):
        fit(dataset([rated(1, 1, 1)]))

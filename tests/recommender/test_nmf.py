"""NMF keeps the contract, and no factor of it is ever negative."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from recommender.engine.algorithms.nmf import NMF
from recommender.engine.feedback import histories
from recommender.engine.forms.nonnegative import NonnegativeFactorModel
from recommender.engine.types import Dataset, EventKind
from tests.contract import RecommenderContract, rows
from tests.datasets import Did, dataset, many_tastes


class TestNMF(RecommenderContract):
    algorithm = NMF(n_factors=6, n_epochs=200, reg=0.02)


def fit(data: Dataset) -> NonnegativeFactorModel:
    return TestNMF.algorithm.fit(data, np.random.default_rng(1))


def test_no_factor_is_negative_nor_is_one_of_a_newcomer() -> None:
    data = many_tastes()
    model = fit(data)
    assert (model.user_factors >= 0).all()
    assert (model.item_factors >= 0).all()
    _, factors = model.fold_in(histories(data, model.item_ids).ratings[:20])
    assert (factors >= 0).all()
    assert factors.any(axis=1).all()


def test_a_scale_of_any_place_gives_the_same_on_that_scale() -> None:
    data = many_tastes()
    kind = EventKind("rating", 1, scale_min=-4, scale_max=4, relevant_at=2)
    events = zip(data.users.tolist(), data.items.tolist(), data.values.tolist(), strict=True)
    shifted = dataset([Did(user, item, kind, value * 2 - 6) for user, item, value in events], (kind,))
    pairs = rows(0, 1, 2), rows(5, 6, 7)
    assert_allclose(fit(shifted).predict(*pairs)[0], 2 * fit(data).predict(*pairs)[0] - 6, atol=1e-3)


@pytest.mark.parametrize("wrong", [{"n_factors": 0}, {"n_epochs": 0}, {"reg": -1.0}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="it must be"):
        NMF(**wrong)  # type: ignore[arg-type]  # on purpose

"""Item neighbours keep the contract, and are the shrunk cosines of the paper."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from recommender.engine.algorithms import item_knn
from recommender.engine.algorithms.item_knn import ItemKNN
from recommender.engine.feedback import strengths
from tests.contract import EvidenceContract
from tests.datasets import many_tastes


class TestItemKNN(EvidenceContract):
    algorithm = ItemKNN(k=30, shrinkage=1)


def test_likeness_is_the_shrunk_cosine() -> None:
    data = many_tastes()
    model = ItemKNN(k=1_000, shrinkage=2, power=1).fit(data, np.random.default_rng(1))
    x = strengths(data).toarray() / 5
    lengths = np.linalg.norm(x, axis=0)
    expected = x.T @ x / (np.outer(lengths, lengths) + 2)
    np.fill_diagonal(expected, 0)
    assert_allclose(model.weights.toarray(), expected, rtol=1e-4)


def test_an_item_has_k_neighbours_the_likest(monkeypatch: pytest.MonkeyPatch) -> None:
    data = many_tastes()
    rng = np.random.default_rng(1)
    everything = ItemKNN(k=1_000).fit(data, rng).weights.toarray()
    monkeypatch.setattr(item_knn, "BLOCK", 3 * data.n_items)
    few = ItemKNN(k=4).fit(data, rng).weights.toarray()
    assert (np.count_nonzero(few, axis=0) == 4).all()
    assert_allclose(np.sort(few, axis=0)[-4:], np.sort(everything, axis=0)[-4:])


@pytest.mark.parametrize("wrong", [{"k": 0}, {"shrinkage": -1}, {"power": 0}])
def test_a_setting_without_sense_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        ItemKNN(**wrong)

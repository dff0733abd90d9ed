"""Content: items by what they are, people by what they turned to, and new items from their tokens alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from recommender.engine.algorithms.content import Content, vectors_of
from recommender.engine.algorithms.hybrid import Hybrid
from recommender.engine.feedback import histories
from recommender.engine.forms import load_model
from recommender.engine.forms.vectors import VectorModel
from recommender.engine.types import UNKNOWN, CannotFit, Dataset, IdMap, TokenTable
from tests.contract import assert_same_arrays, everybody, rows, through_files
from tests.datasets import dataset, rated, two_tastes

NEW = 900
"""An item that nobody has turned to."""


def described(data: Dataset) -> Dataset:
    """Even and odd items are of two kinds, and there is one more odd item without events."""
    ids = np.append(data.item_ids.ids, NEW)
    said = [(f"ckind-{item % 2}", f"wword{item % 5}", f"acreator {item % 3}") for item in data.item_ids.ids.tolist()]
    return replace(data, item_tokens=TokenTable(IdMap(ids), (*said, ("ckind-1", "wnew"))))


def fit(data: Dataset, n_factors: int = 16) -> VectorModel:
    return Content(n_factors).fit(data, np.random.default_rng(1))


@pytest.fixture(scope="module")
def data() -> Dataset:
    return described(two_tastes())


def test_vectors_have_length_1_and_those_of_a_kind_are_nearer(data: Dataset) -> None:
    model = fit(data)
    assert_allclose(np.linalg.norm(model.vectors, axis=1), 1, atol=1e-5)
    likeness = model.similar(rows(0))[0]
    assert likeness[:-1:2].mean() > likeness[1::2].mean() + 0.2


def test_an_item_that_nobody_knows_is_scored_by_what_it_is(data: Dataset) -> None:
    model = fit(data)
    scores = model.score(everybody(model))
    assert scores.shape == (data.n_users, data.n_items + 1)
    newcomer = dataset([rated(99, item, 5) for item in range(1, 12, 2)])
    liked_odd = model.score_histories(histories(newcomer, model.item_ids))[0]
    assert liked_odd[-1] > np.mean(liked_odd[0:-1:2])


def test_a_new_item_has_its_vector_from_its_tokens_alone(data: Dataset) -> None:
    model = fit(data)
    assert data.item_tokens
    assert_allclose(vectors_of(model, data.item_tokens.tokens), model.vectors, atol=1e-5)
    later = vectors_of(model, [("ckind-0", "wnever", "wseen"), ("wnothing",), ()])
    assert (later[0] @ model.vectors.T)[:-1:2].mean() > (later[0] @ model.vectors.T)[1::2].mean() + 0.2
    assert not later[2].any()


def test_reasons_add_up_to_the_score(data: Dataset) -> None:
    model = fit(data)
    known = histories(data, model.item_ids)[rows(3)]
    cols = np.arange(6, dtype=np.int32)
    assert_allclose(model.explain(known, cols).sum(axis=1), model.score_histories(known)[0, cols], atol=1e-5)


def test_saving_and_loading_is_exact(data: Dataset, tmp_path: Path) -> None:
    model = fit(data)
    loaded = load_model(model.form, through_files(model.arrays(), tmp_path))
    assert_same_arrays(loaded.arrays(), model.arrays())
    assert_allclose(loaded.score(everybody(model)), model.score(everybody(model)))
    arrays = model.arrays()
    arrays["item_ids"] = arrays["item_ids"][1:]
    with pytest.raises(ValueError, match="shape"):
        load_model(model.form, arrays)


def test_the_same_seed_gives_the_same_model(data: Dataset) -> None:
    assert_same_arrays(fit(data).arrays(), fit(data).arrays())


def test_unknown_people_and_items_of_which_nothing_is_said_get_nan(data: Dataset) -> None:
    assert data.item_tokens
    silent = replace(data, item_tokens=TokenTable(data.item_tokens.ids, ((), *data.item_tokens.tokens[1:])))
    model = fit(silent)
    scores = model.score(rows(UNKNOWN, 0))
    assert np.isnan(scores[0]).all()
    assert np.isnan(scores[1]).nonzero()[0].tolist() == [0]
    assert np.isnan(model.similar(rows(0, UNKNOWN))).all()
    predicted, std = model.predict(rows(0), rows(1))
    assert np.isnan([predicted[0], std[0]]).all()


def test_fewer_words_than_factors_are_no_hindrance() -> None:
    data = dataset([rated(1, 1, 5), rated(2, 2, 4)])
    for said in ((("ca",), ("cb",)), (("ca",), ("ca",)), (("ca", "wx", "wy"), ())):
        model = fit(replace(data, item_tokens=TokenTable(data.item_ids, said)), n_factors=128)
        assert np.isfinite(model.vectors).all()
        assert model.vectors[0].any()


def test_where_nothing_is_known_of_items_it_is_refused_with_a_sentence() -> None:
    for table in (None, TokenTable(two_tastes().item_ids, ((),) * two_tastes().n_items)):
        with pytest.raises(CannotFit, match="Nothing is known of the items themselves"):
            fit(replace(two_tastes(), item_tokens=table))


def test_the_hybrid_places_new_items_by_it(data: Dataset) -> None:
    model = Hybrid(("ease", "content")).fit(data, np.random.default_rng(1))
    assert NEW in model.item_ids.ids
    scores = model.score(everybody(model))
    assert np.isfinite(scores[:, -1]).any() or model.weights[-1][1] == 0
    mixed = model.weighed("content", 0.4)
    assert_allclose(mixed.weights[:, 1], 0.4)
    assert_allclose(mixed.weights.sum(axis=1), 1, atol=1e-6)
    alone = model.without("content")
    assert (alone.weights[:, list(model.sources).index("content")] == 0).all()
    assert Hybrid(("ease", "content")).fit(two_tastes(), np.random.default_rng(1)).sources.keys() == {"ease"}

"""What every algorithm promises. A new one's test is `class TestALS(RecommenderContract): algorithm = ALS(...)`.

The datasets are read-only, so all of it proves too that fitting changes nothing it is given.
"""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import spearmanr

from recommender.engine.feedback import histories, net_strengths, seen, strengths
from recommender.engine.forms import load_model
from recommender.engine.ranking import top_n
from recommender.engine.types import UNKNOWN, Algorithm, Arrays, CannotFit, Dataset, FloatArray, Mask, Model, RowArray
from tests.datasets import dataset, left_out_by, many_tastes, rated, two_tastes

SEED = 7
STRANGER, UNRATED = 10_000, 20_000
"""The ids of a person and of an item without events."""


class ModelContract:
    """What personal and impersonal models have in common."""

    algorithm: Algorithm

    def fit(self, data: Dataset, seed: int = SEED) -> Model:
        return self.algorithm.fit(data, np.random.default_rng(seed))

    def test_the_same_seed_gives_the_same_model(self) -> None:
        data = two_tastes()
        assert_same_arrays(self.fit(data).arrays(), self.fit(data).arrays())

    def test_saving_and_loading_is_exact(self, tmp_path: Path) -> None:
        model = self.fit(two_tastes())
        loaded = load_model(model.form, through_files(model.arrays(), tmp_path))
        assert_same_arrays(loaded.arrays(), model.arrays())
        assert_array_equal(loaded.score(everybody(model)), model.score(everybody(model)))

    def test_a_missing_array_is_refused_by_name(self) -> None:
        model = self.fit(two_tastes())
        arrays = model.arrays()
        del arrays["item_ids"]
        with pytest.raises(ValueError, match="lack 'item_ids'"):
            load_model(model.form, arrays)

    def test_an_array_of_another_length_is_refused(self) -> None:
        model = self.fit(two_tastes())
        arrays = model.arrays()
        arrays["item_ids"] = arrays["item_ids"][1:]
        with pytest.raises(ValueError, match="shape"):
            load_model(model.form, arrays)

    def test_a_batch_says_what_its_rows_say_alone(self) -> None:
        model = self.fit(two_tastes())
        together = model.score(rows(3, UNKNOWN, 0, 3))
        alone = np.concatenate([model.score(rows(row)) for row in (3, UNKNOWN, 0, 3)])
        assert_allclose(together, alone, rtol=1e-5)

    def test_scores_are_float32_of_people_by_items_for_an_empty_batch_too(self) -> None:
        data = two_tastes()
        model = self.fit(data)
        for batch in (rows(), rows(0, 1)):
            scores = model.score(batch)
            assert scores.shape == (len(batch), data.n_items)
            assert scores.dtype == np.float32

    def test_scores_are_the_callers_to_change(self) -> None:
        model = self.fit(two_tastes())
        before = model.score(rows(0)).copy()
        model.score(rows(0))[:] = 0
        assert_array_equal(model.score(rows(0)), before)

    def test_progress_rises_and_what_it_raises_stops_the_fit(self) -> None:
        told: list[float] = []
        self.algorithm.fit(two_tastes(), np.random.default_rng(SEED), lambda done, what: told.append(done))
        assert told == sorted(told)
        assert all(0 <= done <= 1 for done in told)

    def test_no_events_are_refused_with_a_sentence(self) -> None:
        with pytest.raises(CannotFit, match=r"There are no .*\.$"):
            self.fit(dataset([], users=[1], items=[1]))

    def test_ratings_without_a_value_are_refused_with_a_sentence(self) -> None:
        with pytest.raises(CannotFit, match=r"There are no .*\.$"):
            self.fit(dataset([rated(1, 1, np.nan), rated(2, 1, np.nan)]))

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(dataset([rated(1, 1, 4)]), id="one rating"),
            pytest.param(dataset([rated(1, item, item) for item in range(1, 6)]), id="one person"),
            pytest.param(dataset([rated(user, 1, user) for user in range(1, 6)]), id="one item"),
            pytest.param(dataset([rated(u, i, 3) for u in range(5) for i in range(5)]), id="all ratings equal"),
        ],
    )
    def test_the_smallest_data_fit(self, data: Dataset) -> None:
        scores = self.fit(data).score(np.arange(data.n_users, dtype=np.int32))
        assert_array_equal(np.isfinite(scores), self.can_say(data))

    def can_say(self, data: Dataset) -> Mask:
        """For whom and of what (n_users, n_items) there are scores in the smallest data."""
        return np.ones((data.n_users, data.n_items), bool)


class RecommenderContract(ModelContract):
    """What a personal recommender promises."""

    def test_an_item_that_was_held_back_is_found(self) -> None:
        data = two_tastes()
        found, _ = top_n(self.fit(data).score(everybody(self.fit(data))), 1, seen(data))
        assert found[:, 0].tolist() == [left_out_by(user)[0] for user in range(data.n_users)]

    def test_a_new_person_with_a_known_taste_is_served_it(self) -> None:
        model = self.fit(two_tastes())
        newcomer = dataset([rated(99, item, 5 if item % 2 else 1) for item in range(12)])
        scores = model.score_histories(histories(newcomer, model.item_ids))
        assert scores[0, 13::2].min() > scores[0, 12::2].max()

    def test_an_unknown_person_gets_nan(self) -> None:
        scores = self.fit(two_tastes()).score(rows(UNKNOWN, 0))
        assert np.isnan(scores[0]).all()
        assert np.isfinite(scores[1]).all()

    def test_a_person_without_ratings_gets_nan(self) -> None:
        data = with_strangers()
        scores = self.fit(data).score(data.user_ids.rows(np.array([STRANGER, 0])))
        assert np.isnan(scores[0]).all()
        assert not np.isnan(scores[1]).all()

    def test_an_item_without_ratings_gets_nan_from_everybody(self) -> None:
        data = with_strangers()
        model = self.fit(data)
        unrated = data.item_ids.rows(np.array([UNRATED]))[0]
        scores = model.score(everybody(model)[:-1])
        assert np.isnan(scores[:, unrated]).all()
        assert np.isfinite(np.delete(scores, unrated, axis=1)).all()

    def test_an_item_without_ratings_is_like_nothing(self) -> None:
        data = with_strangers()
        unrated = data.item_ids.rows(np.array([UNRATED]))[0]
        likeness = self.fit(data).similar(rows(0, unrated))
        assert np.isnan(likeness[0]).nonzero()[0].tolist() == [unrated]
        assert np.isnan(likeness[1]).all()

    def test_an_empty_history_gets_nan(self) -> None:
        model = self.fit(two_tastes())
        nothing_known = dataset([rated(99, 500, 5)], users=[98])
        assert np.isnan(model.score_histories(histories(nothing_known, model.item_ids))).all()

    def test_items_without_ratings_in_a_history_are_passed_over(self) -> None:
        model = self.fit(with_strangers())
        known = dataset([rated(99, 0, 5), rated(99, 1, 1)])
        with_another = dataset([rated(99, 0, 5), rated(99, 1, 1), rated(99, UNRATED, 5)])
        scores = [model.score_histories(histories(data, model.item_ids)) for data in (known, with_another)]
        assert_array_equal(scores[0], scores[1])
        assert np.isfinite(scores[0]).any()

    def test_folding_in_somebody_who_was_trained_on_lands_near_the_trained_scores(self) -> None:
        data = many_tastes()
        model = self.fit(data)
        folded = model.score_histories(histories(data, model.item_ids))
        assert_ranked_alike(folded, model.score(everybody(model)))

    def test_a_history_says_the_same_alone_and_among_others(self) -> None:
        data = two_tastes()
        model = self.fit(data)
        known = histories(data, model.item_ids)
        assert_allclose(model.score_histories(known)[:1], model.score_histories(known[:1]), rtol=1e-4, atol=1e-5)

    def test_predictions_are_nan_where_the_person_or_the_item_is_unknown(self) -> None:
        mean, std = self.fit(two_tastes()).predict(rows(0, UNKNOWN, 0), rows(0, 0, UNKNOWN))
        assert np.isnan(mean).tolist()[1:] == [True, True]
        assert mean.shape == std.shape == (3,)

    def test_items_of_one_taste_are_alike(self) -> None:
        likeness = self.fit(two_tastes()).similar(rows(0, 1, UNKNOWN))
        assert likeness[0, 0::2].min() > likeness[0, 1::2].max()
        assert likeness[1, 1::2].min() > likeness[1, 0::2].max()
        assert np.isnan(likeness[2]).all()


class EvidenceContract(RecommenderContract):
    """What models promise that go by what speaks for an item: the lowest rating tells them nothing."""

    def can_say(self, data: Dataset) -> Mask:
        users, items = net_strengths(data).toarray() != 0, strengths(data).toarray() > 0
        return np.outer(users.any(axis=1), items.any(axis=0))


class ImpersonalContract(ModelContract):
    """What a model promises that ranks the same way for everybody."""

    def test_everybody_gets_the_same_scores_known_or_not(self) -> None:
        model = self.fit(two_tastes())
        scores = model.score(rows(0, 1, UNKNOWN))
        assert_array_equal(scores, scores[[0, 0, 0]])
        assert np.isfinite(scores).all()

    def test_a_history_changes_nothing(self) -> None:
        data = two_tastes()
        model = self.fit(data)
        known = histories(data, model.item_ids)[:2]
        assert_array_equal(model.score_histories(known), model.score(rows(UNKNOWN, UNKNOWN)))

    def test_it_predicts_no_rating_and_knows_no_likeness(self) -> None:
        model = self.fit(two_tastes())
        assert np.isnan(model.predict(rows(0, 1), rows(0, 1))).all()
        assert np.isnan(model.similar(rows(0))).all()


def rows(*numbers: int) -> RowArray:
    return np.array(numbers, np.int32)


def everybody(model: Model) -> RowArray:
    return np.arange(len(model.user_ids), dtype=np.int32)


def with_strangers() -> Dataset:
    """One rating of each person for each of two items, and a person and an item without any."""
    events = [rated(user, item, 1 + (user + item) % 5) for user in range(6) for item in range(6)]
    return dataset(events, users=[STRANGER], items=[UNRATED])


def through_files(arrays: Arrays, folder: Path) -> Arrays:
    """The arrays as an artifact gives them back: written without pickling, memory-mapped read-only."""
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    return {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in arrays}


def assert_same_arrays(left: Arrays, right: Arrays) -> None:
    assert left.keys() == right.keys()
    for name in left:
        assert left[name].dtype == right[name].dtype
        assert_array_equal(left[name], right[name])


def assert_ranked_alike(left: FloatArray, right: FloatArray, at_least: float = 0.9) -> None:
    """Every row of one orders the items much like the same row of the other (Spearman's rank correlation)."""
    for number, (one, other) in enumerate(zip(left, right, strict=True)):
        correlation = spearmanr(one, other).statistic
        assert correlation >= at_least, f"The rows {number} correlate by {correlation:.2f}."

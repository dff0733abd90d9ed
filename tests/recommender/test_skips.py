"""What people were shown and passed over is there for training, as a weak sign that none has to take."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from numpy.testing import assert_allclose

from interactions.producers import produce
from recommender import tasks
from recommender.dataset import load_everything
from recommender.engine.algorithms.als import ALS
from recommender.engine.evaluation.split import holdout, random_part
from recommender.engine.types import Dataset, Skips
from recommender.insight import impressions
from tests import factories
from tests.contract import everybody
from tests.datasets import VIEW, Did, dataset, two_tastes
from tests.recommender.fixtures import Shop, ask, happened, start_afresh


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_stood_above_a_click_and_was_left_is_passed_over_and_nothing_else(shop: Shop) -> None:
    for item in shop.items:
        happened(shop.ben, item)
    start_afresh()
    answer = ask("ada", limit=6)
    items = [place.item_id for place in answer.items]
    context = {"recommendation_id": str(answer.recommendation_id)}
    for place, kind in ((0, "impression"), (1, "share"), (3, "like")):
        at = timezone.now() + timedelta(seconds=1)
        produce([factories.event("ada", items[place], kind, at=at, context=context)])
    ask("cleo")
    impressions.flush()
    tasks.roll_up_impressions()
    tasks.roll_up_impressions()
    data = load_everything()
    assert data.skips is not None
    names = {item.pk: item.item_id for item in shop.items}
    found = [names[pk] for pk in data.item_ids.ids[data.skips.items].tolist()]
    assert sorted(found) == sorted([items[0], items[2]])
    assert data.skips.counts.tolist() == [1, 1]
    assert set(data.user_ids.ids[data.skips.users].tolist()) == {shop.ada.pk}
    assert data.skips.last.tolist() == 2 * [int(answer.generated_at.timestamp())]


def test_als_likes_less_what_was_passed_over(passed_data: Dataset) -> None:
    """Of two items with the same events, the one that people pass over falls."""
    plain, wary = (ALS(n_factors=4, passed_over=weight).fit(passed_data, np.random.default_rng(1)) for weight in (0, 2))
    some = everybody(plain)
    change = wary.score(some) - plain.score(some)
    assert change[:, 0].mean() < change[:, 2].mean() - 0.01


def test_without_such_a_weight_or_such_data_nothing_changes(passed_data: Dataset) -> None:
    bare = replace(passed_data, skips=None)
    fits = [
        ALS(n_factors=4, passed_over=weight).fit(data, np.random.default_rng(1)).item_factors
        for weight, data in ((0, passed_data), (0, bare), (2, bare))
    ]
    assert_allclose(fits[0], fits[1])
    assert_allclose(fits[0], fits[2])


def test_what_somebody_did_counts_though_she_passed_it_over_before() -> None:
    data = two_tastes()
    liked = np.flatnonzero(data.values == 5)[:5]
    skips = Skips(data.users[liked], data.items[liked], np.ones(5, np.float32), np.zeros(5, np.int64))
    plain, wary = (
        ALS(n_factors=4, passed_over=2).fit(replace(data, skips=some), np.random.default_rng(1)).item_factors
        for some in (None, skips)
    )
    assert_allclose(plain, wary)


def test_evaluation_shows_a_model_nothing_of_the_time_it_is_judged_by() -> None:
    data = dataset([Did(1, item, VIEW, time=item) for item in range(10)])
    people, items = np.zeros(2, np.int32), np.array([1, 2], np.int32)
    skips = Skips(people, items, np.ones(2, np.float32), np.array([3, 8]))
    split = holdout(replace(data, skips=skips), np.random.default_rng(0))
    assert split.train.skips is not None
    assert split.train.skips.last.tolist() == [3]
    assert random_part(replace(data, skips=skips), np.random.default_rng(0)).train.skips is None


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="passed_over is -1; it must be 0 or more"):
        ALS(passed_over=-1)


@pytest.fixture
def passed_data() -> Dataset:
    """Sixty people; everybody has a third of the items, and all who don't have item 0 skipped it five times."""
    rng = np.random.default_rng(5)
    events = [Did(user, item, VIEW) for user in range(60) for item in range(9) if rng.random() < 0.35]
    data = dataset(events, items=range(9))
    had = {(user, item) for user, item in zip(data.users.tolist(), data.items.tolist(), strict=True)}
    users = np.array([user for user in range(data.n_users) if (user, 0) not in had], np.int32)
    ones: Any = np.ones(len(users))
    skips = Skips(users, np.zeros(len(users), np.int32), 5 * ones.astype(np.float32), ones.astype(np.int64))
    return replace(data, skips=skips)

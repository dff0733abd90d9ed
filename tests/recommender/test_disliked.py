"""What users dislike pushes away what is like it: in every ranking, for trained and for folded-in users alike."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recommender.engine.algorithms import create
from recommender.engine.algorithms.trending import Trending
from recommender.engine.feedback import histories, net_strengths, profiles, ratings, relevant, strengths
from recommender.engine.ranking import top_n
from recommender.engine.types import UNKNOWN, Dataset, IdMap, Model, TokenTable
from tests.datasets import DISLIKE, PURCHASE, VIEW, Did, dataset, rated

CLUSTERS, SIZE = 4, 12
"""Subjects, and items of each: item 12 * c + i is of the subject c."""

HATER, HALF, NEW = 900, 901, 902
"""The user of dislikes alone, the one who also likes something, and one of whom nothing is known."""

PERSONAL = ("hybrid", "ease", "item_knn", "als", "content")


def shop() -> Dataset:
    """Two hundred users who like one subject, some more than others; the first is by far the most popular."""
    rng = np.random.default_rng(4)
    events = []
    for user in range(200):
        subject = 0 if user < 90 else user % CLUSTERS
        own = rng.permutation(SIZE)[:7] + SIZE * subject
        other = rng.permutation(CLUSTERS * SIZE)[:2]
        events += [rated(user, int(item), 5, time=100 + user) for item in own]
        events += [Did(user, int(item), VIEW, time=50) for item in other if item not in own]
    for item in range(3):
        # They looked first, and then said no: by a rating and in words.
        events += [Did(HATER, item, VIEW, time=500), Did(HATER, item, VIEW, time=501), rated(HATER, item, 1, time=502)]
        events += [Did(HATER, item, DISLIKE, time=503)]
        events += [Did(HALF, item, VIEW, time=500), Did(HALF, item, DISLIKE, time=501)]
    events += [rated(HALF, SIZE + item, 5, time=510) for item in range(2)]
    data = dataset(events, users=[NEW], items=range(CLUSTERS * SIZE))
    tokens = tuple((f"csubject {item // SIZE}", f"wbook{item}") for item in range(CLUSTERS * SIZE))
    return replace(data, item_tokens=TokenTable(IdMap(np.arange(CLUSTERS * SIZE)), tokens))


def listed(model: Model, data: Dataset, user: int, n: int = 10, folded: bool = False) -> list[int]:
    """The list of a user, without what they have seen, as item ids."""
    row = data.user_ids.rows(np.array([user]))
    if folded:
        scores = model.score_histories(histories(data, model.item_ids))[row]
    else:
        scores = model.score(model.user_ids.rows(np.array([user])))
    mine = data.item_ids.ids[data.items[data.users == row[0]]]
    scores[0, model.item_ids.rows(mine)] = np.nan
    items = top_n(scores, n)[0][0]
    return [int(model.item_ids.ids[item]) for item in items if item != UNKNOWN]


def disliked_among(items: list[int]) -> int:
    return sum(item < SIZE for item in items)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return shop()


@pytest.fixture(scope="module", params=PERSONAL)
def model(request: Any, data: Dataset) -> Model:
    # So few items need few factors: more would learn each item by itself.
    settings = {"n_factors": 4} if request.param == "als" else {}
    return create(request.param, **settings).fit(data, np.random.default_rng(1))


@pytest.mark.parametrize("folded", [False, True])
def test_dislikes_alone_show_no_more_of_a_subject_than_an_unknown_user_gets(
    model: Model, data: Dataset, folded: bool
) -> None:
    popular = create("popular").fit(data, np.random.default_rng(1))
    unknown = disliked_among(listed(popular, data, NEW))
    assert unknown >= 8
    items = listed(model, data, HATER, folded=folded)
    assert len(items) == 10
    assert disliked_among(items) == 0


@pytest.mark.parametrize("folded", [False, True])
def test_what_is_like_the_disliked_stands_behind_all_else(model: Model, data: Dataset, folded: bool) -> None:
    items = listed(model, data, HALF, n=48, folded=folded)
    assert disliked_among(items[:25]) == 0
    assert items[0] // SIZE == 1


@pytest.mark.parametrize("folded", [False, True])
def test_without_the_dislikes_the_subject_would_be_there(model: Model, data: Dataset, folded: bool) -> None:
    liked_all = data.select(data.types != data.kinds.index(DISLIKE))
    liked_all = liked_all.select(
        ~((liked_all.users == data.user_ids.rows(np.array([HATER]))[0]) & (liked_all.values == 1))
    )
    items = listed(model, liked_all, HATER, folded=True)
    assert disliked_among(items) > 5


def test_a_view_that_led_to_a_dislike_speaks_for_nothing() -> None:
    many = [Did(1, 1, VIEW, time=time) for time in range(20)]
    told = dataset([*many, Did(1, 1, PURCHASE, time=25), Did(1, 1, DISLIKE, time=30), Did(2, 2, VIEW)])
    assert strengths(told).toarray().tolist() == [[0, 0], [0, 1]]
    assert net_strengths(told).toarray().tolist() == [[-3, 0], [0, 1]]
    assert profiles(told).toarray()[0].tolist() == [-3, 0]
    assert relevant(told).tolist() == [False] * 22 + [True]
    assert ratings(told).values[0] < 2


def test_what_is_done_after_a_dislike_counts_again() -> None:
    back = dataset([Did(1, 1, VIEW, time=1), Did(1, 1, DISLIKE, time=2), Did(1, 1, PURCHASE, time=3)])
    assert net_strengths(back).toarray().tolist() == [[2]]


def test_without_times_a_dislike_has_the_last_word() -> None:
    assert net_strengths(dataset([Did(1, 1, DISLIKE), Did(1, 1, PURCHASE)])).toarray().tolist() == [[-3]]


@pytest.mark.parametrize(("value", "net"), [(1, -3), (1.5, -1.5), (2, 1.25), (3, 2.5), (5, 5)])
def test_only_the_lowest_quarter_of_a_scale_speaks_against(value: float, net: float) -> None:
    assert net_strengths(dataset([rated(1, 1, value)])).toarray().tolist() == [[net]]
    seen_first = dataset([Did(1, 1, VIEW, time=1), rated(1, 1, value, time=2)])
    assert net_strengths(seen_first).toarray().tolist() == [[net if net < 0 else net + 1]]


def test_a_last_dislike_counts_against_what_is_trending() -> None:
    views = [Did(user, item, VIEW, time=1_000) for user in range(6) for item in (1, 2)]
    took_back = [Did(user, 1, DISLIKE, time=2_000) for user in range(4)]
    scores = Trending().fit(dataset(views + took_back), np.random.default_rng(0)).scores
    assert scores[0] < 0 < scores[1]
    assert scores[1] == pytest.approx(6, rel=0.01)
    assert scores[0] == pytest.approx(-2, rel=0.01)

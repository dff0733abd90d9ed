"""Trending: what people turn to these days, by hand, and as it is served."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from numpy.testing import assert_allclose

from interactions.producers import produce
from recommender import serving
from recommender.engine.algorithms.trending import DAY, Trending
from recommender.engine.types import CannotFit, Dataset, Model, Progress, silent
from recommender.serving import Request
from recommender.serving.candidates import trending as held
from tests import factories
from tests.contract import ImpersonalContract, rows
from tests.datasets import PURCHASE, VIEW, Did, dataset, rated
from tests.outages import no_postgres
from tests.recommender.fixtures import NOVELS, open_shop, start_afresh

NOW = 1_700_000_000


@dataclass(frozen=True)
class Dated:
    """Trending, of the same events an hour apart: those that most tests use have no times."""

    def fit(self, data: Dataset, rng: np.random.Generator, progress: Progress = silent) -> Model:
        times = NOW - 3_600 * np.arange(len(data))[::-1]
        return Trending().fit(replace(data, times=times), rng, progress)


class TestTrendingContract(ImpersonalContract):
    algorithm = Dated()

    def test_the_smallest_data_fit(self) -> None:  # type: ignore[override]  # ratings of 3 speak for nothing here
        assert self.fit(dataset([rated(1, 1, 4)])).score(rows(0)).tolist() == [[1]]
        with pytest.raises(CannotFit, match="nothing can be trending"):
            self.fit(dataset([rated(user, 1, 3) for user in range(5)]))


def viewed(user: int, item: int, days_ago: float, kind: Any = VIEW) -> Did:
    return Did(user, item, kind, time=NOW - int(days_ago * DAY))


def scores(*events: Did, **settings: float) -> list[float]:
    data = dataset(list(events))
    return Trending(**settings).fit(data, np.random.default_rng(0)).scores.tolist()


def test_an_act_counts_half_as_much_after_the_half_life() -> None:
    assert_allclose(scores(viewed(1, 1, 0), viewed(2, 2, 7), viewed(3, 3, 14)), [1, 0.5, 0.25])


def test_each_person_counts_once_by_the_latest_act() -> None:
    assert_allclose(scores(viewed(1, 1, 0), viewed(1, 1, 3), viewed(1, 1, 5, PURCHASE), viewed(2, 1, 7)), [1.5])


def test_what_lies_before_the_window_counts_nothing() -> None:
    assert_allclose(scores(viewed(1, 1, 0), viewed(2, 2, 29)), [1, 0])


def test_bad_ratings_count_against_and_events_without_a_time_count_nothing() -> None:
    assert_allclose(
        scores(viewed(1, 1, 0), rated(2, 2, 1, time=NOW), rated(3, 3, 5, time=NOW), rated(4, 2, 5)), [1, -1, 1]
    )
    with pytest.raises(CannotFit, match="no events with a time"):
        scores(rated(1, 1, 5))


@pytest.mark.parametrize("wrong", [{"half_life_days": 0}, {"window_days": -1}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be more than 0"):
        Trending(**wrong)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
class TestServing:
    @pytest.fixture(autouse=True)
    def shop(self, model_folders: None) -> None:
        shop = open_shop()
        held.forget()
        now = timezone.now()
        produce([factories.event(f"p{n}", shop.novels[4], at=now - timedelta(days=1)) for n in range(3)])
        produce([factories.event("p1", shop.novels[2], at=now - timedelta(days=2))])
        produce([factories.event(f"q{n}", shop.novels[1], at=now - timedelta(days=60)) for n in range(30)])

    def ask(self, **rest: Any) -> list[str]:
        return [place.item_id for place in serving.recommend(Request("", algorithm="trending", **rest)).items]

    def test_what_people_turn_to_comes_first_and_popular_items_follow(self) -> None:
        assert self.ask(limit=3) == [NOVELS[4], NOVELS[2], "poem-0"]
        answer = serving.recommend(Request("", algorithm="trending", limit=3, explain=True))
        assert [place.source for place in answer.items] == ["trending", "trending", "popular"]
        assert answer.items[0].reason
        assert answer.items[0].reason.sentence == "Many people turn to it these days."

    @pytest.mark.parametrize("kind", ["return", "cancellation", "dislike"])
    def test_what_is_brought_back_does_not_trend(self, kind: str) -> None:
        now = timezone.now()
        produce([factories.event(f"r{n}", NOVELS[0], kind, value=9.5, at=now) for n in range(9)])
        assert self.ask(limit=2) == [NOVELS[4], NOVELS[2]]

    def test_another_window_looks_further_back(self) -> None:
        assert self.ask(limit=1, window_days=90) == [NOVELS[1]]

    def test_it_holds_until_its_time_is_over(self, settings: Any) -> None:
        assert self.ask(limit=1) == [NOVELS[4]]
        produce([factories.event(f"r{n}", NOVELS[0], at=timezone.now()) for n in range(9)])
        assert self.ask(limit=1) == [NOVELS[4]]
        held.forget()
        assert self.ask(limit=1) == [NOVELS[0]]

    def test_without_the_database_it_is_what_it_was_or_what_is_popular(self) -> None:
        serving.recommend(Request(""))
        with no_postgres():
            assert self.ask(limit=1) == ["poem-0"]
        start_afresh()
        assert self.ask(limit=1) == [NOVELS[4]]
        with no_postgres():
            assert self.ask(limit=1) == [NOVELS[4]]

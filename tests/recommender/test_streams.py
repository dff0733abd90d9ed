"""Between two trainings: what is trending, what goes together in sessions, and the lists of people with news."""

from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction
from django.utils import timezone
from numpy.testing import assert_allclose

from catalog.models import Item
from interactions.models import InteractionType
from interactions.producers import produce
from recommender import dataset, serving, tasks
from recommender.engine.algorithms.trending import Trending
from recommender.models import CoVisit, TrendingScore
from recommender.serving import Request, warming
from recommender.serving.candidates import bought_together
from recommender.serving.incremental import covisits, trends
from recsite.platform.models import FeedCursor
from tests import factories
from tests.recommender.fixtures import Shop, ask, look_again

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def did(
    who: str, what: str, kind: str = "view", hours_ago: float = 0, value: float | None = None, **context: Any
) -> None:
    at = timezone.now() - timedelta(hours=hours_ago)
    produce([factories.event(who, what, kind, value, at=at, context=context)])


def take_in() -> None:
    tasks.incremental_update()
    tasks.incremental_update()
    look_again()
    trends._copy._not_before = 0


def trending(limit: int = 3) -> list[str]:
    return [place.item_id for place in serving.recommend(Request("", limit, algorithm="trending")).items]


def kept() -> dict[str, float]:
    model = trends.model()
    assert model is not None
    names = dict(Item.objects.values_list("pk", "item_id"))
    return {names[pk]: score for pk, score in zip(model.item_ids.ids.tolist(), model.scores.tolist(), strict=True)}


def anew() -> dict[str, float]:
    """What the algorithm says of all events."""
    events = dataset.load_dataset(since=timezone.now() - timedelta(days=28))
    scores = Trending().fit(events, np.random.default_rng(0)).scores
    names = dict(Item.objects.values_list("pk", "item_id"))
    return {names[pk]: score for pk, score in zip(events.item_ids.ids.tolist(), scores.tolist(), strict=True) if score}


def test_an_act_makes_an_item_trending_within_moments(shop: Shop) -> None:
    did("ada", "poem-0", hours_ago=30)
    take_in()
    assert trending(1) == ["poem-0"]
    for who in ("ben", "cleo"):
        did(who, "novel-5", "purchase")
    take_in()
    assert trending(2) == ["novel-5", "poem-0"]


def test_scores_are_those_of_the_algorithm_however_the_acts_come_in(shop: Shop) -> None:
    rng = np.random.default_rng(3)
    kinds = [
        ("view", None),
        ("purchase", None),
        ("rating", 5.0),
        ("rating", 2.0),
        ("rating", 1.0),
        ("dislike", None),
        ("impression", None),
    ]
    did("reader-0", "novel-0")
    for _ in range(6):
        for _ in range(12):
            kind, value = kinds[rng.integers(len(kinds))]
            who, what = f"reader-{rng.integers(5)}", shop.items[rng.integers(len(shop.items))].item_id
            did(who, what, kind, float(rng.integers(900)), value)
        take_in()
    expected, found = anew(), kept()
    assert found.keys() == expected.keys()
    assert_allclose([found[name] for name in expected], list(expected.values()), rtol=1e-3)


def test_scores_that_can_not_be_read_are_made_from_the_events(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    did("ada", "poem-3")
    take_in()
    trends.forget()
    monkeypatch.setattr(trends._copy, "_read", lambda: 1 / 0)
    assert trending(1) == ["poem-3"]


def test_somebody_who_comes_back_counts_once(shop: Shop) -> None:
    for hours_ago in (50, 20, 1, 3):
        did("ada", "novel-0", hours_ago=hours_ago)
        take_in()
    did("ben", "novel-1", hours_ago=1)
    take_in()
    assert kept()["novel-0"] == pytest.approx(kept()["novel-1"], rel=1e-3)


def test_a_dislike_takes_back_what_the_view_before_it_counted(shop: Shop) -> None:
    for who in ("ada", "ben", "cleo"):
        did(who, "novel-0", hours_ago=5)
    did("ada", "novel-1", hours_ago=5)
    take_in()
    assert trending(2) == ["novel-0", "novel-1"]
    for who in ("ada", "ben", "cleo"):
        did(who, "novel-0", "dislike", hours_ago=4)
    take_in()
    assert kept()["novel-0"] < 0 < kept()["novel-1"]
    assert trending(1) == ["novel-1"]
    did("ben", "novel-0", "purchase", hours_ago=1)
    take_in()
    assert kept()["novel-0"] == pytest.approx(anew()["novel-0"], rel=1e-2)


def test_scores_are_made_anew_when_they_are_old(shop: Shop, settings: Any) -> None:
    did("ada", "novel-0", "share")
    did("ada", "novel-1")
    take_in()
    InteractionType.objects.filter(name="share").update(weight=0)
    take_in()
    assert "novel-0" in kept()
    FeedCursor.objects.filter(name=trends.READER).update(rebuilt_at=timezone.now() - timedelta(seconds=3_601))
    settings.TRENDING_CACHE_TTL_SECS = 3_600
    take_in()
    assert list(kept()) == ["novel-1"]


def test_scores_are_not_made_anew_while_somebody_else_works_on_them(shop: Shop) -> None:
    did("ada", "novel-0")
    take_in()
    FeedCursor.objects.filter(name=trends.READER).update(rebuilt_at=None)
    with transaction.atomic():
        FeedCursor.objects.select_for_update().get(name=trends.READER)
        thread = Thread(target=_advance)
        thread.start()
        thread.join(20)
        assert TrendingScore.objects.exists()
    assert FeedCursor.objects.get(name=trends.READER).rebuilt_at is None


def _advance() -> None:
    try:
        trends.advance()
    finally:
        connection.close()


def test_a_failure_in_the_middle_counts_nothing_twice(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    did("ada", "novel-0")
    take_in()
    did("ben", "novel-0")
    trends.advance()
    before = TrendingScore.objects.get().score
    with monkeypatch.context() as broken:
        broken.setattr(FeedCursor, "save", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("killed")))
        with pytest.raises(RuntimeError):
            trends.advance()
    assert TrendingScore.objects.get().score == before
    trends.advance()
    trends.advance()
    assert TrendingScore.objects.get().score == pytest.approx(2 * before, rel=1e-3)


def pairs() -> dict[tuple[str, str], int]:
    names = {0: "", **dict(Item.objects.values_list("pk", "item_id"))}
    return {(names[one.item_id], names[one.other_id]): one.sessions for one in CoVisit.objects.all()}


def test_items_of_one_session_go_together_and_those_of_two_do_not(shop: Shop) -> None:
    did("ada", "novel-0", session_id="one")
    did("ada", "novel-1", session_id="one")
    did("ada", "novel-0", session_id="one")
    did("ada", "poem-0", session_id="two")
    did("ben", "poem-1", hours_ago=2)
    did("ben", "poem-2", hours_ago=1.7)
    did("ben", "poem-3", hours_ago=0.1)
    did("ben", "poem-4", "dislike", hours_ago=0.1)
    take_in()
    assert {pair for pair in pairs() if pair[0] != pair[1]} == {("novel-0", "novel-1"), ("poem-1", "poem-2")}
    assert pairs()["novel-0", "novel-0"] == 1
    assert pairs()["", ""] == 4


def test_what_was_disliked_in_a_session_goes_with_nothing(shop: Shop) -> None:
    did("ada", "poem-0", hours_ago=1)
    did("ada", "novel-1", hours_ago=0.95)
    did("ada", "novel-1", "dislike", hours_ago=0.9)
    did("ada", "novel-2", "rating", hours_ago=0.9, value=1.0)
    did("ada", "poem-3", hours_ago=0.9)
    take_in()
    assert {pair for pair in pairs() if "novel-1" in pair or "novel-2" in pair} == set()
    assert ("poem-0", "poem-3") in pairs()


def test_a_session_that_goes_on_counts_a_pair_once(shop: Shop) -> None:
    for _ in range(3):
        did("ada", "novel-0", session_id="one")
        take_in()
        did("ada", "novel-1", session_id="one")
        take_in()
    assert pairs() == {("", ""): 1, ("novel-0", "novel-0"): 1, ("novel-1", "novel-1"): 1, ("novel-0", "novel-1"): 1}


def test_one_who_opens_everything_makes_no_square_of_it(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(covisits, "MOST_PAIRS", 2)
    for item in shop.items:
        did("robot", item.item_id, session_id="all")
    take_in()
    n = len(shop.items)
    assert len([pair for pair in pairs() if pair[0] != pair[1]]) == 1 + 2 * (n - 2)


def test_what_goes_together_in_sessions_follows_what_is_bought_together(shop: Shop) -> None:
    for number in range(4):
        did(f"reader-{number}", "novel-0", session_id=f"visit {number}")
        did(f"reader-{number}", "novel-3", session_id=f"visit {number}")
        did(f"reader-{number}", "poem-0", session_id=f"other {number}")
    for who in ("ada", "ben", "cleo"):
        for what in ("novel-0", "novel-1"):
            did(who, what, "purchase", hours_ago=200)
    take_in()
    found = bought_together(shop.novels[0].pk)
    assert [(one.item, one.basis) for one in found] == [
        (shop.novels[1].pk, "purchases"),
        (shop.novels[3].pk, "sessions"),
    ]
    assert (found[1].support, found[1].confidence) == (4, 4 / 7)
    assert found[1].lift == pytest.approx((4 / 7) / (4 / 11))


def test_pairs_of_one_session_long_ago_are_forgotten(shop: Shop) -> None:
    old: datetime = timezone.now() - timedelta(days=91)
    CoVisit.objects.create(item_id=1, other_id=2, sessions=1, last_at=old)
    CoVisit.objects.create(item_id=1, other_id=3, sessions=2, last_at=old)
    CoVisit.objects.create(item_id=1, other_id=4, sessions=1)
    tasks.prune_covisits()
    assert set(CoVisit.objects.values_list("other_id", flat=True)) == {3, 4}


def test_lists_of_people_with_news_are_made_before_they_ask(shop: Shop) -> None:
    ask("ada")
    did("ada", "novel-0")
    take_in()
    answer = ask("ada")
    assert answer.cache_hit
    assert "novel-0" not in {place.item_id for place in answer.items}


def test_a_large_import_before_it_keeps_nobody_waiting(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    # Past the ids that other tests have used: two at a time it would take hours.
    take_in()
    monkeypatch.setattr(warming, "BATCH_ROWS", 2)
    for number in range(9):
        did(f"reader-{number}", "poem-0", hours_ago=24 * 400)
    did("ada", "novel-0")
    take_in()
    assert ask("ada").cache_hit


def test_of_many_people_with_news_the_latest_come_first(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "MOST_REFRESHED", 1)
    did("ada", "novel-0", hours_ago=5)
    did("ben", "poem-0")
    take_in()
    assert ask("ben").cache_hit
    assert not ask("ada").cache_hit


def test_one_part_that_fails_keeps_the_others_from_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    did("ada", "novel-0")
    monkeypatch.setattr(trends, "ADD", "SELECT 1/0")
    monkeypatch.setattr(trends, "ANEW", "SELECT 1/0")
    take_in()
    assert pairs()["novel-0", "novel-0"] == 1

"""Somebody who has done nothing yet, but has said what they like."""

from collections.abc import Callable
from typing import Any

import pytest

from catalog import store
from recommender import serving
from recommender.serving import Answer, Request, warming
from recommender.serving.candidates.stated_preferences import StatedPreferences
from recsite.platform.audit import SYSTEM
from tests import factories
from tests.outages import no_postgres
from tests.recommender.fixtures import NOVELS, POEMS, Shop, look_again, open_shop

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

Say = Callable[..., Answer]


@pytest.fixture
def shop(model_folders: None) -> Shop:
    return open_shop()


@pytest.fixture
def ask(shop: Shop) -> Say:
    def say(**preferences: Any) -> Answer:
        person = factories.person("dora", preferences=preferences)
        return serving.recommend(Request(person.user_id, limit=12))

    return say


def items(answer: Answer) -> list[str]:
    return [place.item_id for place in answer.items]


def test_what_is_popular_in_the_categories_comes_first(ask: Say) -> None:
    answer = ask(categories=["Novels"])
    assert items(answer) == [*NOVELS, *POEMS]
    assert not answer.cold_start
    assert [item.source for item in answer.items] == ["stated_preferences"] * 6 + ["popular"] * 6
    assert {item.score for item in answer.items[:6]} == {None}


def test_tags_count_as_categories_do(ask: Say) -> None:
    assert items(ask(tags=["prose"]))[:6] == NOVELS


def test_what_goes_with_the_items_that_are_liked_is_asked_of_the_model(ask: Say) -> None:
    answer = ask(liked=["novel-3", "gone"], categories=["Poetry"])
    assert items(answer)[:3] == NOVELS[:3]
    assert "novel-3" not in items(answer)[:6]
    assert answer.items[0].source == "stated_preferences"


def test_what_is_disliked_is_left_out(ask: Say) -> None:
    assert items(ask(categories=["Novels"], disliked=["novel-0"]))[0] == "novel-1"


def test_what_is_like_the_disliked_is_pushed_away(ask: Say) -> None:
    # To a user of whom nothing is known the poems come first.
    assert set(items(ask(disliked=["poem-0", "poem-1"]))[:4]) <= set(NOVELS)


@pytest.mark.parametrize("said", [{}, {"categories": []}, {"categories": "Novels"}, {"liked": [1, None]}, {"x": 1}])
def test_what_makes_no_sense_says_nothing(ask: Say, said: dict[str, Any]) -> None:
    answer = ask(**said)
    assert answer.cold_start
    assert items(answer) == [*POEMS, *NOVELS]


def test_preferences_may_hold_anything() -> None:
    assert (
        StatedPreferences.of(["a"])
        == StatedPreferences.of(None)
        == StatedPreferences.of({"tags": {"a": 1}})
        == StatedPreferences()
    )


def test_warming_makes_the_same_list(ask: Say, shop: Shop) -> None:
    made = items(ask(categories=["Novels"]))
    warming.warm(everybody=True)
    warmed = serving.recommend(Request("dora", limit=12))
    assert warmed.cache_hit
    assert items(warmed) == made


def test_other_wishes_are_heard_at_once(ask: Say) -> None:
    assert items(ask(categories=["Novels"]))[0] == "novel-0"
    dora = factories.person("dora")
    dora.preferences = {"categories": ["Poetry"]}
    store.save_user(dora, actor=SYSTEM)
    look_again()
    assert items(serving.recommend(Request("dora")))[0] == "poem-0"


def test_what_somebody_does_counts_more_than_what_they_said(ask: Say, shop: Shop) -> None:
    ada = shop.ada
    ada.preferences = {"categories": ["Poetry"]}
    store.save_user(ada, actor=SYSTEM)
    look_again()
    assert items(serving.recommend(Request("ada")))[0] == "novel-0"


@pytest.mark.parametrize(
    ("preferences", "reason"),
    [
        ({"categories": ["Drama", "Novels"]}, "You said you like Novels."),
        ({"tags": ["prose"]}, "You said you like prose."),
        ({"liked": ["novel-3"]}, "It goes with “The book of novel-3”, which you said you like."),
        (
            {"liked": ["novel-3", "novel-1", "novel-2"]},
            "It goes with “The book of novel-3” and “The book of novel-1”, which you said you like.",
        ),
    ],
)
def test_the_reason_is_what_the_user_said(shop: Shop, preferences: dict[str, Any], reason: str) -> None:
    factories.person("dora", preferences=preferences)
    for _ in range(2):
        answer = serving.recommend(Request("dora", limit=12, explain=True))
        assert reasons_of(answer)[0] == reason
        assert reasons_of(answer)[-1] == "Many people like it."


def reasons_of(answer: Answer) -> list[str]:
    return [item.reason.sentence for item in answer.items if item.reason]


def test_without_the_database_the_reason_is_still_the_user_s_own_word(shop: Shop) -> None:
    factories.person("dora", preferences={"categories": ["Novels"]})
    serving.recommend(Request("dora"))
    with no_postgres():
        answer = serving.recommend(Request("dora", limit=1, explain=True))
    assert reasons_of(answer) == ["It fits what you said you like."]


def test_a_minimum_score_leaves_in_what_the_model_scored_by_the_items_that_are_liked(shop: Shop) -> None:
    factories.person("dora", preferences={"liked": ["novel-3"]})
    scores = [item.score for item in serving.recommend(Request("dora", limit=4)).items]
    at_least = scores[1]
    assert at_least
    assert len(serving.recommend(Request("dora", min_score=at_least - 0.001)).items) == 2

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog import store
from catalog.models import Item
from interactions.producers import produce
from recommender.serving import UnknownAlgorithm, telemetry
from recsite.platform.audit import SYSTEM
from tests import factories
from tests.recommender.fixtures import NOVELS, POEMS, Shop, ask, happened, ids, look_again, publish, start_afresh, svd


def test_somebody_the_model_knows_gets_her_own_list(shop: Shop) -> None:
    answer = ask(shop.ada)
    assert ids(answer) == [*NOVELS, *POEMS[:4]]
    assert {place.source for place in answer.items} == {"svd"}
    assert (answer.algorithm, answer.release, answer.cold_start) == ("svd", shop.release.pk, False)
    assert answer.model_version == shop.release.members.get(algorithm="svd").version_id
    assert ids(ask(shop.ben))[0] == "poem-0"


def test_an_answer_carries_what_a_client_shows(shop: Shop) -> None:
    answer = ask(shop.ada, limit=2)
    first, second = answer.items
    assert (first.item_id, first.title, first.rank, second.rank) == ("novel-0", shop.novels[0].title, 1, 2)
    assert first.score == first.predicted_rating == 4.0
    assert answer.recommendation_id.version == 7
    assert answer.recommendation_id != ask(shop.ada).recommendation_id
    assert answer.user_id == "ada"
    assert answer.placement == "default"
    assert timezone.now() - answer.generated_at < timedelta(minutes=1)


def test_predicted_ratings_stay_on_the_scale(shop: Shop) -> None:
    model = svd(shop.novels, shop.poems, [shop.ada, shop.ben])
    model.item_bias[0] = 9
    publish({"svd": model})
    start_afresh()
    first = ask(shop.ada, limit=1).items[0]
    assert (first.score, first.predicted_rating) == (13.0, 5.0)


@pytest.mark.parametrize("user_id", ["cleo", "nobody", "ü" * 255, "{}", "a b\r\nc"])
def test_without_a_history_everybody_gets_what_is_popular(shop: Shop, user_id: str) -> None:
    for hit in (False, True):
        answer = ask(user_id)
        assert ids(answer) == [*POEMS, *NOVELS[:4]]
        assert {place.source for place in answer.items} == {"popular"}
        assert (answer.algorithm, answer.cold_start, answer.cache_hit) == ("popular", True, hit)
        assert answer.items[0].score == 12
        assert answer.items[0].predicted_rating is None


def test_the_first_event_makes_a_strangers_list_her_own(shop: Shop, django_capture_on_commit_callbacks: Any) -> None:
    assert ask("nobody").cold_start
    with django_capture_on_commit_callbacks(execute=True):
        produce([factories.event("nobody", shop.novels[3], "rating", 5)])
    answer = ask("nobody")
    assert ids(answer)[:3] == NOVELS[:3]
    assert "novel-3" not in ids(answer)
    assert {place.source for place in answer.items} == {"fold-in"}
    assert (answer.algorithm, answer.cold_start, answer.cache_hit) == ("svd", False, False)


def test_an_event_that_training_knew_leaves_the_trained_list_in_place(shop: Shop) -> None:
    happened(shop.ada, shop.novels[5], "rating", 5)
    answer = ask(shop.ada)
    assert {place.source for place in answer.items} == {"svd"}
    assert "novel-5" not in ids(answer)


def test_a_newer_event_counts_for_somebody_the_model_knows(shop: Shop, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        produce([factories.event(shop.ada, poem, "rating", 5, at=timezone.now()) for poem in shop.poems[:2]])
        produce([factories.event(shop.ada, novel, "rating", 1, at=timezone.now()) for novel in shop.novels[:2]])
    answer = ask(shop.ada)
    assert ids(answer)[:4] == POEMS[2:]
    assert {place.source for place in answer.items} == {"fold-in"}


def test_an_event_that_came_late_counts_too(shop: Shop, django_capture_on_commit_callbacks: Any) -> None:
    long_ago = timezone.now() - timedelta(days=400)
    with django_capture_on_commit_callbacks(execute=True):
        produce([factories.event(shop.ada, poem, "rating", 5, at=long_ago) for poem in shop.poems[:2]])
    assert {place.source for place in ask(shop.ada).items} == {"fold-in"}


def test_seen_items_never_come_back_whatever_leads(shop: Shop, django_capture_on_commit_callbacks: Any) -> None:
    happened(shop.ada, shop.poems[0])
    happened(shop.cleo, shop.poems[0], "impression")
    for algorithm in ("svd", "popular", "latest", ""):
        assert "poem-0" not in ids(ask(shop.ada, algorithm=algorithm, limit=20))
        assert "poem-0" in ids(ask(shop.cleo, algorithm=algorithm, limit=20))
    with django_capture_on_commit_callbacks(execute=True):
        produce([factories.event(who, shop.poems[1]) for who in (shop.ada, shop.cleo)])
    for algorithm in ("svd", "popular", "latest", ""):
        assert "poem-1" not in ids(ask(shop.ada, algorithm=algorithm, limit=20))
        assert "poem-1" not in ids(ask(shop.cleo, algorithm=algorithm, limit=20))


def test_an_algorithm_of_the_release_can_be_asked_for(shop: Shop) -> None:
    popular = ask(shop.ada, algorithm="popular", limit=20)
    assert ids(popular) == [*POEMS, *NOVELS]
    assert (popular.algorithm, popular.cold_start) == ("popular", False)
    assert popular.model_version == shop.release.members.get(algorithm="popular").version_id
    assert popular.items[0].predicted_rating == 3.0
    assert ids(ask(shop.ada, algorithm="svd")) == ids(ask(shop.ada))
    assert ask(shop.cleo, algorithm="svd").algorithm == "popular"


def test_the_latest_come_first_and_what_has_no_date_last(shop: Shop) -> None:
    now = timezone.now()
    for days, item in enumerate(shop.novels[:3]):
        Item.objects.filter(pk=item.pk).update(published_at=now - timedelta(days=days))
    start_afresh()
    answer = ask(shop.ada, algorithm="latest", limit=20)
    assert ids(answer) == [*NOVELS[:3], *POEMS, *NOVELS[3:]]
    assert [place.source for place in answer.items[:4]] == ["latest", "latest", "latest", "popular"]
    assert (answer.algorithm, answer.model_version) == ("latest", None)


def test_an_unknown_algorithm_is_refused_by_the_names_of_the_known_ones(shop: Shop) -> None:
    with pytest.raises(UnknownAlgorithm, match=r"no algorithm 'magic' .* Known: latest, popular, svd, trending\."):
        ask("ada", algorithm="magic")


def test_what_the_model_does_not_know_fills_the_end_of_a_list(
    shop: Shop, django_capture_on_commit_callbacks: Any
) -> None:
    ask(shop.ada)
    with django_capture_on_commit_callbacks(execute=True):
        store.save_item(Item(item_id="new", title="New", published_at=timezone.now()), actor=SYSTEM)
        store.save_item(Item(item_id="undated", title="Undated"), actor=SYSTEM)
    look_again()
    for answer in (ask(shop.ada, limit=20), ask("nobody", limit=20)):
        assert ids(answer)[-2:] == ["new", "undated"]
        assert [place.source for place in answer.items[-2:]] == ["latest", "latest"]
        assert answer.items[-1].score is None
        assert answer.total_available == len(answer.items) == 14


def test_without_any_model_there_is_still_a_full_list(shop: Shop) -> None:
    shop.release.members.all().delete()
    shop.release.delete()
    start_afresh()
    answer = ask(shop.ada)
    assert len(answer.items) == 10
    assert (answer.algorithm, answer.model_version, answer.release) == ("latest", None, None)
    assert answer.cold_start


def test_a_release_of_popularity_alone_serves_everybody(shop: Shop) -> None:
    shop.release.members.filter(algorithm="svd").delete()
    start_afresh()
    answer = ask(shop.ada)
    assert (answer.algorithm, ids(answer)[0]) == ("popular", "poem-0")
    assert answer.items[0].predicted_rating is None


def test_a_cached_answer_asks_the_database_nothing(shop: Shop, django_assert_num_queries: Any) -> None:
    happened(shop.ada, shop.novels[0])
    for who in (shop.ada, shop.cleo, "nobody"):
        ask(who)
        with django_assert_num_queries(0):
            assert ask(who).cache_hit
        with django_assert_num_queries(0):
            assert ask(who, categories=["Poetry"], limit=3).cache_hit


def test_a_list_that_must_be_made_costs_a_few_queries(shop: Shop, django_assert_num_queries: Any) -> None:
    ask(shop.ben)
    with django_assert_num_queries(2):
        ask(shop.ada)
    # For a user without events, the stated preferences are read as well.
    with django_assert_num_queries(3):
        ask(shop.cleo)
    # Of a stranger it is asked, too, whether the id was erased.
    with django_assert_num_queries(2):
        ask("nobody")


def test_answers_are_counted_and_timed_by_the_algorithm_that_leads(shop: Shop) -> None:
    def counts() -> list[float]:
        samples = telemetry.generated.labels("svd")._child_samples()
        made = next(sample.value for sample in samples if sample.name == "_count")
        return [telemetry.cache_hits._value.get(), telemetry.cache_misses._value.get(), made]

    before = counts()
    for _ in range(3):
        ask(shop.ada)
    assert [after - earlier for after, earlier in zip(counts(), before, strict=True)] == [2, 1, 3]

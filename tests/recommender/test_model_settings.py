"""Settings of models and lists that the environment gives: each changes something, and staff's own choice wins."""

from typing import Any

import pytest

from catalog.models import Item
from recommender import cache, serving
from recommender.models import ModelVersion
from recommender.serving import Request, warming
from recommender.serving.candidates import current_context, vectors
from recommender.training import train
from recsite.platform import redis
from tests import factories
from tests.recommender.events import ratings
from tests.recommender.fixtures import Shop, set_placement, start_afresh

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def seconds_left(user_id: str) -> int:
    """Return how long the list of a user is kept."""
    context = current_context()
    leader = context.release.leader
    algorithm = leader.algorithm if leader else "popular"
    keys = cache.keys_of(user_id, context.list_digest(algorithm), algorithm)
    return int(redis.roundtrip(("TTL", keys.candidates))[0])


def test_a_list_of_what_a_user_said_is_kept_for_a_time_of_its_own(shop: Shop, settings: Any) -> None:
    settings.USER_PREFERENCE_CACHE_TTL_SECS = 120
    factories.person("dora", preferences={"categories": ["Novels"]})
    assert serving.recommend(Request("dora")).items[0].source == "stated_preferences"
    serving.recommend(Request(shop.ada.user_id))
    assert seconds_left("dora") <= 120 < seconds_left(shop.ada.user_id)


def test_nmf_takes_its_factors_and_its_seed_from_the_environment(model_folders: None, settings: Any) -> None:
    ratings(people=10, items=6)
    settings.NMF_N_COMPONENTS, settings.NMF_RANDOM_STATE = 3, 7
    train.train(["nmf"], promote=False)
    version = ModelVersion.objects.get(algorithm="nmf")
    assert (version.settings["n_factors"], version.seed) == (3, 7)
    train.train(["nmf"], promote=False, seed=5, settings={"nmf": {"n_factors": 2}})
    version = ModelVersion.objects.filter(algorithm="nmf").latest("pk")
    assert (version.settings["n_factors"], version.seed) == (2, 5)


def test_the_weight_of_content_holds_where_a_placement_has_none(model_folders: None, settings: Any) -> None:
    ratings(people=20, items=12)
    train.train(["svd", "popular", "hybrid"])
    start_afresh()
    learned = serving.recommend(Request("reader-0"))
    settings.CONTENT_BASED_WEIGHT = 1.0
    by_content = serving.recommend(Request("reader-0"))
    assert by_content.items == serving.recommend(Request("reader-0", content_weight=1.0)).items
    assert [item.score for item in by_content.items] != [item.score for item in learned.items]
    warming.warm(everybody=True)
    assert serving.recommend(Request("reader-1")).cache_hit
    set_placement(content_weight=0.0)
    start_afresh()
    own = serving.recommend(Request("reader-0"))
    assert own.items == serving.recommend(Request("reader-0", content_weight=0.0)).items


def test_similar_items_by_content_are_as_alike_as_the_threshold_asks(model_folders: None, settings: Any) -> None:
    ratings(people=20, items=12)
    for number, book in enumerate(Item.objects.order_by("pk")):
        book.categories = [("Poetry", "Novels")[number % 2]]
        book.save()
    train.train(["svd", "popular", "content"])
    start_afresh()
    vectors.refresh()
    every = vectors.by_content(current_context(), 0, 11)
    threshold = float(sorted(every.scores)[-3])
    settings.SIMILARITY_THRESHOLD = threshold
    near = vectors.by_content(current_context(), 0, 11)
    assert len(near) < len(every)
    assert (near.scores >= threshold).all()

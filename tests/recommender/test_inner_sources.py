"""A source inside the hybrid can lead a list alone."""

from typing import Any

import numpy as np
import pytest

from catalog.models import EndUser, Item
from recommender import serving
from recommender.engine.forms.hybrid import HybridModel
from recommender.serving import Answer, Request, UnknownAlgorithm
from recommender.serving.candidates import live
from recommender.training import train
from tests.recommender.events import ratings
from tests.recommender.fixtures import start_afresh

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture(autouse=True)
def release(model_folders: None) -> None:
    """Train everything on people with tastes."""
    ratings(people=30)
    train.train(train.EVERYTHING)
    start_afresh()


def ask(user_id: str, **rest: Any) -> Answer:
    return serving.recommend(Request(user_id, **rest))


@pytest.mark.parametrize("source", ["ease", "item_knn", "als", "content"])
def test_a_source_inside_the_hybrid_leads_a_list_alone(source: str) -> None:
    member = live().members["hybrid"]
    assert isinstance(member.model, HybridModel)
    model = member.model.sources[source]
    item = Item.objects.order_by("pk")[0]
    for _ in range(2):
        # Made, then from the cache.
        for answer in (
            ask("reader-0", algorithm=source, explain=True),
            serving.similar(Request(items=(item.item_id,), algorithm=source)),
            serving.session(Request(items=(item.item_id,), algorithm=source)),
        ):
            assert (answer.algorithm, answer.model_version) == (source, member.version)
            assert answer.items[0].source in (source, "fold-in")
    ranked = ask("reader-0", algorithm=source).items
    user = model.user_ids.rows(np.array([EndUser.objects.get(user_id="reader-0").pk]))
    scores = model.score(user)[0]
    pks = dict(Item.objects.values_list("item_id", "pk"))
    own = [one for one in ranked if one.source == source]
    assert own
    expected = [scores[model.item_ids.rows(np.array([pks[one.item_id]]))[0]] for one in own]
    assert [one.score for one in own] == pytest.approx(expected, abs=1e-3)
    assert expected == sorted(expected, reverse=True)


def test_a_source_that_knows_no_similar_items_leads_no_list_of_them() -> None:
    known = "als, bpmf, content, ease, hybrid, item_knn, svd"
    with pytest.raises(UnknownAlgorithm, match=f"no algorithm 'popular' in the live release. Known: {known}."):
        serving.similar(Request(items=(Item.objects.all()[0].item_id,), algorithm="popular"))

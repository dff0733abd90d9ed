"""The hybrid in service: trained, leading, folding in, warmed, and carried elsewhere."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from catalog.models import EndUser, Item
from interactions.producers import produce
from recommender import registry, serving
from recommender.engine.forms.hybrid import HybridModel
from recommender.engine.forms.sampled_factors import SampledFactorModel
from recommender.models import ModelVersion, Release
from recommender.registry.exceptions import CannotTrain
from recommender.serving import Answer, Request, placements, warming
from recommender.serving.answers import context_for
from recommender.serving.candidates import current_context, live
from recommender.serving.candidates.context import MOST_WEIGHTS
from recommender.training import train
from tests import factories
from tests.outages import no_postgres
from tests.recommender.events import ratings
from tests.recommender.fixtures import set_placement, start_afresh

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture(autouse=True)
def release(model_folders: None) -> Release:
    """Everything, trained on people with tastes: whoever is even likes even items."""
    ratings(people=30)
    made = train.train(train.EVERYTHING)
    start_afresh()
    return made


def leader() -> str:
    return getattr(live().leader, "algorithm", "")


def refuse(*asked: Any) -> None:
    raise AssertionError("The model was asked.")


def ask(user_id: str, **rest: Any) -> Answer:
    return serving.recommend(Request(user_id, **rest))


def test_it_leads_the_release_beside_the_rating_model(release: Release) -> None:
    assert set(live().members) == {"svd", "popular", "hybrid", "bpmf"}
    assert leader() == "hybrid"
    assert getattr(live().rating_model, "algorithm", None) == "bpmf"
    version = ModelVersion.objects.get(algorithm="hybrid")
    assert version.metrics["metrics"]["ndcg_at_10"] > 0
    assert version.settings["sources"] == ["ease", "item_knn", "als", "content", "segment_popular", "popular"]


def test_lists_are_its_own_and_ratings_the_rating_model_s() -> None:
    answer = ask("reader-0")
    assert answer.algorithm == "hybrid"
    assert {place.source for place in answer.items} <= {"hybrid", "popular", "latest"}
    for place in answer.items:
        assert place.predicted_rating is not None
        assert place.uncertainty is not None
        assert place.confidence_interval is not None
        low, high = place.confidence_interval
        assert 1 <= low < place.predicted_rating < high <= 5
        assert low in (1, pytest.approx(place.predicted_rating - 1.96 * place.uncertainty, abs=1e-3))


def test_a_cached_answer_reads_its_ratings_and_asks_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    made = ask("reader-0")
    monkeypatch.setattr(SampledFactorModel, "predict", refuse)
    cached = ask("reader-0")
    assert (made.cache_hit, cached.cache_hit) == (False, True)
    assert cached.items == made.items


def test_below_the_ratings_that_are_stored_the_model_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ask("reader-0", limit=10).items
    start_afresh()
    # The package has a function of the module's name.
    monkeypatch.setattr(import_module("recommender.serving.candidates.ratings"), "RATED_AHEAD", 4)
    for _ in range(2):
        assert ask("reader-0", limit=10).items == whole


def test_warmed_lists_hold_their_ratings(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = ask("reader-0").items
    start_afresh()
    warming.warm(EndUser.objects.filter(user_id="reader-0"))
    monkeypatch.setattr(SampledFactorModel, "predict", refuse)
    assert ask("reader-0").items == alone


def test_a_list_that_a_model_leads_quotes_the_ratings_of_that_model() -> None:
    by_svd = ask("reader-0", algorithm="svd", limit=5)
    for item in by_svd.items:
        assert item.score == pytest.approx(item.predicted_rating, abs=1e-3)
        assert item.uncertainty is None
    cleo = factories.person("cleo")
    produce([factories.event(cleo, Item.objects.order_by("pk")[0], "rating", 5.0)])
    for _ in range(2):
        for item in ask("cleo", algorithm="svd", limit=5).items:
            assert item.score == pytest.approx(item.predicted_rating, abs=1e-3)
    assert all(item.uncertainty for item in ask("reader-0", algorithm="bpmf", limit=5).items)


def test_weights_blend_the_hybrid_alone() -> None:
    answer = ask("reader-0", limit=5)
    set_placement(content_weight=0.9)
    start_afresh()
    assert context_for(placements.find(), Request("reader-0", algorithm="svd")).variant == ""
    assert context_for(placements.find(), Request("reader-0")).variant == "~0.90"
    assert answer.algorithm == "hybrid"


def test_without_bpmf_ratings_come_without_an_interval(release: Release) -> None:
    release.members.get(algorithm="bpmf").delete()
    registry.promote(registry.bundle([]))
    start_afresh()
    place = ask("reader-0").items[0]
    assert place.predicted_rating is not None
    assert (place.uncertainty, place.confidence_interval) == (None, None)


def test_an_hourly_training_leaves_it_in_the_lead(release: Release) -> None:
    train.train()
    start_afresh()
    assert live().number != release.pk
    assert ask("reader-0").algorithm == "hybrid"


def test_what_happened_since_is_folded_in_and_not_taken_for_a_rating() -> None:
    cleo, liked = factories.person("cleo"), Item.objects.order_by("pk")[0]
    produce([factories.event(cleo, liked, "rating", 5.0)])
    answer = ask("cleo", limit=5)
    assert not answer.cold_start
    assert {place.source for place in answer.items} == {"fold-in"}
    assert liked.item_id not in {place.item_id for place in answer.items}


def test_each_place_has_its_reason() -> None:
    answer = ask("reader-0", limit=5, explain=True)
    events = EndUser.objects.get(user_id="reader-0").interactions
    history = set(events.filter(value__gte=4).values_list("item__title", flat=True))
    assert any(place.reason and place.reason.because for place in answer.items)
    for place in answer.items:
        assert place.reason is not None
        if not place.reason.because:
            continue
        assert place.reason.sentence.startswith("Because you liked “") == bool(place.reason.because)
        assert {one.title for one in place.reason.because} <= history
        shares = [one.share for one in place.reason.because]
        assert shares == sorted(shares, reverse=True)
        assert 0 < sum(shares) <= 1.001
        assert place.reason.sources is not None
        assert place.score == pytest.approx(sum(place.reason.sources.values()), abs=0.01)


def test_a_reason_names_what_weighs_most() -> None:
    for number in range(8):
        for place in ask(f"reader-{number}", limit=10, explain=True).items:
            assert place.reason
            assert place.reason.sources is not None
            crowd = sum(place.reason.sources.get(name, 0) for name in ("popular", "segment_popular"))
            is_popular = crowd > sum(place.reason.sources.values()) - crowd + 0.001
            assert not (is_popular and place.reason.because)
            assert not is_popular or place.reason.sentence == "Many people like it."


def test_dislikes_alone_push_away_what_is_like_them_and_explain_nothing() -> None:
    cleo, items = factories.person("cleo"), list(Item.objects.order_by("pk"))
    even = items[0:6:2]
    for item in even:
        produce([factories.event(cleo, item, "view"), factories.event(cleo, item, "rating", 1.0)])
        produce([factories.event(cleo, item, "dislike")])
    answer = ask("cleo", limit=5, explain=True)
    assert {place.source for place in answer.items} == {"fold-in"}
    disliked = {item.item_id for item in items[0::2]}
    unknown = {place.item_id for place in ask("nobody", limit=5).items}
    assert len({place.item_id for place in answer.items} & disliked) <= len(unknown & disliked)
    assert {place.reason.sentence for place in answer.items if place.reason} <= {
        "It is unlike what you disliked.",
        "Many people like it.",
    }
    assert all(place.reason and not place.reason.because for place in answer.items)


def test_without_the_database_a_reason_is_by_the_source() -> None:
    ask("reader-0")
    with no_postgres():
        answer = ask("reader-0", limit=3, explain=True)
    assert answer.cache_hit
    assert {place.reason.sentence.split(" ")[0] for place in answer.items if place.reason} <= {"You", "It", "Many"}


def test_weights_of_the_request_blend_anew_and_are_cached_apart() -> None:
    for number, book in enumerate(Item.objects.order_by("pk")):
        book.tags = [("even", "odd")[number % 2]]
        book.save()
    train.train(["hybrid"], settings={"hybrid": {"sources": ["ease", "content", "popular"]}})
    start_afresh()
    usual = ask("reader-0", explain=True)
    content, people = (ask("reader-0", content_weight=weight, explain=True) for weight in (1.0, 0.0))
    for answer, silent in ((content, ("ease", "popular")), (people, ("content",))):
        for place in answer.items:
            assert place.reason
            assert place.reason.sources
            assert all(place.reason.sources.get(name, 0) == 0 for name in silent)
    again = ask("reader-0", content_weight=1.0)
    assert again.cache_hit
    assert [place.item_id for place in again.items] == [place.item_id for place in content.items]
    assert [place.item_id for place in ask("reader-0").items] == [place.item_id for place in usual.items]


def test_ratings_of_newcomers_are_kept_with_their_lists() -> None:
    cleo, liked = factories.person("cleo"), Item.objects.order_by("pk")[0]
    produce([factories.event(cleo, liked, "rating", 5.0)])
    made, kept = ask("cleo", limit=5), ask("cleo", limit=5)
    assert kept.cache_hit
    assert kept.items == made.items
    assert all(place.confidence_interval for place in made.items)
    warming.warm(everybody=True)
    warmed = ask("cleo", limit=5)
    assert [place.predicted_rating for place in warmed.items] == pytest.approx(
        [place.predicted_rating for place in made.items], abs=1e-3
    )


def test_warmed_lists_are_those_that_are_made_when_somebody_asks() -> None:
    before = {name: ask(name) for name in ("reader-0", "reader-7")}
    start_afresh()
    warming.warm(everybody=True)
    for name, answer in before.items():
        warmed = ask(name)
        assert warmed.cache_hit
        assert [place.item_id for place in warmed.items] == [place.item_id for place in answer.items]


@pytest.mark.parametrize("algorithm", ["ease", "item_knn", "als"])
def test_a_source_can_be_trained_and_asked_by_itself(algorithm: str) -> None:
    train.train([algorithm])
    start_afresh()
    answer = ask("reader-0", algorithm=algorithm)
    assert answer.algorithm == algorithm
    assert answer.items[0].source == algorithm
    assert leader() == "hybrid"


def test_it_is_exported_and_comes_back_as_it_was(tmp_path: Path) -> None:
    version = ModelVersion.objects.get(algorithm="hybrid")
    registry.export(version, tmp_path / "carried")
    imported = registry.import_artifact(tmp_path / "carried")
    registry.promote(imported.release)
    before = live().members["hybrid"].model
    start_afresh()
    after = live().members["hybrid"].model
    assert isinstance(after, HybridModel)
    assert live().members["hybrid"].version == imported.version.pk
    rows = np.arange(4, dtype=np.int32)
    np.testing.assert_array_equal(after.score(rows), before.score(rows))


def test_its_sources_may_be_chosen() -> None:
    train.train(["hybrid"], settings={"hybrid": {"sources": ["item_knn", "popular"]}})
    start_afresh()
    model = live().members["hybrid"].model
    assert isinstance(model, HybridModel)
    assert list(model.sources) == ["item_knn", "popular"]
    with pytest.raises(CannotTrain, match="There is no algorithm called 'nothing'"):
        train.train(["hybrid"], settings={"hybrid": {"sources": ["nothing"]}})
    with pytest.raises(CannotTrain, match="a list of names is needed"):
        train.train(["hybrid"], settings={"hybrid": {"sources": 3}})


def test_a_process_keeps_few_contexts_whatever_weights_clients_ask_for(release: Release) -> None:
    context = current_context()
    for percent in range(0, 100, 5):
        assert context.with_content_weight(percent / 100) is context.with_content_weight(percent / 100)
    assert len(context._by_content_weight) == MOST_WEIGHTS

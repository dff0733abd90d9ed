"""Two releases are compared by the same held-out events, or not at all."""

from typing import Any

import pytest

from recommender.models import Release
from recommender.operations import same_events
from recommender.operations.compare import Side
from recommender.operations.release_words import how_good_beside
from recommender.operations.same_events import NDCG, RMSE
from tests import factories
from tests.admin.staff import Staff
from tests.recommender.test_compare import measured

pytestmark = pytest.mark.django_db
LEADS = {"svd": 1.0}


def release(algorithm: str, metrics: dict[str, Any], replaced: Side | None = None, **settings: Any) -> Side:
    version = factories.model_version(algorithm, metrics=metrics, settings=settings)
    made = factories.release(version, state=Release.State.ARCHIVED, weights=LEADS)
    if replaced:
        Release.objects.filter(pk=made.pk).update(replaced=replaced.number)
    return Side.of("release", made.pk)


def beside(name: str, ndcg: float, rmse: float | None = None) -> dict[str, Any]:
    return {"beside": {name: {"ndcg_at_10": ndcg, "rmse": rmse}}}


def test_figures_of_other_events_say_nothing() -> None:
    one = release("svd", measured(0.3) | beside("popular", 0.15), lr=1)
    other = release("svd", measured(0.1, data_hash="newer") | beside("popular", 0.04), one, lr=2)
    found = same_events.compare(NDCG, one, other)
    assert (found.difference, found.why_not) == (None, f"{one.number} was judged by other events")
    said = f"those of release {one.number} were judged by other events: 2 times as good as popularity."
    assert how_good_beside(other, one) == (
        f"Its lists are 2.5 times as good as popularity (nDCG@10 0.1 beside 0.04); {said}"
    )


def test_what_the_gate_judged_beside_it_was_judged_by_the_same() -> None:
    one = release("svd", measured(0.3), lr=1)
    better, same = (
        release("svd", measured(0.1, data_hash="x") | beside("live", ndcg), one, lr=2) for ndcg in (0.08, 0.09)
    )
    found = same_events.compare(NDCG, one, better).difference
    assert found is not None
    assert (found.a, found.b, found.better) == (0.08, 0.1, "b")
    assert how_good_beside(better, one).endswith(f"and better than those of release {one.number}.")
    # Two half widths of 0.01 make one of 0.0141.
    found = same_events.compare(NDCG, one, same).difference
    assert found is not None
    assert found.better == ""
    worse = release("svd", measured(0.1, data_hash="x", rmse=1.0) | beside("live", 0.1, 0.9), one, lr=2)
    rmse = same_events.compare(RMSE, one, worse).difference
    assert rmse is not None
    assert rmse.better == "a"


def test_popularity_is_beside_every_model() -> None:
    one = release("popular", measured(0.3))
    other = release("svd", measured(0.1, data_hash="x") | beside("popular", 0.04))
    found = same_events.compare(NDCG, one, other).difference
    assert found is not None
    assert (found.a, found.better) == (0.04, "b")


def test_the_same_recipe_on_newer_events_is_no_other_model() -> None:
    one = release("svd", measured(0.3), lr=1)
    other = release("svd", measured(0.1, data_hash="x") | beside("live", 0.08), one, lr=1)
    found = same_events.compare(NDCG, one, other)
    assert found.why_not == f"same settings as {one.number}, newer events"


def test_the_comparison_calls_neither_better() -> None:
    one = release("svd", measured(0.3) | beside("popular", 0.15), lr=1)
    other = release("svd", measured(0.1, data_hash="newer") | beside("popular", 0.04), one, lr=2)
    page = Staff("viewer", "view").page("/admin/compare/", a=one.number, b=other.number)
    said = "Which lists are better can't be said, since each was judged by other events"
    assert f"{said}: those of {other.title} 2.5 times as good as popularity and those of {one.title} 2 times" in page
    assert "is better, surely" not in page
    assert "In words" not in page

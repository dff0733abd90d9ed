"""Two releases are compared by the same held-out events, or not at all."""

import html
import re
from typing import Any

import pytest

from recommender.models import Release
from recommender.operations import same_events
from recommender.operations.release_words import how_good_beside
from recommender.operations.same_events import NDCG, RMSE
from recommender.operations.sides import Side
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


def gate(rival: Side, ndcg: float, rmse: float | None = None) -> dict[str, Any]:
    """What a training keeps of the model that was live: whose settings they were, and what they reached."""
    assert rival.leader
    return beside("live", ndcg, rmse) | {
        "rival": {"algorithm": rival.leader.algorithm, "settings": rival.leader.settings}
    }


def comparison(one: Side, other: Side) -> str:
    answer = Staff("viewer", "view").get("/admin/compare/", a=one.number, b=other.number)
    return html.unescape(answer.content.decode())


def rows(page: str) -> dict[str, str]:
    """The first table of a page: its rows in words, by their names."""
    found = re.findall(r"<tr>(.*?)</tr>", page.split('id="figures"')[1].split("</table>")[0], re.DOTALL)
    cells = [[" ".join(re.sub("<[^>]*>", " ", cell).split()) for cell in re.split("</t[hd]>", row)] for row in found]
    return {cell[0]: " | ".join(cell[1:]).strip(" |") for cell in cells}


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
    better, same = (release("svd", measured(0.1, data_hash="x") | gate(one, ndcg), one, lr=2) for ndcg in (0.08, 0.09))
    found = same_events.compare(NDCG, one, better).difference
    assert found is not None
    assert (found.a, found.b, found.better) == (0.08, 0.1, "b")
    assert how_good_beside(better, one).endswith(f"and better than those of release {one.number}.")
    # Two half widths of 0.01 make one of 0.0141.
    found = same_events.compare(NDCG, one, same).difference
    assert found is not None
    assert found.better == ""
    worse = release("svd", measured(0.1, data_hash="x", rmse=1.0) | gate(one, 0.1, 0.9), one, lr=2)
    rmse = same_events.compare(RMSE, one, worse).difference
    assert rmse is not None
    assert rmse.better == "a"


def test_the_gate_has_judged_the_settings_whichever_release_has_them() -> None:
    one = release("svd", measured(0.3), lr=1)
    tried = release("svd", measured(0.1, data_hash="x") | gate(one, 0.2), one, lr=2)
    again = release("svd", measured(0.25, data_hash="y"), tried, lr=1)
    # The newer one was never judged beside the older, but the older beside the settings of the newer.
    found = same_events.compare(NDCG, tried, again).difference
    assert found is not None
    assert (found.a, found.b, found.better) == (0.1, 0.2, "b")
    assert found.interval == pytest.approx((0.1 - 0.01414, 0.1 + 0.01414), abs=1e-4)


def test_what_was_live_at_the_training_is_not_always_what_was_replaced() -> None:
    one, then_live = release("svd", measured(0.3), lr=1), release("svd", measured(0.3), lr=3)
    made = release("svd", measured(0.1, data_hash="x") | gate(then_live, 0.2), one, lr=2)
    found = same_events.compare(NDCG, one, made)
    assert (found.difference, found.why_not) == (None, f"{one.number} was judged by other events")


def test_the_table_says_what_the_sentence_says() -> None:
    one = release("svd", measured(0.05, rmse=0.8), lr=1)
    other = release("svd", measured(0.1, data_hash="x", rmse=0.9) | gate(one, 0.2, 1.0), one, lr=2)
    page = comparison(one, other)
    # Of its own events the older one has an RMSE of 0.8 and an nDCG of 0.05, which says nothing here.
    assert f"{other.title} makes worse lists, surely: nDCG@10 0.100 against 0.200." in page
    assert f"{other.title} makes better ratings, surely: RMSE 0.900 against 1.000." in page
    told = rows(page)
    assert told["nDCG@10"].startswith("0.200 | 0.100 | ")
    assert told["nDCG@10"].endswith("A is better, surely")
    assert told["RMSE"].startswith("1.000 | 0.900 | ")
    assert told["RMSE"].endswith("B is better, surely")
    assert "that figure stands for A" in page
    slices = page.split("By how many items the user had")[1].split("</table>")[0]
    assert "judged by different events" in slices
    assert "better, surely" not in slices


def test_ratings_of_other_events_are_not_compared_though_the_lists_are() -> None:
    lists = factories.model_version("popular", metrics=measured(0.1))
    old, new = (
        factories.model_version("svd", metrics=measured(0.1, rmse=rmse, data_hash=data), settings={"lr": rmse})
        for rmse, data in ((0.8, "x"), (0.9, "y"))
    )
    a, b = (
        factories.release(lists, rater, state=Release.State.ARCHIVED, weights={"popular": 1.0}) for rater in (old, new)
    )
    page = comparison(Side.of("release", a.pk), Side.of("release", b.pk))
    assert "Both make equally good lists" in page
    assert "ratings" not in page.split("rs-answer-first")[1].split("</p>")[0]
    assert rows(page)["RMSE"].endswith("judged by different events")


def test_popularity_is_beside_every_model() -> None:
    one = release("popular", measured(0.3))
    other = release("svd", measured(0.1, data_hash="x") | beside("popular", 0.04))
    found = same_events.compare(NDCG, one, other).difference
    assert found is not None
    assert (found.a, found.better) == (0.04, "b")


def test_the_same_recipe_on_newer_events_is_no_other_model() -> None:
    one = release("svd", measured(0.3), lr=1)
    other = release("svd", measured(0.1, data_hash="x") | beside("popular", 0.08), one, lr=1)
    found = same_events.compare(NDCG, one, other)
    assert found.why_not == f"same settings as {one.number}, newer events"
    said = Staff("viewer", "view").page("/admin/compare/", a=one.number, b=other.number)
    assert "be said yet: both have the same settings, and the newer one has learned from newer events" in said
    assert "an experiment between the two can." in said
    assert f"release {one.number} has the same settings and learned from earlier events" in how_good_beside(other, one)


def test_the_comparison_calls_neither_better() -> None:
    one = release("svd", measured(0.3) | beside("popular", 0.15), lr=1)
    other = release("svd", measured(0.1, data_hash="newer") | beside("popular", 0.04), one, lr=2)
    page = Staff("viewer", "view").page("/admin/compare/", a=one.number, b=other.number)
    assert "Which lists are better can't be said yet: each was judged by other events, and neither by" in page
    assert f"those of {other.title} 2.5 times as good as popularity and those of {one.title} 2 times" in page
    assert "is better, surely" not in page

"""Lists that follow the latest events, and those that two rankings were drafted into, are made again too."""

from typing import Any

import pytest

from recommender import serving
from recommender.insight.experiments import verbs
from recommender.models import CoPurchase, Experiment, ListImpression
from recommender.serving import Request
from recsite.platform.audit import SYSTEM
from tests.recommender.experiment_fixtures import begin
from tests.recommender.fixtures import Shop, ask, ids, look_again, set_placement, start_afresh
from tests.recommender.test_explain_list import explained, is_equal
from tests.recommender.test_windows_of_trending import did, settle

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def bought(*pairs: tuple[Any, Any, int]) -> None:
    """Count that so many users bought both."""
    for item, other, users in pairs:
        low, high = sorted((item.pk, other.pk))
        CoPurchase.objects.create(item_id=low, other_id=high, users=users)


def test_what_is_bought_together_is_equal_until_somebody_buys(shop: Shop) -> None:
    first, second, third = shop.novels[:3]
    CoPurchase.objects.create(item_id=0, other_id=0, users=9)
    bought((first, first, 6), (second, second, 6), (third, third, 9), (first, second, 5), (first, third, 4))
    start_afresh()
    whole = serving.bought_together(Request(items=["novel-0"], limit=5))
    few = serving.bought_together(Request(items=["novel-0"], limit=5, min_support=5))
    assert [[one.item_id for one in answer.items] for answer in (whole, few)] == [["novel-1", "novel-2"], ["novel-1"]]
    for answer in (whole, few):
        again = explained(answer).again  # type: ignore[arg-type]  # it has the id of what was shown
        assert again.is_equal, again
    CoPurchase.objects.filter(item_id=second.pk, other_id=second.pk).update(users=60)
    again = explained(whole).again  # type: ignore[arg-type]
    assert again.is_equal is False
    assert {one.why for one in again.differences} == {
        "It is made by what is bought together now: the counts of then are not kept."
    }


def test_what_is_trending_is_equal_until_something_else_is(shop: Shop) -> None:
    did("ben", "poem-3", "purchase")
    settle()
    start_afresh()
    answer = ask("", algorithm="trending", limit=4)
    assert ids(answer)[0] == "poem-3"
    is_equal(answer)
    for person in ("ada", "cleo"):
        did(person, "novel-4", "purchase")
    settle()
    start_afresh()
    again = explained(answer).again
    assert again.is_equal is False
    assert {one.why for one in again.differences} == {
        "It is made by the events of the last days: what was counted then is not kept."
    }


def test_a_drafted_list_is_equal_on_every_page_and_after_its_experiment_has_ended(shop: Shop) -> None:
    rules = [{"does": "pin", "item": "poem-5", "position": 2}, {"does": "boost", "filter": "is_new", "factor": 3}]
    set_placement(rules=rules, max_per_category=4)
    experiment = begin(kind="interleaving")
    answers = [ask("ada", limit=3, offset=at) for at in (0, 3)] + [ask(one, limit=6) for one in ("ben", "visitor")]
    assert {answer.variant for answer in answers} == {"leads:interleaved"}
    verbs.stop(experiment, actor=SYSTEM)
    set_placement(rules=[])
    look_again()
    start_afresh()
    for answer in answers:
        is_drafted_again(answer)
    Experiment.objects.all().delete()
    assert "The experiment that drafted two rankings into it was deleted." in explained(answers[0]).again.sentence
    assert ListImpression.objects.exclude(teams="").count() == len(answers)


def is_drafted_again(answer: Any) -> None:
    found = explained(answer).again
    assert found.is_equal, found

"""A list that was shown, explained and made again: equal for every list of an unchanged catalogue."""

from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from catalog import opting_out, store
from catalog.models import Item
from recommender import registry, serving
from recommender.insight.impressions import recording
from recommender.models import ListImpression, ModelVersion, Release
from recommender.operations import explain_list
from recommender.operations.explain_list import ExplainedList
from recommender.serving import Answer, Request
from recsite.platform import audit
from tests import factories
from tests.admin.staff import Staff
from tests.recommender.fixtures import Models, Shop, ask, happened, popular, publish, set_placement, start_afresh, svd

pytestmark = pytest.mark.django_db


def explained(answer: Answer) -> ExplainedList:
    recording.flush()
    return explain_list.explain_list(answer.recommendation_id)


def is_equal(answer: Answer) -> None:
    found = explained(answer)
    assert found.again.is_equal, (found.again, [one.title for one in found.items])
    assert [one.item_id for one in found.items] == [one.item_id for one in answer.items]
    assert [one.source for one in found.items] == [one.source for one in answer.items]


@pytest.fixture
def other(shop: Shop) -> Release:
    models: Models = {
        "svd": svd(shop.poems, shop.novels, [shop.ada, shop.ben]),
        "popular": popular(shop.novels + shop.poems),
    }
    return publish(models, promote=False)


def every_list(shop: Shop) -> list[Answer]:
    """Lists of users who are known, folded in and unknown, of two pages, of each source."""
    return [
        *(ask(person) for person in (shop.ada, shop.ben, shop.cleo, "nobody")),
        ask(shop.ada, limit=4),
        ask(shop.ada, limit=4, offset=4),
        ask(shop.ada, algorithm="popular"),
        ask(shop.ada, algorithm="latest", limit=3),
        serving.recommend(Request(algorithm="popular", limit=5)),
        ask(shop.ada, limit=4, exclude=("novel-1", "poem-0")),
        ask(shop.ada, limit=4, filter='category == "Poetry"'),
        ask(shop.ada, limit=4, diversity=0.9),
        ask(shop.ada, limit=6, max_per_category=2, min_score=1.0),
        ask(shop.ben, limit=3, offset=2, tags=["prose"], diversity=0.3),
        ask(shop.ben, limit=3, item_type="poem", every_category=["Poetry"]),
        serving.similar(Request(items=("novel-2",), limit=4)),
        serving.similar(Request(items=("poem-2",), limit=4, method="content", exclude=("poem-0",))),
        serving.session(Request(items=("novel-2", "spoon", "poem-1"), limit=4, offset=1)),
    ]


def test_every_list_of_an_unchanged_catalogue_is_equal_after_a_promotion_and_a_rollback(
    shop: Shop, other: Release
) -> None:
    happened(shop.ada, shop.novels[2], "purchase", days_ago=1)
    happened(shop.cleo, shop.poems[1], "rating", 5, days_ago=0.01)
    start_afresh()
    answers = every_list(shop)
    registry.promote(other)
    start_afresh()
    answers += every_list(shop)
    registry.rollback()
    start_afresh()
    answers += every_list(shop)
    # What they do afterwards changes no list of before.
    happened(shop.ada, shop.novels[0], "purchase", days_ago=-0.01)
    start_afresh()
    assert {answer.release for answer in answers} == {shop.release.pk, other.pk}
    for answer in answers:
        is_equal(answer)


def test_new_items_that_were_tried_are_taken_as_they_are_recorded(shop: Shop) -> None:
    set_placement(new_item_share=0.25)
    for number in range(3):
        factories.item(f"new-{number}", categories=["Novels"])
    start_afresh()
    answer = ask(shop.ada, limit=8)
    assert "exploration" in {one.source for one in answer.items}
    is_equal(answer)


def test_what_differs_is_named_with_the_reason(shop: Shop) -> None:
    answer = ask(shop.ada, limit=4)
    recording.flush()
    Item.objects.filter(pk=shop.novels[1].pk).update(is_available=False)
    start_afresh()
    found = explained(answer).again
    assert found.is_equal is False
    assert [(one.rank, one.was, one.now) for one in found.differences] == [
        (2, "The book of novel-1", "The book of novel-2"),
        (3, "The book of novel-2", "The book of novel-3"),
        (4, "The book of novel-3", "The book of novel-4"),
    ]
    assert [one.why for one in found.differences] == [
        "It is hidden: staff, or whoever keeps the catalogue, took it out of all lists.",
        "It moved, as others came or went.",
        "It takes the place of what is gone.",
    ]


def test_an_items_state_of_then_is_read_from_the_record_of_changes(shop: Shop) -> None:
    answer = ask(shop.ada, limit=2)
    recording.flush()
    rename(shop.novels[0], "Another title")
    rename(shop.novels[0], "A third title")
    found = explained(answer)
    assert list(found.items[0].changes) == ["title was The book of novel-0, is A third title"]
    assert list(found.items[1].changes) == []


def rename(item: Item, title: str) -> None:
    item.title = title
    store.write_item(item, actor=audit.SYSTEM)


def test_what_can_not_be_made_again_says_why(shop: Shop, other: Release) -> None:
    similar = serving.similar(Request(items=("novel-2",)))
    recording.flush()
    of_similar = ListImpression.objects.filter(recommendation_id=similar.recommendation_id)
    Item.objects.filter(item_id="novel-2").delete()
    start_afresh()
    assert "There is no item 'novel-2'" in explained(similar).again.sentence
    of_similar.update(asked=None)
    assert "what it started from" in explained(similar).again.sentence
    answer = ask(shop.ada)
    recording.flush()
    registry.promote(other)
    ModelVersion.objects.filter(releases=shop.release).update(state="archived", artifact="", checksum="")
    start_afresh()
    found = explained(answer)
    assert found.again.is_equal is None
    assert f"Release {shop.release.pk} can't be looked at: " in found.again.sentence
    assert found.release is not None
    ListImpression.objects.filter(recommendation_id=answer.recommendation_id).update(user_id="")
    assert "erased, or opted out" in explained(answer).again.sentence


def run(*arguments: Any) -> str:
    out = StringIO()
    call_command("explain_list", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_the_command_says_it_all(shop: Shop) -> None:
    answer = ask(shop.ada, limit=3)
    recording.flush()
    said = run(answer.recommendation_id)
    for words in (
        "Shown to ada on ",
        "Placement: default, revision ",
        f"Release: {shop.release}, live now.",
        "Weights: ",
        "novel-0",
        "Made again, it is equal",
    ):
        assert words in said, (words, said)
    with pytest.raises(CommandError, match=r"No list .* is kept"):
        run(uuid4())
    with pytest.raises(CommandError, match="is no recommendation_id"):
        run("x")


def test_the_page_of_a_list_says_it_too(shop: Shop) -> None:
    answer = ask(shop.ada, limit=3)
    recording.flush()
    row = ListImpression.objects.get(recommendation_id=answer.recommendation_id)
    page = Staff("viewer", "view").page(f"/admin/recommender/listimpression/{row.pk}/change/")
    assert "Made again, it is equal" in page
    assert "The book of novel-0" in page


def test_it_is_made_again_by_the_revision_of_then(shop: Shop) -> None:
    set_placement(filter='category == "Poetry"', count=3)
    start_afresh()
    answer = ask(shop.ada)
    assert {one.item_id.split("-")[0] for one in answer.items} == {"poem"}
    recording.flush()
    set_placement(filter='category == "Novels"', diversity=0.5)
    start_afresh()
    is_equal(answer)
    (note,) = explained(answer).notes
    assert note.startswith("The placement default had revision ")


def test_an_older_list_says_that_what_it_asked_is_not_known_and_no_untrue_reason(shop: Shop) -> None:
    answer = ask(shop.ada, limit=4, exclude=("novel-1",))
    is_equal(answer)
    ListImpression.objects.update(asked=None)
    found = explained(answer)
    assert found.asked == "What the request itself asked isn't known."
    assert found.again.sentence == "Made again, it differs in 3 places. What the request itself asked isn't known."
    assert {one.why for one in found.again.differences} == {"What the request itself asked isn't known."}
    Item.objects.filter(item_id="novel-2").update(is_available=False)
    start_afresh()
    why = {one.was: one.why for one in explained(answer).again.differences}
    assert why["The book of novel-2"].startswith("It is hidden")


def test_what_was_pushed_off_by_something_else_made_room_for_nothing(shop: Shop) -> None:
    Item.objects.filter(item_id="novel-1").update(is_available=False)
    start_afresh()
    answer = ask(shop.ada, limit=3)
    recording.flush()
    Item.objects.filter(item_id="novel-1").update(is_available=True)
    start_afresh()
    why = {one.now: one.why for one in explained(answer).again.differences}
    assert why["The book of novel-1"] == "It was not on the list then."


def test_the_usual_request_asks_nothing_and_what_others_ask_is_told(shop: Shop) -> None:
    set_placement(diversity=0.2, max_per_category=5)
    start_afresh()
    usual, other = ask(shop.ada), ask(shop.ada, limit=4, exclude=("novel-1",), diversity=0.5)
    recording.flush()
    assert ListImpression.objects.get(recommendation_id=usual.recommendation_id).asked == {}
    assert explained(usual).asked == "Asked beside the placement: nothing."
    said = run(other.recommendation_id)
    assert "Asked beside the placement: exclude novel-1; diversity 0.5." in said
    assert "a list of similar items." in run(explained(serving.similar(Request(items=("poem-1",)))).shown)


def test_what_an_erased_user_asked_is_not_kept(shop: Shop) -> None:
    opting_out.opt_out("ada", actor=audit.SYSTEM)
    serving.session(Request("ada", items=("novel-2", "poem-1")))
    recording.flush()
    assert ListImpression.objects.get().asked is None


def test_rules_are_named_at_the_items_that_they_met(shop: Shop) -> None:
    rules = [
        {"does": "pin", "item": "poem-3", "position": 2, "note": "Poetry week"},
        {"does": "boost", "filter": 'category == "Poetry"', "factor": 5},
    ]
    set_placement(rules=rules)
    start_afresh()
    answer = ask(shop.ada, limit=4)
    is_equal(answer)
    met = {one.item_id: explained(answer).again.rules.get(one.pk) for one in explained(answer).items}
    assert met["poem-3"] == ["rule 1: pinned (Poetry week)"]
    set_placement(rules=[])
    start_afresh()
    assert "rule 1: pinned (Poetry week)" in run(answer.recommendation_id)
    row = ListImpression.objects.get(recommendation_id=answer.recommendation_id)
    page = Staff("viewer", "view").page(f"/admin/recommender/listimpression/{row.pk}/change/")
    for words in ("rule 1: pinned (Poetry week)", "Asked beside the placement: nothing."):
        assert words in page, words


def test_an_interleaved_list_says_whose_each_item_is(shop: Shop) -> None:
    answer = ask(shop.ada, limit=3)
    recording.flush()
    ListImpression.objects.update(teams="21-")
    assert [one.source for one in explained(answer).items] == [
        "svd, of ranking 2",
        "svd, of ranking 1",
        "svd, of no ranking",
    ]
    assert "The experiment that drafted two rankings into it was deleted." in explained(answer).again.sentence
    page = Staff("viewer", "view").page(f"/admin/recommender/listimpression/{ListImpression.objects.get().pk}/change/")
    assert "by svd, of ranking 2" in page

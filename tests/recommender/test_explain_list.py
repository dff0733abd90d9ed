"""A list that was shown, explained and made again: equal for every list of an unchanged catalogue."""

from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from catalog import store
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
    assert "what it started from" in explained(similar).again.sentence
    trending = ask(shop.ada, algorithm="trending")
    assert "what was trending is not kept" in explained(trending).again.sentence
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

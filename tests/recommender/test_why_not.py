"""Why an item is not on a user's list: the exact reason, by every door."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from catalog.models import Item
from recommender import merchandising
from recommender.insight.impressions import recording
from recommender.models import ListImpression, Placement
from recommender.serving import Request, UnknownItem, recommend
from recommender.serving.why_not import Cause, WhyNot, why_not
from recsite.platform.audit import SYSTEM
from tests import factories
from tests.admin.staff import Staff
from tests.api.clients import ApiClient, details
from tests.recommender.fixtures import Shop, happened, set_placement, start_afresh

pytestmark = pytest.mark.django_db


def ask(item_id: str, user_id: str = "ada", **rest: Any) -> WhyNot:
    return why_not(Request(user_id, **rest), item_id)


def change(item: Item, **fields: Any) -> None:
    Item.objects.filter(pk=item.pk).update(**fields)
    start_afresh()


def test_rank_and_score_stand_against_what_was_needed(shop: Shop) -> None:
    found = ask("poem-0", limit=3)
    assert (found.cause, found.rank, found.needed_rank, found.source) == (Cause.OUTRANKED, 7, 3, "svd")
    assert found.score is not None
    assert found.needed_score is not None
    assert found.score < found.needed_score
    assert found.sentence == (
        f"It ranks 7th with a score of {found.score:.4g} by svd. "
        f"The list ends at rank 3, where the score is {found.needed_score:.4g}."
    )
    assert ask("novel-4", limit=3, offset=2).cause == Cause.LISTED


def test_what_is_listed_is_told_with_its_rank(shop: Shop) -> None:
    found = ask("novel-1")
    assert (found.cause, found.rank, found.sentence) == (Cause.LISTED, 2, "It is on the list, at rank 2.")


def test_what_was_seen_is_told_with_when_and_how(shop: Shop) -> None:
    happened(shop.ada, shop.novels[0], "purchase")
    day = (timezone.now() - timedelta(days=30)).strftime("%Y-%m-%d")
    found = ask("novel-0")
    assert (found.cause, found.sentence) == (Cause.SEEN, f"The user has seen it: purchase on {day}.")


def test_a_variant_of_what_was_seen_names_it(shop: Shop) -> None:
    Item.objects.filter(pk=shop.novels[0].pk).update(group="emma")
    change(shop.novels[1], group="emma")
    happened(shop.ada, shop.novels[0], "purchase")
    found = ask("novel-1")
    assert found.cause == Cause.SEEN_VARIANT
    assert "a variant of it, “The book of novel-0”: purchase on" in found.sentence


def test_a_variant_of_what_is_listed_names_it(shop: Shop) -> None:
    Item.objects.filter(pk=shop.novels[0].pk).update(group="emma")
    change(shop.novels[1], group="emma")
    found = ask("novel-1")
    assert (found.cause, found.sentence) == (
        Cause.VARIANT,
        "It is a variant of “The book of novel-0”, which stands for all of them, at rank 1.",
    )


def test_what_is_hidden_or_not_available_says_since_when(shop: Shop) -> None:
    change(shop.novels[0], is_available=False)
    assert ask("novel-0").cause == Cause.HIDDEN
    change(shop.novels[1], available_from=datetime(2999, 1, 1, tzinfo=UTC))
    assert ask("novel-1").sentence == "It is not available before 2999-01-01 00:00 UTC."
    change(shop.novels[2], available_until=datetime(2000, 1, 1, tzinfo=UTC))
    assert ask("novel-2").sentence == "It is no longer available since 2000-01-01 00:00 UTC."


def test_a_filter_that_it_does_not_pass_is_named(shop: Shop) -> None:
    found = ask("poem-0", categories=["Novels"], item_type="poem")
    assert (found.cause, found.sentence) == (
        Cause.FILTERED,
        "A filter leaves it out: categories Novels.",
    )
    found = ask("poem-0", filter='category == "Novels"')
    assert found.sentence == 'A filter leaves it out: filter category == "Novels".'
    assert ask("novel-0", exclude=["novel-0"]).cause == Cause.EXCLUDED


def test_a_rule_that_holds_it_back_is_named(shop: Shop) -> None:
    limit = {"does": "at_most", "property": "category", "count": 1, "first": 4}
    merchandising.create("shelf", "user", values={"rules": [limit]}, actor=SYSTEM)
    on_list = {item.item_id for item in recommend(Request("ada", 4, placement="shelf", is_shown=False)).items}
    passed_over = next(
        item for item in recommend(Request("ada", 4, is_shown=False)).items if item.item_id not in on_list
    )
    found = ask(passed_over.item_id, placement="shelf", limit=4)
    assert found.cause == Cause.HELD_BACK
    assert found.sentence.startswith("Rule 1 of the placement holds it back. It ranks ")


def test_a_cap_and_a_least_score_are_named(shop: Shop) -> None:
    found = ask("novel-3", max_per_category=2)
    assert (found.cause, found.sentence[:42]) == (Cause.CAP, "Others of its category fill the 2 places t")
    assert ask("poem-5", min_score=3.9).cause == Cause.SCORE


def test_what_the_model_never_saw_says_so(shop: Shop) -> None:
    factories.item("new-book", categories=["Novels"])
    start_afresh()
    found = ask("new-book", limit=3)
    assert found.cause == Cause.UNKNOWN_TO_MODEL
    assert "doesn't know it: it has no events of it from before its training on" in found.sentence
    assert "It ranks 13th, by latest. The list ends at rank 3, which svd fills." in found.sentence


def test_of_a_stranger_it_says_that_everybody_gets_this_list(shop: Shop) -> None:
    found = ask("novel-5", "nobody", limit=2)
    assert found.sentence.endswith("Nothing is known of this user, so this is the list that everybody gets.")
    shop.ada.opted_out_at = timezone.now()
    shop.ada.save()
    start_afresh()
    assert "The user opted out, so this is" in ask("novel-5", limit=2).sentence


def test_an_unknown_item_is_refused_and_nothing_is_recorded(shop: Shop) -> None:
    with pytest.raises(UnknownItem):
        ask("spoon")
    ask("novel-0")
    recording.flush()
    assert not ListImpression.objects.exists()


def test_the_api_says_the_same_and_takes_the_lists_parameters(api: ApiClient, shop: Shop) -> None:
    told = api.get("users/ada/why-not", item_id="poem-0", limit=3).json()
    assert (told["cause"], told["rank"], told["needed_rank"]) == ("outranked", 7, 3)
    told = api.get("users/ada/why-not", item_id="poem-0", release=shop.release.pk, algorithm="popular", limit=3).json()
    assert (told["cause"], told["rank"]) == ("listed", 1)
    assert api.get("users/ada/why-not", item_id="spoon").status_code == 404
    assert details(api.get("users/ada/why-not")) == {"item_id": "It is needed."}
    assert details(api.get("users/ada/why-not", item_id="x", mood="good")).keys() == {"mood"}


def test_the_users_page_answers_by_id_or_title(shop: Shop) -> None:
    staff = Staff("viewer", "view")
    address = f"/admin/people/{shop.ada.pk}/"
    assert "It ranks 11th" in staff.page(address, why_not="poem-4")
    assert "It is on the list, at rank 1." in staff.page(address, why_not="the book of novel-0")
    assert "There is no item with the id or the title" in staff.page(address, why_not="spoon")
    assert "It is on the list" not in staff.page(address)


def test_the_users_page_asks_the_placement_that_is_chosen_and_names_it(shop: Shop) -> None:
    for name, kind in (("shelf", "user"), ("twins", "similar")):
        Placement.objects.create(name=name, kind=kind)
    set_placement("shelf", count=3, rules=[{"does": "pin", "item": "poem-4", "position": 2}])
    start_afresh()
    staff = Staff("viewer", "view")
    address = f"/admin/people/{shop.ada.pk}/"
    page: Any = staff.get(address)
    assert page.context["placements"] == ["default", "shelf"]
    assert "On default: It ranks 11th" in staff.page(address, why_not="poem-4")
    assert "On shelf: It is on the list, at rank 2." in staff.page(address, why_not="poem-4", placement="shelf")
    assert "There is no placement" in staff.page(address, why_not="poem-4", placement="gone")
    assert "made for another kind of list" in staff.page(address, why_not="poem-4", placement="twins")


def test_a_pin_that_does_not_reach_the_user_says_so_and_what_to_do(shop: Shop) -> None:
    set_placement(rules=[{"does": "pin", "item": "novel-0", "position": 1}])
    happened(shop.ada, shop.novels[0], "purchase")
    found = ask("novel-0")
    assert found.cause == Cause.SEEN
    assert (
        "Rule 1 of the placement pins it at position 1, but a pin doesn't reach who has seen the item" in found.sentence
    )
    assert "switch “hides the item from lists” off at Events, Event types." in found.sentence
    change(shop.novels[0], is_available=False)
    assert ask("novel-0", "ben").sentence.endswith("but a pin doesn't bring back what is hidden.")
    # Of what it can't do anything about, a pin is not mentioned.
    assert "pins" not in ask("novel-1").sentence


def test_whoever_pins_is_told_whom_a_pin_does_not_reach(shop: Shop) -> None:
    merchandiser = Staff("grace", "catalog.view_item", "recommender.view_placement", "recommender.change_placement")
    default = Placement.objects.get(name="default")
    for page in (reverse("item-rule", args=[shop.novels[0].pk]), reverse("admin:placement-draft", args=[default.pk])):
        assert "A pin doesn't reach users who have seen or disliked" in merchandiser.page(page), page

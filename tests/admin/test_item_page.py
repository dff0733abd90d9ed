"""How an item is doing, who gets it, what is around it; and pinning, boosting, blocking and hiding it from there."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recommender import merchandising
from recommender.insight import item_totals
from recommender.models import (
    CoPurchase,
    CoVisit,
    DailyImpressions,
    ItemImpressions,
    ListImpression,
    PlacementRevision,
    Release,
)
from recsite.platform.audit import SYSTEM
from recsite.platform.models import AuditEntry
from tests import factories
from tests.admin.staff import ITEMS, Staff, words
from tests.recommender.fixtures import Shop, ask, forget, happened, ids, look_again, start_afresh

QUERIES = 15


def address(item: Any, what: str = "") -> str:
    return f"/admin/items/{item.pk}/{f'{what}/' if what else ''}"


def page(staff: Staff, item: Any) -> str:
    return staff.page(address(item))


def shown(item: Any, times: int, clicked: int, days_ago: int = 0, placement: str = "default") -> None:
    """Lists of a day showed the item so often."""
    day = datetime.now(UTC).date() - timedelta(days=days_ago)
    daily, _ = DailyImpressions.objects.get_or_create(day=day, kind="person", placement=placement, algorithm="svd")
    ItemImpressions.objects.create(daily=daily, item=item, shown=times, clicked=clicked)


def test_tiles_say_how_it_is_doing_against_its_category(viewer: Staff, shop: Shop) -> None:
    shown(shop.novels[0], 400, 40)
    shown(shop.novels[1], 600, 10, days_ago=3)
    shown(shop.novels[0], 100, 4, days_ago=30)
    CoPurchase.objects.create(item_id=shop.novels[0].pk, other_id=shop.novels[0].pk, users=7)
    item_totals.sum_up()
    said = page(viewer, shop.novels[0])
    assert "Shown 400 4 times the 28 days before" in said
    assert "Clicked 40 10 times the 28 days before" in said
    assert "Click-through 10 % 2 times its category Novels, 5 %" in said
    assert "Bought 7 users, in all" in said
    assert "Rating 3 of 5, as svd" in said
    assert "Popularity 7 its rank among 12 items, of the live release" in said


def test_a_click_through_of_few_showings_is_too_few_to_say(viewer: Staff, shop: Shop) -> None:
    shown(shop.novels[0], 99, 20)
    said = page(viewer, shop.novels[0])
    assert "it was shown 99 times, too few to say: 100 are needed." in said
    assert "default 99 20 too few to say" in said


def test_the_chart_is_of_28_days_and_marks_when_it_was_hidden(admin: Staff, shop: Shop) -> None:
    shown(shop.novels[0], 40, 4, days_ago=27)
    shown(shop.novels[0], 60, 6, placement="shelf")
    admin.post(address(shop.novels[0], "availability"))
    answer: Any = admin.get(address(shop.novels[0]))
    chart = answer.context["chart"]
    assert len(chart.readings) == 28
    assert [value for _, value in chart.readings[0].values] == ["40", "4"]
    assert [value for _, value in chart.readings[-1].values] == ["60", "6"]
    assert chart.readings[-1].marks == "hidden by admin"


def test_without_lists_it_says_so(viewer: Staff, shop: Shop) -> None:
    said = page(viewer, shop.novels[0])
    assert "No list showed it in the last 28 days, so there is nothing to draw." in said
    assert "On no list in the last 28 days." in said
    assert "None of them had it on a list." in said


def test_who_gets_it_is_read_from_the_latest_lists(viewer: Staff, shop: Shop) -> None:
    for user, first in (("ada", 1), ("ada", 13), ("", 1)):
        ListImpression.objects.create(
            recommendation_id=factories.event("ada", shop.novels[0]).event_id,
            user_id=user,
            kind="person",
            placement="default",
            algorithm="svd",
            items=[shop.novels[1].pk, shop.novels[0].pk],
            sources=[0, 0],
            first_rank=first,
            served_at=datetime.now(UTC),
        )
    said = page(viewer, shop.novels[0])
    assert "ada : rank 14 at default" in said
    assert ", 2 times" in said


def test_a_likeness_needs_users_who_speak_for_it(viewer: Staff, shop: Shop) -> None:
    assert "Fewer than 3 users did anything with it, so a likeness would be chance." in page(viewer, shop.novels[0])
    for user in (shop.ada, shop.ben, shop.cleo):
        happened(user, shop.novels[0], "rating", 5)
    said = page(viewer, shop.novels[0])
    assert "svd, likeness 1" in said
    assert "ada rating 5" in said


def test_what_leads_to_it_and_from_it(viewer: Staff, shop: Shop) -> None:
    first, second = shop.novels[:2]
    assert "No other item has 3 users or sessions in common with it yet" in page(viewer, first)
    for item, other, sessions in (
        (0, 0, 40),
        (first.pk, first.pk, 10),
        (second.pk, second.pk, 8),
        (first.pk, second.pk, 4),
    ):
        CoVisit.objects.create(item_id=item, other_id=other, sessions=sessions)
    said = page(viewer, first)
    assert f"{second.title} 40 % of the sessions with this one, 4 sessions with both" in said
    assert f"{second.title} 50 % of the sessions with it, 4 sessions with both" in said


def test_with_nothing_live_it_says_so(viewer: Staff, shop: Shop) -> None:
    Release.objects.all().delete()
    start_afresh()
    said = page(viewer, shop.novels[0])
    assert "No release is live: all users get the newest items." in said
    assert "no model of the live release predicts ratings of it." in said


def test_hidden_since_and_by_whom_stands_beside_show_again(
    admin: Staff, viewer: Staff, shop: Shop, django_capture_on_commit_callbacks: Any
) -> None:
    item = shop.poems[0]
    assert f"Hide {item.title}?" in admin.page(address(item, "availability"))
    with django_capture_on_commit_callbacks(execute=True):
        said = admin.follow(admin.post(address(item, "availability")))
    assert "is hidden: no list holds it within two seconds." in said
    assert re.search("Hidden since .{1,20} by admin\\.", said)
    assert "Show again" in said
    look_again()
    assert item.item_id not in ids(ask("cleo", limit=12))
    seen = page(viewer, item)
    assert re.search("Hidden since .{1,20} by admin\\.", seen)
    assert "Show again" not in seen
    assert "is hidden already" in admin.follow(admin.post(address(item, "availability")))
    with django_capture_on_commit_callbacks(execute=True):
        admin.post(address(item, "availability"), show="yes")
    look_again()
    assert item.item_id in ids(ask("cleo", limit=12))
    assert list(AuditEntry.objects.filter(object_type="item").values_list("verb", flat=True)) == [
        "item.show",
        "item.hide",
    ]


def test_times_of_being_available_are_told(viewer: Staff, shop: Shop) -> None:
    early = factories.item("early", available_from=datetime.now(UTC) + timedelta(days=3))
    assert "It is not available before" in page(viewer, early)
    hidden = factories.item("hidden", is_available=False)
    assert "Hidden: when and by whom was not recorded." in page(viewer, hidden)


def test_a_pin_until_sunday_goes_into_the_draft_and_is_published_after_its_consequences(
    admin: Staff, shop: Shop, django_capture_on_commit_callbacks: Any
) -> None:
    item = shop.novels[5]
    form: Any = admin.get(address(item, "rule"), does="pin")
    until = form.context["form"].initial["ends"]
    assert until.weekday() == 6
    assert timedelta(0) < until - datetime.now(UTC).date() <= timedelta(days=7)
    asked: Any = {"placement": "default", "position": "1", "ends": until.isoformat(), "note": "The week's book."}
    sent = admin.post(f"{address(item, 'rule')}?does=pin", publish="", **asked)
    said = admin.follow(sent)
    assert "Publish the draft of default?" in said
    assert f"pin novel-5 at position 1, until {until.isoformat()} UTC (The week's book.)" in said
    default = merchandising.find("default")
    with django_capture_on_commit_callbacks(execute=True):
        admin.post(
            sent.headers["Location"], version=default.draft_version, live=default.live.number if default.live else ""
        )
    look_again()
    assert ids(ask("ben", limit=3))[0] == "novel-5"
    said = page(admin, item)
    assert "Pin novel-5 at position 1, until" in said
    entry = AuditEntry.objects.filter(verb="placement.publish").first()
    assert entry is not None
    assert entry.actor == "admin"


def test_the_placement_that_shows_it_most_is_offered_first_else_the_one_that_shows_most(
    admin: Staff, shop: Shop
) -> None:
    def offered(item: Any) -> str:
        answer: Any = admin.get(address(item, "rule"), does="pin")
        return str(answer.context["form"].initial["placement"])

    assert offered(shop.novels[0]) == "default"
    for name in ("home", "below"):
        merchandising.create(name, "user", actor=SYSTEM)
        shown(shop.novels[0], 400 if name == "below" else 300, 4, placement=name)
    DailyImpressions.objects.filter(placement="home").update(places=900)
    assert offered(shop.novels[0]) == "below"
    assert offered(shop.poems[0]) == "home"


def test_a_rule_is_put_before_the_others_of_a_draft_and_only_once(admin: Staff, shop: Shop) -> None:
    default = merchandising.find("default")
    values = {"rules": [{"does": "block", "filter": 'category == "Poetry"'}], "diversity": 0.5}
    merchandising.save_draft(default, values, default.draft_version, actor=SYSTEM)
    asked: Any = {"placement": "default", "factor": "3", "ends": "", "note": ""}
    for _ in range(2):
        answer = admin.post(f"{address(shop.novels[5], 'rule')}?does=boost", save="", **asked)
        assert answer.status_code == 302
    draft: Any = merchandising.find("default").draft
    assert [rule["does"] for rule in draft["rules"]] == ["boost", "block"]
    assert draft["rules"][0]["filter"] == 'item_id == "novel-5"'
    assert draft["diversity"] == 0.5
    assert PlacementRevision.objects.filter(settings__rules__0__does="boost").count() == 0


def test_a_block_takes_it_off_one_placement(admin: Staff, shop: Shop, django_capture_on_commit_callbacks: Any) -> None:
    item = shop.poems[0]
    assert item.item_id in ids(ask("cleo", limit=12))
    sent = admin.post(f"{address(item, 'rule')}?does=block", publish="", placement="default", ends="", note="")
    default = merchandising.find("default")
    with django_capture_on_commit_callbacks(execute=True):
        admin.post(
            sent.headers["Location"], version=default.draft_version, live=default.live.number if default.live else ""
        )
    look_again()
    assert item.item_id not in ids(ask("cleo", limit=12))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"position": "51"}, "less than or equal to 50"),
        ({"ends": "2020-01-05"}, "This day is over."),
        ({"placement": "nowhere"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(admin: Staff, shop: Shop, wrong: dict[str, str], said: str) -> None:
    asked: Any = {"placement": "default", "position": "1", "ends": "", "note": "", **wrong}
    answer = admin.post(f"{address(shop.novels[0], 'rule')}?does=pin", save="", **asked)
    assert said in words(answer)
    assert merchandising.find("default").draft is None


def test_an_unknown_verb_names_those_there_are(admin: Staff, shop: Shop) -> None:
    answer = admin.get(address(shop.novels[0], "rule"), does="burn")
    assert answer.status_code == 404
    assert "pinned, boosted, buried or blocked" in words(answer)


def test_who_may_only_look_has_no_buttons(viewer: Staff, shop: Shop) -> None:
    body = viewer.get(address(shop.novels[0])).content.decode()
    assert "availability/" not in body
    assert "rule/" not in body
    for what in ("rule", "availability"):
        assert viewer.get(address(shop.novels[0], what)).status_code == 403
        assert viewer.post(address(shop.novels[0], what)).status_code == 403


def test_of_an_item_that_is_gone_a_sentence_says_so(admin: Staff) -> None:
    for what in ("", "rule", "availability"):
        answer = admin.get(f"/admin/items/999999/{f'{what}/' if what else ''}")
        assert answer.status_code == 404
        assert "There is no such item: it was deleted." in words(answer)


def test_there_is_a_way_back_to_the_list_of_items(viewer: Staff, shop: Shop) -> None:
    item = shop.novels[0]
    assert f'href="{ITEMS}"' in viewer.get(address(item)).content.decode()
    assert address(item) in viewer.get(ITEMS).content.decode()
    assert viewer.get(f"{ITEMS}{item.pk}/open_console/").headers["Location"] == address(item)


def test_the_events_and_users_are_for_those_who_may_see_them(shop: Shop) -> None:
    happened(shop.ada, shop.novels[0])
    said = page(Staff("clerk", "catalog.view_item"), shop.novels[0])
    assert "Similar" in said
    assert "ada" not in said.split("Similar")[1]
    assert "Who gets it" not in said


def test_the_page_makes_few_queries(viewer: Staff, shop: Shop, django_assert_max_num_queries: Any) -> None:
    for days in range(20):
        shown(shop.novels[0], 10, 1, days_ago=days)
        happened(shop.ada, shop.novels[0], days_ago=days)
    forget()
    viewer.get(address(shop.novels[0]))
    with django_assert_max_num_queries(QUERIES):
        viewer.get(address(shop.novels[0]))

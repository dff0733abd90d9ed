"""The page of a placement: what it shows now at a glance, its draft in rows, and what its lists achieve."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recommender import merchandising
from recommender.models import DailyImpressions, Placement
from recsite.platform.audit import SYSTEM
from tests.admin.staff import Staff, words
from tests.admin.test_placements import LIST, page, save
from tests.admin.test_placements import home as home
from tests.recommender.fixtures import Shop, forget

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
QUERIES = 15


def test_the_list_says_what_each_achieved_in_seven_days_with_its_course(admin: Staff, home: Placement) -> None:
    assert "home for a user. The first shelf. revision 1 just now by recsite not shown –" in admin.page(LIST)
    today = datetime.now(UTC).date()
    totals: dict[str, Any] = {"kind": "user", "placement": "home", "algorithm": "svd"}
    for ago, shown, clicked in ((0, 40, 4), (2, 50, 1), (7, 900, 900)):
        day = today - timedelta(days=ago)
        DailyImpressions.objects.create(**totals, day=day, places=shown, places_clicked=clicked)
    assert "shown 90 times: too few to say" in admin.page(LIST)
    DailyImpressions.objects.create(**totals, day=today - timedelta(days=6), places=110, places_clicked=5)
    answer = admin.get(LIST)
    assert "5 %" in words(answer)
    assert answer.content.decode().count('class="rs-spark"') == 1


@pytest.mark.parametrize("name", ["", "draft", "published", "revisions"])
def test_a_page_makes_few_queries_and_stays_small(
    admin: Staff, home: Placement, name: str, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        merchandising.create(f"shelf-{number}", "user", actor=SYSTEM)
    rules = [{"does": "block", "filter": f"price > {number}"} for number in range(4)]
    merchandising.save_draft(home, {"count": 12, "algorithm": "popular", "rules": rules}, 0, actor=SYSTEM)
    DailyImpressions.objects.create(kind="user", placement="home", algorithm="svd", places=500, places_clicked=5)
    asked = page(home, name) if name else LIST
    forget()
    admin.get(asked)
    with django_assert_max_num_queries(QUERIES):
        answer = admin.get(asked)
    assert len(answer.content) < 150_000


@pytest.mark.parametrize("name", ["draft", "published"])
def test_what_it_shows_now_is_there_at_a_glance_for_somebody_typical_and_a_newcomer(
    admin: Staff, home: Placement, name: str
) -> None:
    answer: Any = admin.get(page(home, name))
    assert "What it shows" in words(answer)
    typical, newcomer = answer.context["lists"]
    assert re.fullmatch("For .*, who is typical", typical.heading)
    assert newcomer.heading == "For a newcomer"
    assert len(typical.cards) == len(newcomer.cards) == 12
    assert newcomer.cards[0].title == "The book of poem-0"
    assert answer.content.decode().count('height="66"') == 24


def test_what_is_the_same_for_everybody_is_one_list(admin: Staff, home: Placement) -> None:
    merchandising.create("best", "popular", actor=SYSTEM)
    answer: Any = admin.get(page(merchandising.find("best")))
    assert [one.heading for one in answer.context["lists"]] == ["For everybody"]


def test_the_preview_from_an_item_takes_its_title(admin: Staff, home: Placement, shop: Shop) -> None:
    merchandising.create("below", "similar", actor=SYSTEM)
    below = page(merchandising.find("below"))
    assert "For “novel-0”" in admin.page(below, subject="chosen", subject_id="the book of novel-0")


def test_the_draft_stands_in_rows_in_words_with_what_is_live(admin: Staff, home: Placement) -> None:
    save(admin, home, count=3, diversity=0.5, filter=['category == "Poetry"', "price is missing or price < 20"])
    said = admin.page(page(home))
    assert "Length 3 changed Live: 10, as usual" in said
    assert "Diversity 50% changed Live: none" in said
    assert "Share for new items none Edit" in said
    assert "Category is “Poetry” Edit" in said
    assert "Price is not known or price is under 20 Edit" in said
    draft: Any = merchandising.find("home").draft
    assert draft["filter"] == 'category == "Poetry" and (price is missing or price < 20)'


def test_filters_are_rows_that_are_removed_by_emptying_them_and_stay_where_none_are_sent(
    admin: Staff, home: Placement
) -> None:
    save(admin, home, filter=['category == "Poetry"', "price < 20", ""])
    save(admin, home, 1, count=4)
    assert stored_filter() == 'category == "Poetry" and price < 20'
    save(admin, home, 2, filter=["", "price < 20", ""])
    assert stored_filter() == "price < 20"
    wrong = words(save(admin, home, 3, filter=["price < 20", "colour = 3"]))
    assert "Filter 2: At character 1" in wrong
    assert "price < 20" in wrong.replace("&lt;", "<") or "Price is under 20" in wrong
    save(admin, home, 3, filter=[""])
    assert stored_filter() is None


def stored_filter() -> Any:
    return merchandising.find("home").draft["filter"]  # type: ignore[index]  # there is one


def test_a_draft_has_its_course_and_publishing_says_what_changes_for_somebody(admin: Staff, home: Placement) -> None:
    DailyImpressions.objects.create(kind="user", placement="home", algorithm="svd", places=500, places_clicked=5)
    assert "Over time" in admin.page(page(home))
    save(admin, home, algorithm="popular")
    assert re.search(
        "For .{3,20} is typical, [0-9]+ of the first 12 positions change", admin.page(page(home, "publish"))
    )

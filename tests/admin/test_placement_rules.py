"""Staff make rules on the draft of a placement: rows, refusals beside them, conflicts, and badges in the preview."""

from collections.abc import Mapping
from html import unescape
from types import MappingProxyType
from typing import Any

import pytest
from django.http import HttpResponse

from recommender import merchandising
from recommender.merchandising.rules import FIELDS, MOST_RULES
from recommender.models import Placement
from recsite.platform.audit import SYSTEM
from tests.admin.staff import Staff, words
from tests.recommender.fixtures import Shop

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
PIN = {"does": "pin", "item": "poem-5", "position": 2, "time_zone": "UTC"}
BOOST = {"does": "boost", "filter": 'category == "Poetry"', "factor": 3.0, "time_zone": "UTC"}


@pytest.fixture
def home(shop: Shop) -> Placement:
    merchandising.create("home", "user", "The first shelf.", values={"new_item_share": 0}, actor=SYSTEM)
    return merchandising.find("home")


def save(
    staff: Staff,
    placement: Placement,
    *rows: dict[str, Any],
    version: int = 0,
    to: str = "draft",
    more: Mapping[str, Any] = MappingProxyType({}),
) -> HttpResponse:
    own = {f"rule-{at}-{name}": value for at, row in enumerate(rows, 1) for name, value in row.items()}
    fields = {"new_item_share": 0, "version": version, "rule_rows": len(rows), **own, **more}
    return staff.post(f"/admin/recommender/placement/{placement.pk}/{to}/", htmx=to == "preview", **fields)


def stored() -> Any:
    return merchandising.find("home").draft["rules"]  # type: ignore[index]  # there is one


def test_rules_are_made_ordered_and_removed_by_rows(admin: Staff, home: Placement) -> None:
    assert save(admin, home, PIN, BOOST, {"does": ""}).status_code == 302
    assert stored() == [PIN, BOOST]
    said = admin.page(f"/admin/recommender/placement/{home.pk}/draft/")
    assert "1. Pin “The book of poem-5” at position 2" in said
    assert "2. Boost by 3: items where category is “Poetry”" in said
    save(admin, home, {**PIN, "order": 2}, {**BOOST, "order": 1}, version=1)
    assert stored() == [BOOST, PIN]
    save(admin, home, {**BOOST, "does": ""}, PIN, version=2)
    assert stored() == [PIN]


def test_a_form_without_rows_leaves_the_rules_as_they_are(admin: Staff, home: Placement) -> None:
    save(admin, home, PIN)
    admin.post(f"/admin/recommender/placement/{home.pk}/draft/", version=1, new_item_share=0, count=4)
    assert stored() == [PIN]


def at_the_field(page: HttpResponse, label: str) -> list[str]:
    """What stands as wrong at the fields of a label."""
    fields = page.content.decode().split('<div class="rs-field">')
    wrong = [one for one in fields if f">{label}<" in one and "rs-error" in one]
    return [unescape(one.split('role="alert">')[1].split("</p>")[0]) for one in wrong]


def test_a_rule_that_makes_no_sense_is_refused_with_its_number_and_at_the_field(admin: Staff, home: Placement) -> None:
    page = save(admin, home, {**PIN, "position": ""}, {**BOOST, "factor": "", "filter": "colour ="})
    said = words(page)
    assert "Rule 1: At position: It is needed to pin an item." in said
    assert "Rule 2: Filter: At character" in said
    assert at_the_field(page, "At position") == ["It is needed to pin an item."]
    hours = save(admin, home, {**PIN, "from_hour": "09:00"})
    assert "Rule 1: Until before: Hours need both, a beginning and an end." in words(hours)
    assert at_the_field(hours, "Until before") == ["Hours need both, a beginning and an end."]
    assert merchandising.find("home").draft is None


def test_a_new_row_that_says_not_what_it_does_is_refused(admin: Staff, home: Placement) -> None:
    page = save(admin, home, PIN, {**PIN, "does": "", "item": "poem-4", "note": "Christmas"})
    assert at_the_field(page, "Then") == ["Choose what the rule does, or empty the other fields of this row."]
    assert "Christmas" in page.content.decode()
    assert merchandising.find("home").draft is None
    save(admin, home, PIN, {"does": "", "order": 2, "time_zone": "UTC"})
    assert stored() == [PIN]


def test_the_item_to_pin_is_found_by_its_title_or_a_part_of_it(admin: Staff, home: Placement, shop: Shop) -> None:
    for poem, title in zip(shop.poems, ("Emma", "Emma", "The Waste Land", "Waste"), strict=False):
        poem.title = title
        poem.save()
    save(admin, home, {**PIN, "item": "the waste LAND"}, {**PIN, "item": "waste la"}, {**PIN, "item": "waste lane"})
    assert [rule["item"] for rule in stored()] == ["poem-2", "poem-2", "waste lane"]
    page = save(admin, home, {**PIN, "item": "emma"}, version=1)
    told = "Several items have this title: poem-0 (“Emma”), poem-1 (“Emma”). Give the id of one."
    assert at_the_field(page, "Item") == [told]


def test_an_item_that_is_not_there_is_kept_with_what_is_near(admin: Staff, home: Placement, shop: Shop) -> None:
    shop.poems[0].title = "The Waste Land"
    shop.poems[0].save()
    save(admin, home, {**PIN, "item": "wastes-land"})
    assert stored()[0]["item"] == "wastes-land"
    said = words(save(admin, home, {**PIN, "item": "wastes-land"}, to="preview", version=1))
    assert "it does nothing. Near it: poem-0 (“The Waste Land”)." in said


def test_the_form_names_no_file(admin: Staff, home: Placement) -> None:
    assert "docs/" not in admin.page(f"/admin/recommender/placement/{home.pk}/draft/").replace("/api/docs/", "")


def test_the_preview_has_badges_and_names_conflicts(admin: Staff, home: Placement) -> None:
    gone = {**PIN, "item": "gone", "note": "An old one."}
    boost = {**BOOST, "filter": 'category == "Novels"'}
    said = words(save(admin, home, PIN, gone, boost, to="preview"))
    assert "pinned" in said
    assert "boosted +" in said
    assert "Pin “The book of poem-5” at position 2" in said
    assert "Pin the item gone, which isn't there at position 2" in said
    assert "Rules 1 and 2 pin at position 2: rule 1 wins wherever both hold." in said
    assert "Rule 2 pins 'gone', which doesn't exist or is erased: it does nothing." in said


def test_a_draft_of_as_many_rules_as_there_may_be_is_stored_whole(admin: Staff, home: Placement) -> None:
    # A browser without scripts sends every field of every row, the empty ones too.
    empty = dict.fromkeys(FIELDS, "")
    long = " or ".join(f'category == "Poetry {number}"' for number in range(20))
    rows = [
        empty | {"does": "block", "filter": long, "note": f"Number {number}.", "time_zone": "UTC"}
        for number in range(MOST_RULES)
    ]
    blank = {f"filter-{number}": "" for number in range(300)}
    answer = save(admin, home, *rows, empty | {"time_zone": "UTC"}, more=blank)
    assert answer.status_code == 302, words(answer)[:500]
    assert [rule["note"] for rule in stored()] == [f"Number {number}." for number in range(MOST_RULES)]
    page = admin.get(f"/admin/recommender/placement/{home.pk}/draft/")
    assert page.status_code == 200
    # One more is refused by a sentence, and the form still has all that was written.
    refused = save(admin, home, *rows, rows[0] | {"note": "One too many."}, version=1)
    assert f"At most {MOST_RULES} rules are possible; these are {MOST_RULES + 1}." in words(refused)
    assert "One too many." in refused.content.decode()

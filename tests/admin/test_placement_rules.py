"""Staff make rules on the draft of a placement: rows, refusals beside them, conflicts, and badges in the preview."""

from typing import Any

import pytest
from django.http import HttpResponse

from recommender import merchandising
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
    staff: Staff, placement: Placement, *rows: dict[str, Any], version: int = 0, to: str = "draft"
) -> HttpResponse:
    own = {f"rule-{at}-{name}": value for at, row in enumerate(rows, 1) for name, value in row.items()}
    fields = {"new_item_share": 0, "version": version, "rule_rows": len(rows), **own}
    return staff.post(f"/admin/recommender/placement/{placement.pk}/{to}/", **fields)


def stored() -> Any:
    return merchandising.find("home").draft["rules"]  # type: ignore[index]  # there is one


def test_rules_are_made_ordered_and_removed_by_rows(admin: Staff, home: Placement) -> None:
    assert save(admin, home, PIN, BOOST, {"does": ""}).status_code == 302
    assert stored() == [PIN, BOOST]
    said = admin.page(f"/admin/recommender/placement/{home.pk}/draft/")
    assert "1. pin poem-5 at position 2" in said
    save(admin, home, {**PIN, "order": 2}, {**BOOST, "order": 1}, version=1)
    assert stored() == [BOOST, PIN]
    save(admin, home, {**BOOST, "does": ""}, PIN, version=2)
    assert stored() == [PIN]


def test_a_form_without_rows_leaves_the_rules_as_they_are(admin: Staff, home: Placement) -> None:
    save(admin, home, PIN)
    admin.post(f"/admin/recommender/placement/{home.pk}/draft/", version=1, new_item_share=0, count=4)
    assert stored() == [PIN]


def test_a_rule_that_makes_no_sense_is_refused_with_its_number(admin: Staff, home: Placement) -> None:
    said = words(save(admin, home, PIN, {**BOOST, "factor": "", "filter": "colour ="}))
    assert "Rule 2: filter: At character" in said
    assert "Rule 1: position: It is needed to pin an item." in words(save(admin, home, {**PIN, "position": ""}))
    assert merchandising.find("home").draft is None


def test_the_preview_has_badges_and_names_conflicts(admin: Staff, home: Placement) -> None:
    gone = {**PIN, "item": "gone", "note": "An old one."}
    said = words(save(admin, home, PIN, gone, BOOST, to="preview"))
    assert "pinned" in said
    assert "boosted" in said
    assert "Rules 1 and 2 pin at position 2: rule 1 wins wherever both hold." in said
    assert "Rule 2 pins 'gone', which doesn't exist or is erased: it does nothing." in said

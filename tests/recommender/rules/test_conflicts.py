"""What stands in the way of rules is named when they are made: what they pin, whom they ask about, and where."""

from typing import Any

import pytest

from recommender.merchandising import ListSettings
from recommender.serving.rule_conflicts import conflicts
from tests.recommender.fixtures import Shop, start_afresh

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
POETRY = 'category == "Poetry"'
AUSTRIANS = 'user.country == "AT"'
OF_POEMS = 'viewed.category == "Poetry"'


def pin(item: str, position: int, **more: Any) -> dict[str, Any]:
    return {"does": "pin", "item": item, "position": position, **more}


def said(*rules: dict[str, Any], kind: str = "user", **settings: Any) -> list[str]:
    return conflicts(kind, ListSettings.read(kind, {"rules": list(rules), **settings}))


def test_conflicts_are_named(shop: Shop) -> None:
    shop.poems[2].is_available = False
    shop.poems[2].save()
    start_afresh()
    assert said(
        pin("poem-0", 1),
        pin("poem-1", 1, audience=AUSTRIANS),
        pin("poem-2", 2),
        pin("erased", 3),
        {"does": "block", "filter": POETRY},
        {"does": "boost", "filter": 'category == "Nothing"', "factor": 2, "ends": "2020-01-01"},
    ) == [
        "Rule 1 pins 'poem-0', which rule 5 blocks: the block wins wherever both hold.",
        "Rules 1 and 2 pin at position 1: rule 1 wins wherever both hold.",
        "Rule 2 pins 'poem-1', which rule 5 blocks: the block wins wherever both hold.",
        "Rule 3 pins 'poem-2', which is not available: it does nothing until it is.",
        "Rule 4 pins 'erased', which doesn't exist or is erased: it does nothing.",
        "Rule 6 ended on 2020-01-01: it does nothing any more.",
        'Rule 6 is about no item now: nothing available is category == "Nothing".',
        'Rule 2 is for nobody now: of the 3 users active last none is user.country == "AT".',
    ]
    assert said() == []


def test_an_item_that_is_pinned_twice_is_named(shop: Shop) -> None:
    told = ["Rules 1 and 3 pin 'poem-0': rule 1 wins wherever both hold."]
    assert said(pin("poem-0", 1), pin("poem-1", 2), pin("poem-0", 3)) == told
    assert said(pin("poem-0", 1, ends="2020-01-01"), pin("poem-0", 3))[1:] == []
    assert said(pin("poem-0", 1), pin("poem-0", 1)) == [
        "Rules 1 and 2 pin at position 1: rule 1 wins wherever both hold."
    ]


@pytest.mark.parametrize("kind", ["user", "popular", "latest", "trending"])
def test_a_context_on_a_list_that_starts_from_no_item_is_named(shop: Shop, kind: str) -> None:
    (told,) = said(pin("poem-0", 1, context=OF_POEMS), kind=kind)
    assert told.startswith("Rule 1 asks about a viewed item, and these lists (")
    assert told.endswith(") start from none: it never holds.")


@pytest.mark.parametrize("kind", ["session", "similar", "bought-together", "popular", "latest", "trending"])
def test_an_audience_on_a_list_that_knows_no_user_is_named_and_nobody_is_looked_for(shop: Shop, kind: str) -> None:
    (told,) = said(pin("poem-0", 1, audience=AUSTRIANS), kind=kind)
    assert told.startswith("Rule 1 asks about the user, and the API names none to these lists (")
    assert told.endswith("): it never holds there.")


@pytest.mark.parametrize(
    ("kind", "conditions"),
    [
        ("similar", {"context": OF_POEMS}),
        ("session", {"context": OF_POEMS}),
        ("any", {"context": OF_POEMS}),
        ("user", {"context": "viewed.category is missing"}),
        ("popular", {"audience": "user.country is missing"}),
        ("user", {"audience": "user.country is missing"}),
    ],
)
def test_conditions_that_can_hold_are_not_named(shop: Shop, kind: str, conditions: dict[str, Any]) -> None:
    assert said(pin("poem-0", 1, **conditions), kind=kind) == []


def test_what_the_filter_of_the_placement_stops_is_named(shop: Shop) -> None:
    best = {"does": "pin_best", "filter": POETRY, "position": 2}
    assert said(pin("poem-0", 1), best, filter='category != "Poetry"') == [
        "Rule 1 pins 'poem-0', which the placement's filter stops: it does nothing.",
        f"Rule 2 is about no item now: the placement's filter stops all that is {POETRY}.",
    ]
    assert said(pin("poem-0", 1), best, filter=POETRY) == []
    # Whom it stops depends on who looks.
    assert said(pin("poem-0", 1), filter="category in user.categories") == []


def test_a_pin_beyond_the_end_of_the_list_is_named(shop: Shop) -> None:
    assert said(pin("poem-0", 30), pin("poem-1", 5), count=5) == [
        "Rule 1 pins at position 30, and the list has 5: only later pages show it, and requests that ask for more."
    ]
    assert said(pin("poem-0", 30), count=30) == []


def test_what_another_rule_blocks_for_everybody_is_named(shop: Shop) -> None:
    wanted = {"does": "at_least", "filter": POETRY, "count": 1, "first": 3}
    block = {"does": "block", "filter": POETRY}
    assert said(wanted, block) == [f"Rule 1 is about no item wherever rule 2 holds, which blocks all that is {POETRY}."]
    assert said(wanted, {**block, "filter": "price < 1"}) == [
        "Rule 2 is about no item now: nothing available is price < 1."
    ]
    assert said(wanted, {**block, "context": "viewed.category is missing"}) == []


def test_settings_that_leave_no_item_are_named(shop: Shop) -> None:
    nothing = 'category == "Nothing"'
    assert said(filter=nothing) == [
        f"The filter leaves nothing, so the list is empty: nothing available is {nothing} now."
    ]
    everything = {"does": "block", "filter": 'category == "Poetry" or category == "Novels"'}
    assert said(everything) == ["What the rules block leaves nothing, so the list is empty."]
    assert said({"does": "block", "filter": POETRY}, filter=POETRY)[0] == (
        "What the rules block leaves nothing, so the list is empty."
    )
    assert said(filter=POETRY) == []
    assert said(everything | {"ends": "2020-01-01"}) == ["Rule 1 ended on 2020-01-01: it does nothing any more."]


def test_a_rule_that_is_not_in_force_now_is_named(shop: Shop) -> None:
    later = "Rule 1 is not in force at this moment, by its days and hours: a preview is without it."
    assert said(pin("poem-0", 1, starts="2090-01-01")) == [later]


def test_a_pin_that_never_wins_stands_in_nobodys_way(shop: Shop) -> None:
    assert said(pin("poem-0", 1), pin("poem-0", 3), pin("poem-1", 3), pin("poem-2", 3)) == [
        "Rules 1 and 2 pin 'poem-0': rule 1 wins wherever both hold.",
        "Rules 3 and 4 pin at position 3: rule 3 wins wherever both hold.",
    ]


def test_hours_that_clocks_leave_out_are_named(shop: Shop) -> None:
    hours = {"from_hour": "02:00", "until_hour": "03:00", "time_zone": "Europe/Vienna"}
    (told, *_) = [one for one in said({"does": "block", "filter": POETRY, **hours}) if "clocks" in one]
    assert told.startswith("Rule 1 holds from 02:00 to 03:00 by the clock of Europe/Vienna. On ")
    assert told.endswith(" clocks go forward over these hours, so it does nothing on that day.")

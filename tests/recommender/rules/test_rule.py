"""A rule holds on its days and hours by the clock on the wall of its time zone; one that makes no sense is refused."""

from datetime import UTC, datetime
from typing import Any

import pytest

from recommender.merchandising import ListSettings, differences
from recommender.merchandising.rules import MOST_RULES, Rule, Rules
from recommender.merchandising.told import changes
from recsite.platform.values import WrongValue

BLOCK = {"does": "block", "filter": 'category == "Poetry"'}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("conditions", "moment", "holds"),
    [
        ({}, "2026-01-01T00:00", True),
        ({"starts": "2026-03-01"}, "2026-02-28T23:59", False),
        ({"starts": "2026-03-01"}, "2026-03-01T00:00", True),
        ({"ends": "2026-03-01"}, "2026-03-01T23:59", True),
        ({"ends": "2026-03-01"}, "2026-03-02T00:00", False),
        # Auckland is a day ahead, Honolulu a day behind.
        ({"starts": "2026-03-02", "time_zone": "Pacific/Auckland"}, "2026-03-01T11:00", True),
        ({"ends": "2026-03-01", "time_zone": "Pacific/Honolulu"}, "2026-03-02T09:59", True),
        ({"ends": "2026-03-01", "time_zone": "Pacific/Honolulu"}, "2026-03-02T10:00", False),
        ({"from_hour": "09:00", "until_hour": "18:00"}, "2026-03-01T09:00", True),
        ({"from_hour": "09:00", "until_hour": "18:00"}, "2026-03-01T18:00", False),
        ({"from_hour": "22:00", "until_hour": "06:00"}, "2026-03-01T23:00", True),
        ({"from_hour": "22:00", "until_hour": "06:00"}, "2026-03-01T05:59", True),
        ({"from_hour": "22:00", "until_hour": "06:00"}, "2026-03-01T06:00", False),
        ({"from_hour": "22:00", "until_hour": "06:00", "ends": "2026-03-01"}, "2026-03-02T05:59", True),
        ({"from_hour": "22:00", "until_hour": "06:00", "ends": "2026-03-01"}, "2026-03-02T22:00", False),
        ({"from_hour": "22:00", "until_hour": "06:00", "starts": "2026-03-01"}, "2026-03-01T05:00", False),
        ({"from_hour": "22:00", "until_hour": "06:00", "starts": "2026-03-01"}, "2026-03-01T22:00", True),
    ],
)
def test_days_and_hours(conditions: dict[str, Any], moment: str, holds: bool) -> None:
    assert Rule.read(BLOCK | conditions).holds_at(at(moment)) is holds


def test_an_hour_that_comes_twice_counts_twice_and_one_that_is_left_out_never() -> None:
    rule = Rule.read(BLOCK | {"from_hour": "02:00", "until_hour": "03:00", "time_zone": "Europe/Vienna"})
    autumn = [rule.holds_at(at(f"2026-10-25T{hour:02}:30")) for hour in range(4)]
    spring = [rule.holds_at(at(f"2026-03-29T{hour:02}:30")) for hour in range(4)]
    assert autumn == [True, True, False, False]
    assert spring == [False, False, False, False]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"does": "pin", "position": 1}, "item: It is needed to pin an item."),
        ({"does": "pin", "item": "emma", "position": 51}, "position: A whole number from 1 to 50 is needed."),
        (BLOCK | {"position": 2}, "position: It has no place in a rule that is to block a filter."),
        (BLOCK | {"filter": "colour == 1"}, "filter: At character 1: There is no property colour."),
        (BLOCK | {"audience": "price < 2"}, "audience: It names properties of item; here only user. is known."),
        (BLOCK | {"context": 'user.country == "AT"'}, "context: It names properties of user;"),
        (BLOCK | {"starts": "2026-02-30"}, "starts: A date is needed, such as 2026-03-31."),
        (BLOCK | {"starts": "2026-03-02", "ends": "2026-03-01"}, "ends: It is before the first day."),
        (BLOCK | {"from_hour": "9"}, "from_hour: A time of day is needed, such as 18:30."),
        (BLOCK | {"from_hour": "09:00"}, "until_hour: Hours need both, a beginning and an end."),
        (BLOCK | {"from_hour": "09:00", "until_hour": "09:00"}, "until_hour: It is the same as the beginning"),
        (BLOCK | {"time_zone": "Vienna"}, "time_zone: A time zone is needed, such as Europe/Vienna or UTC."),
        ({"does": "at_most", "property": "creator", "count": 5, "first": 4}, "count: It is more than the positions."),
        ({"does": "boost", "filter": "price < 2", "factor": 0.5}, "factor: A number from 1 to 10 is needed."),
        (BLOCK | {"colour": "red"}, "colour: There is no such field."),
        ("block", "An object is needed."),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_number_of_the_rule(given: Any, said: str) -> None:
    with pytest.raises(WrongValue, match=r"^Rule 2: ") as told:
        Rules().from_json([BLOCK, given])
    assert said in str(told.value)


def test_rules_are_bounded_and_stored_as_they_are_read() -> None:
    with pytest.raises(WrongValue, match=r"At most 50 rules are possible; these are 51\."):
        Rules().from_json([BLOCK] * (MOST_RULES + 1))
    (rule,) = Rules().from_json([BLOCK | {"note": "Spring.", "owner": None}])
    assert rule.as_json() == BLOCK | {"time_zone": "UTC", "note": "Spring."}
    assert Rule.stored(rule.as_json() | {"of_a_later_version": 1}) == rule


EMMA = {"does": "pin", "item": "emma", "position": 1}
TOLD: list[tuple[dict[str, Any], str]] = [
    ({}, "pin emma at position 1"),
    ({"starts": "2026-12-01"}, "pin emma at position 1, from 2026-12-01 UTC"),
    ({"ends": "2026-12-24"}, "pin emma at position 1, until 2026-12-24 UTC"),
    ({"time_zone": "Europe/Vienna"}, "pin emma at position 1, by the clock of Europe/Vienna"),
    ({"from_hour": "09:00", "until_hour": "17:00"}, "pin emma at position 1, 09:00 to 17:00 UTC"),
    ({"note": "Christmas"}, "pin emma at position 1 (Christmas)"),
    ({"owner": "anna"}, "pin emma at position 1 (ask anna)"),
    ({"note": "Christmas", "owner": "anna"}, "pin emma at position 1 (Christmas; ask anna)"),
    (
        {"audience": 'user.country == "AT"', "context": "viewed.price < 5"},
        'pin emma at position 1 if user.country == "AT" and if viewed.price < 5',
    ),
    (
        {
            "starts": "2026-12-01",
            "ends": "2026-12-24",
            "from_hour": "09:00",
            "until_hour": "17:00",
            "time_zone": "Europe/Vienna",
            "note": "Christmas",
        },
        "pin emma at position 1, from 2026-12-01 until 2026-12-24, 09:00 to 17:00 Europe/Vienna (Christmas)",
    ),
]


@pytest.mark.parametrize(("conditions", "said"), TOLD)
def test_a_rule_says_everything_that_it_does_in_words(conditions: dict[str, Any], said: str) -> None:
    assert str(Rule.read(EMMA | conditions)) == said


def test_what_a_change_of_a_rule_was_and_is_never_reads_the_same() -> None:
    before = ListSettings.read("user", {"rules": [EMMA]})
    for conditions, _ in TOLD[1:]:
        (told,) = differences(before, ListSettings.read("user", {"rules": [EMMA | conditions]}))
        assert told.before != told.after


POEMS = {"does": "block", "filter": 'category == "Poetry"'}
NEW = {"does": "boost", "filter": "is_new", "factor": 2}
WAS_EMMA, WAS_POEMS, WAS_NEW = "pin emma at position 1", 'block category == "Poetry"', "boost is_new by 2"


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ([EMMA, POEMS], [POEMS], [("rule 1", WAS_EMMA, "none")]),
        ([POEMS], [EMMA, POEMS], [("rule 1", "none", WAS_EMMA)]),
        ([EMMA, POEMS, NEW], [EMMA, POEMS, NEW | {"factor": 3}], [("rule 3", WAS_NEW, "boost is_new by 3")]),
        ([EMMA, POEMS, NEW], [NEW, EMMA, POEMS], [("rule 1", "as rule 3", WAS_NEW)]),
        ([EMMA, NEW], [POEMS, NEW, EMMA], [("rule 1", "none", WAS_POEMS), ("rule 2", "in another order", WAS_NEW)]),
        ([EMMA, EMMA], [EMMA], [("rule 2", WAS_EMMA, "none")]),
        # One went and another came at its place: they have nothing to do with each other.
        ([EMMA], [POEMS], [("rule 1", WAS_EMMA, "none"), ("rule 1", "none", WAS_POEMS)]),
        (
            [EMMA, NEW],
            [NEW | {"factor": 3}, POEMS],
            [
                ("rule 1", WAS_EMMA, "none"),
                ("rule 1", WAS_NEW, "boost is_new by 3"),
                ("rule 2", "none", WAS_POEMS),
            ],
        ),
        ([EMMA, POEMS], [EMMA, POEMS], []),
    ],
)
def test_each_rule_that_differs_has_a_line_of_its_own(was: list[Any], now: list[Any], said: list[Any]) -> None:
    before, after = (ListSettings.read("user", {"rules": rules}) for rules in (was, now))
    assert [(one.label, one.before, one.after) for one in differences(before, after)] == said


def told(was: dict[str, Any], now: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What Activity says of a publication."""
    both = [ListSettings.read("user", settings).as_json() for settings in (was, now)]
    return changes({"revision": 1, **both[0]}, {"revision": 2, **both[1]})


def test_activity_names_rules_by_what_they_do_and_what_of_them_changed() -> None:
    noted = EMMA | {"note": "Christmas"}
    was = {"rules": [noted, POEMS], "diversity": 0.1}
    now = {"rules": [NEW, noted | {"position": 3, "note": "Advent"}], "diversity": 0.3}
    assert told(was, now) == [
        ("revision", "1", "2"),
        ("diversity", "10%", "30%"),
        ("rule added", "", WAS_NEW),
        ("rule removed", "", WAS_POEMS),
        ("rule changed", "", f"{WAS_EMMA} (Christmas): position 1 → 3, note Christmas → Advent"),
    ]
    moved = told({"rules": [EMMA, NEW]}, {"rules": [NEW, EMMA]})
    assert moved[1:] == [("rule moved", "", f"{WAS_NEW} (before: as rule 2)")]


def test_a_first_revision_was_as_usual_before() -> None:
    after = {"revision": 1, "rules": [EMMA]}
    assert changes({"revision": None, "rules": None}, after) == [
        ("revision", "none", "1"),
        ("rule added", "", WAS_EMMA),
    ]

"""Rules of a placement on lists as they are served: who meets them, what they do, and what the answer says of it."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from recommender import serving
from recommender.cache import SOURCES
from recommender.insight import impressions
from recommender.models import ListImpression
from recommender.serving import Request, placements
from recommender.serving.contract import as_json
from recommender.serving.why_not import why_not
from recsite.platform import redis
from tests.recommender.fixtures import NOVELS, POEMS, Shop, ask, happened, ids, look_again, set_placement, start_afresh

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
POETRY = 'category == "Poetry"'


def rules(*given: dict[str, Any], **settings: Any) -> None:
    set_placement(rules=list(given), **settings)
    look_again()


def pin(item: str, position: int, **more: Any) -> dict[str, Any]:
    return {"does": "pin", "item": item, "position": position, **more}


def test_a_pin_is_shown_though_it_is_no_candidate_and_says_so(shop: Shop) -> None:
    rules(pin("poem-5", 2, note="The poem of the week."))
    answer = ask("ada", limit=4, explain=True)
    assert ids(answer) == ["novel-0", "poem-5", "novel-1", "novel-2"]
    told = as_json(answer)["items"][1]
    assert (told["source"], told["score"], told["reason"]) == ("rule", None, "Our staff picked it.")
    assert told["rules"] == [{"rule": 1, "did": "pinned", "note": "The poem of the week."}]
    assert "rules" not in as_json(ask("ada", limit=4))["items"][1]
    assert answer.total_available == 12


def test_pages_with_pins_fit_together(shop: Shop) -> None:
    rules(pin("poem-5", 2), pin("novel-0", 5), {"does": "boost", "filter": POETRY, "factor": 3})
    whole = ids(ask("ada", limit=12))
    assert sorted(whole) == sorted(NOVELS + POEMS)
    assert [one for at in range(0, 12, 3) for one in ids(ask("ada", limit=3, offset=at))] == whole


def test_what_is_seen_unavailable_or_excluded_is_not_shown_by_a_pin(shop: Shop) -> None:
    happened(shop.ada, shop.poems[1], "purchase")
    shop.poems[2].is_available = False
    shop.poems[2].save()
    rules(pin("poem-1", 1), pin("poem-2", 1), pin("no-such-item", 1), pin("poem-3", 1))
    start_afresh()
    assert ids(ask("ada", limit=2)) == ["poem-3", "novel-0"]
    assert ids(ask("ada", limit=2, exclude=["poem-3"])) == NOVELS[:2]
    assert ids(ask("ada", limit=2, filter='category == "Novels"')) == NOVELS[:2]


def test_a_block_beats_a_pin_and_counts(shop: Shop) -> None:
    rules(pin("poem-3", 1), {"does": "block", "filter": POETRY})
    answer = ask("ada", limit=12)
    assert (ids(answer), answer.total_available) == (NOVELS, 6)


def test_a_filter_s_best_is_pinned_and_required_items_come_from_wherever_they_stand(shop: Shop) -> None:
    rules({"does": "pin_best", "filter": POETRY, "position": 1})
    assert ids(ask("ada", limit=2)) == ["poem-0", "novel-0"]
    rules({"does": "at_least", "count": 2, "first": 4, "filter": POETRY})
    assert ids(ask("ada", limit=5)) == ["novel-0", "novel-1", "poem-0", "poem-1", "novel-2"]
    rules({"does": "at_most", "count": 1, "first": 3, "property": "category"})
    assert ids(ask("ada", limit=4)) == ["novel-0", "poem-0", "novel-1", "novel-2"]


def test_rules_are_for_their_audience_and_context_alone(shop: Shop) -> None:
    shop.ada.demographics = {"country": "AT"}
    shop.ada.save()
    rules(pin("poem-5", 1, audience='user.country == "AT"'))
    assert ids(ask("ada", limit=1)) == ["poem-5"]
    assert ids(ask("ben", limit=1)) == ["poem-0"]
    rules(pin("poem-5", 1, context='viewed.category == "Novels"'))
    assert serving.similar(Request(items=["novel-0"], limit=1)).items[0].item_id == "poem-5"
    assert serving.similar(Request(items=["poem-0"], limit=1)).items[0].item_id != "poem-5"
    assert ids(ask("ada", limit=1)) == ["novel-0"]


def test_rules_hold_on_their_days_and_hours(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    rules(pin("poem-5", 1, ends="2026-03-31", time_zone="Europe/Vienna"))
    for moment, first in (((31, 21, 59), "poem-5"), ((31, 22, 0), "novel-0")):
        monkeypatch.setattr(placements, "clock", partial(datetime, 2026, 3, *moment, tzinfo=UTC))
        assert ids(ask("ada", limit=1)) == [first]


def test_a_cached_list_with_rules_asks_the_database_nothing(
    shop: Shop, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rules(
        pin("poem-5", 2, audience="user.country is missing"),
        {"does": "boost", "filter": POETRY, "factor": 2},
        {"does": "at_least", "filter": POETRY, "count": 1, "first": 3},
        {"does": "block", "filter": 'tags == "sea"'},
    )
    before = ids(ask("ada"))
    with django_assert_num_queries(0):
        assert ids(ask("ada")) == before


def test_what_an_audience_asks_of_the_user_comes_along_with_the_list(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules(pin("poem-5", 2, audience="user.country is missing"))
    before = ids(ask("ada"))
    sent: list[Any] = []
    roundtrip = redis.roundtrip

    def counted(*commands: redis.Command, **how: Any) -> list[Any]:
        sent.append(commands)
        return roundtrip(*commands, **how)

    monkeypatch.setattr(redis, "roundtrip", counted)
    assert ids(ask("ada")) == before
    assert len(sent) == 1


def test_rules_rank_no_more_than_the_candidates_where_these_fill_the_page(
    shop: Shop, settings: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.CANDIDATE_COUNT = 6
    rules(
        {"does": "boost", "filter": POETRY, "factor": 2},
        {"does": "at_most", "property": "category", "count": 1, "first": 3},
        {"does": "pin_best", "filter": POETRY, "position": 2},
    )
    before = ids(ask("ada", limit=3))
    with django_assert_num_queries(0):
        assert ids(ask("ada", limit=3)) == before


def test_impressions_keep_that_an_item_was_pinned(shop: Shop) -> None:
    rules(pin("poem-5", 1))
    ask("ada", limit=2)
    impressions.flush()
    row = ListImpression.objects.latest("pk")
    assert row.sources[0] == SOURCES.index("rule")


def test_an_item_that_a_rule_blocks_is_told_so(shop: Shop) -> None:
    rules({"does": "block", "filter": POETRY})
    found = why_not(Request("ada", 3), "poem-0")
    assert (found.cause, found.sentence) == ("blocked", "Rule 1 of the placement blocks it.")

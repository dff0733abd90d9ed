"""An expression filters every list, knows the user and the viewed item, and costs a cached answer no query."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from catalog import opting_out, snapshot, store
from catalog.models import EndUser, Item
from interactions.producers import produce
from recommender import cache, merchandising, serving
from recommender.models import CoPurchase
from recommender.serving import Request, filtering, list_export
from recommender.serving.kafka_requests import reply
from recsite.platform.audit import SYSTEM
from tests import factories, outages
from tests.recommender.fixtures import NOVELS, POEMS, Shop, ask, happened, ids, look_again, start_afresh

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
CHEAP = "price < 3"
"""Of each kind the first three."""


@pytest.fixture(autouse=True)
def priced(shop: Shop) -> None:
    for kind in (shop.novels, shop.poems):
        for number, item in enumerate(kind):
            Item.objects.filter(pk=item.pk).update(
                features={"price": number, "colour": "red" if number % 2 else "blue"}
            )
    pairs = [
        (0, 0),
        *((item.pk, item.pk) for item in shop.items),
        *((shop.novels[0].pk, item.pk) for item in shop.novels[1:]),
    ]
    CoPurchase.objects.bulk_create(CoPurchase(item_id=one, other_id=other, users=4) for one, other in pairs)
    start_afresh()


LISTS: dict[str, Callable[..., list[str]]] = {
    "user": lambda **rest: ids(ask("ada", **rest)),
    "somebody unknown": lambda **rest: ids(ask("nobody", **rest)),
    "popular": lambda **rest: ids(ask("", algorithm="popular", **rest)),
    "latest": lambda **rest: ids(ask("", algorithm="latest", **rest)),
    "trending": lambda **rest: ids(ask("", algorithm="trending", **rest)),
    "session": lambda **rest: ids(serving.session(Request(items=["novel-0"], **rest))),
    "similar": lambda **rest: ids(serving.similar(Request(items=["novel-0"], **rest))),
    "bought together": lambda **rest: [one.item_id for one in together(**rest).items],
}


def together(**rest: Any) -> Any:
    return serving.bought_together(Request(items=["novel-0"], **rest))


@pytest.mark.parametrize("name", LISTS)
def test_every_list_obeys_and_is_as_full_as_the_filter_allows(shop: Shop, name: str) -> None:
    everything = LISTS[name](limit=12)
    wanted = [one for one in everything if int(one[-1]) < 3]
    assert 0 < len(wanted) < len(everything)
    assert LISTS[name](filter=CHEAP, limit=12) == wanted
    pages = [LISTS[name](filter=CHEAP, limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [one for page in pages for one in page] == wanted
    red = LISTS[name](filter=f'{CHEAP} and features.colour == "red"', categories=["Novels"])
    assert red == [one for one in wanted if one == "novel-1"]


def test_a_full_scoring_pass_runs_where_too_few_candidates_pass(shop: Shop, settings: Any) -> None:
    settings.CANDIDATE_COUNT = 3
    start_afresh()
    answer = ask(shop.ada, filter="price >= 3", limit=6)
    assert sorted(ids(answer)) == [*NOVELS[3:], *POEMS[3:]]
    assert ids(answer)[:3] == NOVELS[3:]
    assert answer.total_available == 6


def test_messages_and_exports_obey_it(shop: Shop, tmp_path: Path) -> None:
    wanted = ids(ask(shop.ada, filter=CHEAP))
    message = {"version": 1, "request_id": "r", "user_id": "ada", "filter": CHEAP}
    assert [one["item_id"] for one in reply(json.dumps(message).encode()).body["answer"]["items"]] == wanted
    refused = reply(json.dumps({**message, "filter": "prise < 3"}).encode()).body["error"]["details"]
    assert refused["filter"].startswith("At character 1: There is no property prise. Did you mean price?")
    file = BytesIO()
    list_export.export(file, Request(is_shown=False, filter=CHEAP), "jsonl")
    lists = {one["user_id"]: one for one in map(json.loads, file.getvalue().splitlines())}
    assert [item["item_id"] for item in lists["ada"]["items"]] == wanted
    call_command("export_lists", tmp_path / "lists.jsonl", filter="price < 1")
    first = json.loads((tmp_path / "lists.jsonl").read_text().splitlines()[0])
    assert {item["item_id"] for item in first["items"]} == {"novel-0", "poem-0"}
    with pytest.raises(CommandError, match="At character 8: It ends where"):
        call_command("export_lists", tmp_path / "lists.jsonl", filter="price < ")


def test_an_expression_knows_the_user(shop: Shop, django_assert_num_queries: Any) -> None:
    EndUser.objects.filter(pk=shop.ada.pk).update(
        demographics={"country": "AT", "age": 34}, preferences={"categories": ["Poetry"]}
    )
    start_afresh()
    for text in (
        'user.country == "AT" and price < 1',
        'user.segment has any ("age:30-39", "country:de") and price < 1',
        "user.demographics.age > 30 and price < 1",
    ):
        assert sorted(ids(ask(shop.ada, filter=text))) == ["novel-0", "poem-0"], text
        assert ids(ask(shop.ben, filter=text)) == [], text
        assert ids(ask("nobody", filter=text)) == [], text
    assert ids(ask(shop.ada, filter="category in user.categories", limit=2)) == POEMS[:2]
    with django_assert_num_queries(0):
        assert ask(shop.ada, filter='user.country == "AT"').cache_hit
        assert ask("nobody", filter='user.country == "AT"').cache_hit
        assert ask(shop.ben, filter='user.country != "AT"').cache_hit


def test_an_expression_knows_when_the_user_was_last_active(shop: Shop, django_assert_num_queries: Any) -> None:
    for person, days in ((shop.ada, 40), (shop.ben, 3)):
        EndUser.objects.filter(pk=person.pk).update(last_active=timezone.now() - timedelta(days=days, minutes=1))
    EndUser.objects.filter(pk=shop.cleo.pk).update(last_active=None)
    start_afresh()
    away, missing = "user.active_days_ago >= 30", "user.active_days_ago is missing"
    for person, is_away in ((shop.ada, True), (shop.ben, False), (shop.cleo, False)):
        assert bool(ask(person, filter=away).items) is is_away
    assert ask(shop.cleo, filter=missing).items
    assert not ask(shop.ada, filter=missing).items
    assert ask(shop.ben, filter="user.active_days_ago == 3").items
    with django_assert_num_queries(0):
        assert ask(shop.ada, filter=away).cache_hit
    # What is kept is when, so that time alone moves it on.
    (about,) = filtering._about(["ada"], [shop.ada.pk])
    assert filtering.with_activity(about, time.time() + 10 * 86_400)["user.active_days_ago"] == 50
    produce([factories.event("ada", shop.novels[0], "rating", 4, at=timezone.now())])
    assert not ask(shop.ada, filter=away).items


def test_what_is_known_of_a_batch_of_users_costs_one_query(shop: Shop, django_assert_num_queries: Any) -> None:
    names = ["ada", "ben", "cleo", "nobody"]
    serving.recommend_many(Request(), names)
    with django_assert_num_queries(1):
        answers = serving.recommend_many(Request(filter="user.country is missing"), names)
    assert all(len(answer.items) == 10 for answer in answers)
    with django_assert_num_queries(0):
        serving.recommend_many(Request(filter='user.country == "AT"'), names)


def test_what_is_known_of_a_user_follows_their_changes(shop: Shop) -> None:
    text = 'user.country == "AT"'
    assert not ask(shop.ada, filter=text).items
    shop.ada.refresh_from_db()
    shop.ada.demographics = {"country": "AT"}
    store.save_user(shop.ada, actor=SYSTEM)
    assert ask(shop.ada, filter=text).items
    opting_out.opt_out("ada", actor=SYSTEM)
    assert not ask(shop.ada, filter=text).items
    assert cache.about_users([cache.keys_of("ada")])[0][0] is None


def test_without_redis_the_database_says_what_is_known_and_without_both_nothing_is(
    shop: Shop, tmp_path: Path, settings: Any
) -> None:
    EndUser.objects.filter(pk=shop.ada.pk).update(demographics={"country": "AT"})
    ask(shop.ada)
    with outages.no_postgres():
        assert not ask(shop.ada, filter='user.country == "AT"').items
        assert ask(shop.ada, filter='user.country != "AT"').items
    with outages.stoppable_redis(tmp_path, settings) as server:
        server.stop()
        assert ask(shop.ada, filter='user.country == "AT"').items


def test_an_expression_knows_the_viewed_item(shop: Shop) -> None:
    def similar(text: str, item: str = "poem-2") -> list[str]:
        return ids(serving.similar(Request(items=[item], filter=text, limit=12)))

    assert sorted(similar("category in viewed.category")) == [one for one in POEMS if one != "poem-2"]
    assert sorted(similar("item_type == viewed.item_type and price <= viewed.price")) == ["poem-0", "poem-1"]
    assert similar("item_type == viewed.item_type", "novel-2") == [], "The novels have no type: it is missing."
    assert sorted(similar("category not in viewed.category", "novel-2")) == POEMS
    assert similar("tags == viewed.tags", "poem-2") == []
    assert ids(ask(shop.ada, filter="viewed.price is missing", limit=1)) == ["novel-0"]
    last = serving.session(Request(items=["novel-1", "poem-1"], filter="category == viewed.category", limit=12))
    assert sorted(ids(last)) == [one for one in POEMS if one != "poem-1"]


def test_new_is_what_the_placement_says(shop: Shop) -> None:
    for number, item in enumerate(shop.novels):
        published = timezone.now() - timedelta(days=10 * number + 1)
        Item.objects.filter(pk=item.pk).update(published_at=published)
    Item.objects.filter(pk__in=[poem.pk for poem in shop.poems]).update(published_at=datetime(2001, 1, 1, tzinfo=UTC))
    merchandising.create("home", "any", values={"new_for_days": 35, "new_item_share": 0}, actor=SYSTEM)
    start_afresh()
    assert ids(ask(shop.ada, filter="is_new")) == NOVELS[:2]
    assert ids(ask(shop.ada, filter="is_new", placement="home")) == NOVELS[:4]
    assert ids(ask(shop.ada, filter="age_days >= 31 and age_days < 42 and published_at > 2002-01-01")) == NOVELS[3:5]


def test_a_new_price_counts_in_lists_that_are_cached(shop: Shop, django_capture_on_commit_callbacks: Any) -> None:
    assert "novel-0" in ids(ask(shop.ada, filter=CHEAP))
    item = Item.objects.get(item_id="novel-0")
    item.features = {"price": 30}
    store.save_item(item, actor=SYSTEM)
    look_again()
    answer = ask(shop.ada, filter=CHEAP)
    assert answer.cache_hit
    assert "novel-0" not in ids(answer)


def test_what_the_user_has_seen_stays_away(shop: Shop) -> None:
    happened(shop.ada, shop.novels[1])
    start_afresh()
    assert ids(ask(shop.ada, filter='category == "Novels" and price < 3')) == ["novel-0", "novel-2"]
    assert snapshot.current().count == 12

import time
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from catalog import store
from catalog.models import Item
from recommender.serving import warming
from recommender.serving.candidates import everybody
from recsite.platform.audit import SYSTEM
from tests.recommender.fixtures import NOVELS, POEMS, Shop, ask, happened, ids, look_again, start_afresh


def test_hidden_items_leave_cached_lists_and_come_back_to_them(
    shop: Shop, django_capture_on_commit_callbacks: Any
) -> None:
    assert ids(ask(shop.ada))[0] == "novel-0"
    assert ids(ask("nobody"))[0] == "poem-0"
    hidden = Item.objects.filter(pk__in=[shop.novels[0].pk, shop.poems[0].pk])
    for available in (False, True):
        with django_capture_on_commit_callbacks(execute=True):
            store.set_available(hidden, available, actor=SYSTEM)
        look_again()
        for who in (shop.ada, "nobody"):
            answer = ask(who, limit=12)
            assert answer.cache_hit
            assert {"novel-0", "poem-0"} <= set(ids(answer)) if available else "novel-0" not in ids(answer)
            assert answer.total_available == (12 if available else 10)


def test_a_deleted_item_leaves_cached_lists(shop: Shop, django_capture_on_commit_callbacks: Any) -> None:
    ask(shop.ada)
    with django_capture_on_commit_callbacks(execute=True):
        store.delete_items(Item.objects.filter(pk=shop.novels[0].pk), actor=SYSTEM)
    look_again()
    answer = ask(shop.ada, limit=20)
    assert ids(answer) == [*NOVELS[1:], *POEMS]
    assert answer.total_available == 11


def test_variants_of_one_thing_never_stand_in_one_list(shop: Shop) -> None:
    Item.objects.filter(pk__in=[shop.novels[0].pk, shop.novels[2].pk, shop.poems[0].pk]).update(group="emma")
    start_afresh()
    mine, everybodys = ask(shop.ada, limit=20), ask("nobody", limit=20)
    assert [item_id for item_id in ids(mine) if item_id in ("novel-0", "novel-2", "poem-0")] == ["novel-0"]
    assert [item_id for item_id in ids(everybodys) if item_id in ("novel-0", "novel-2", "poem-0")] == ["poem-0"]
    assert len(mine.items) == mine.total_available == len(everybodys.items) == everybodys.total_available == 10


@pytest.mark.parametrize("algorithm", ["", "popular", "latest", "svd"])
def test_when_a_variant_was_seen_no_other_is_offered(shop: Shop, algorithm: str) -> None:
    Item.objects.filter(pk__in=[shop.novels[0].pk, shop.novels[1].pk, shop.poems[3].pk]).update(group="emma")
    Item.objects.filter(pk__in=[shop.novels[2].pk, shop.poems[2].pk]).update(group="walden")
    happened(shop.ada, shop.novels[0])
    start_afresh()
    for _ in range(2):
        answer = ask(shop.ada, limit=20, algorithm=algorithm)
        assert not {"novel-0", "novel-1", "poem-3"} & set(ids(answer))
        assert len({"novel-2", "poem-2"} & set(ids(answer))) == 1
        assert len(answer.items) == answer.total_available == 8


def test_variants_of_seen_items_are_not_in_lists_made_ahead(shop: Shop) -> None:
    Item.objects.filter(pk__in=[shop.novels[0].pk, shop.novels[1].pk]).update(group="emma")
    happened(shop.ada, shop.novels[1])
    start_afresh()
    warming.warm(everybody=True)
    answer = ask(shop.ada, limit=20)
    assert answer.cache_hit
    assert ids(answer) == [*NOVELS[2:], *POEMS]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"categories": ["Poetry"]}, POEMS),
        ({"categories": ["Poetry", "Novels"], "tags": ["prose"]}, NOVELS),
        ({"item_type": "poem"}, POEMS),
        (
            {"exclude": ["novel-0", "novel-2", "nothing"], "tags": ["prose"]},
            ["novel-1", "novel-3", "novel-4", "novel-5"],
        ),
        ({"categories": ["Nothing"]}, []),
        ({"tags": ["prose"], "item_type": "poem"}, []),
    ],
)
def test_filters_act_on_every_list_and_say_how_much_there_is(
    shop: Shop, filters: dict[str, Any], expected: list[str]
) -> None:
    for who in (shop.ada, "nobody"):
        for _ in range(2):
            answer = ask(who, limit=20, **filters)
            assert ids(answer) == expected
            assert answer.total_available == len(expected)


def test_where_the_candidates_do_not_suffice_the_whole_catalogue_is_ranked(shop: Shop, settings: Any) -> None:
    settings.CANDIDATE_COUNT = 2
    for _ in range(2):
        assert ids(ask(shop.ada, limit=2)) == NOVELS[:2]
        assert ids(ask(shop.ada, limit=3, categories=["Poetry"])) == POEMS[:3]
        assert ids(ask(shop.ada, limit=3, offset=5)) == ["novel-5", "poem-0", "poem-1"]
        assert ids(ask(shop.ada, limit=20)) == [*NOVELS, *POEMS]


def test_pages_follow_each_other_without_gaps_or_repeats(shop: Shop, settings: Any) -> None:
    settings.CANDIDATE_COUNT = 5
    happened(shop.ada, shop.novels[1])
    for who in (shop.ada, "nobody"):
        whole = ids(ask(who, limit=20))
        pages = [ask(who, limit=3, offset=offset) for offset in range(0, 15, 3)]
        assert [item_id for page in pages for item_id in ids(page)] == whole
        assert {page.total_available for page in pages} == {len(whole)}
        ranks = [place.rank for page in pages for place in page.items]
        assert ranks == list(range(1, len(whole) + 1))


def test_a_page_past_the_end_is_empty(shop: Shop) -> None:
    answer = ask(shop.ada, offset=500)
    assert answer.items == ()
    assert answer.total_available == 12


@pytest.mark.parametrize("count", [3, 200])
def test_a_minimum_score_is_one_of_the_leading_source(shop: Shop, settings: Any, count: int) -> None:
    settings.CANDIDATE_COUNT = count
    answer = ask(shop.ada, min_score=3.8, limit=2)
    assert ids(answer) == NOVELS[:2]
    assert answer.total_available == 5
    assert ids(ask(shop.ada, min_score=3.8, limit=20)) == NOVELS[:5]
    assert ids(ask("nobody", min_score=11, limit=20)) == POEMS[:2]
    assert ask(shop.ada, min_score=99).total_available == 0


def test_with_an_empty_catalogue_the_list_is_empty(shop: Shop) -> None:
    Item.objects.all().delete()
    start_afresh()
    for who in (shop.ada, "nobody"):
        answer = ask(who)
        assert (answer.items, answer.total_available) == ((), 0)


def test_what_is_new_follows_the_clock_while_the_catalogue_stays_the_same(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    yesterday, in_an_hour = timezone.now() - timedelta(days=1), timezone.now() + timedelta(hours=1)
    Item.objects.filter(pk=shop.novels[0].pk).update(published_at=yesterday)
    Item.objects.filter(pk=shop.novels[1].pk).update(published_at=in_an_hour)
    start_afresh()
    before = ask("nobody", limit=20, algorithm="latest")
    assert ids(before)[0] == "novel-0"
    assert before.items[0].score == pytest.approx(-1, abs=0.01)
    in_two_hours = SimpleNamespace(time=lambda: time.time() + 7200, monotonic=lambda: time.monotonic() + 7200)
    monkeypatch.setattr(everybody, "time", in_two_hours)
    after = ask("nobody", limit=20, algorithm="latest")
    assert ids(after)[:2] == ["novel-1", "novel-0"]
    assert after.items[1].score == pytest.approx(-1 - 2 / 24, abs=0.01)

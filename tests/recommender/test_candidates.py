from typing import Any

import pytest

from catalog import snapshot, store
from catalog.models import Item
from recommender import registry
from recommender.serving.candidates import loaded_release, similar
from recsite.platform import generations
from recsite.platform.audit import SYSTEM
from tests import factories
from tests.recommender.fixtures import Shop, ask, ids, look_again, publish, start_afresh, svd


def test_similar_items_are_alike_by_the_model(shop: Shop) -> None:
    found = similar(shop.novels[2].pk, 5)
    assert [place.item for place in found] == [novel.pk for novel in shop.novels if novel != shop.novels[2]]
    assert {place.source for place in found} == {"svd"}
    assert found[0].score == pytest.approx(1.0)


def test_similar_items_are_available_and_no_variants_of_the_item(shop: Shop) -> None:
    Item.objects.filter(pk=shop.novels[0].pk).update(is_available=False)
    Item.objects.filter(pk__in=[shop.novels[1].pk, shop.novels[2].pk]).update(group="emma")
    start_afresh()
    assert [place.item for place in similar(shop.novels[2].pk, 3)] == [novel.pk for novel in shop.novels[3:]]


def test_an_item_that_was_hidden_comes_back_among_the_similar_ones(
    shop: Shop, django_capture_on_commit_callbacks: Any
) -> None:
    hidden = shop.novels[3]
    for available in (False, True):
        with django_capture_on_commit_callbacks(execute=True):
            store.set_available(Item.objects.filter(pk=hidden.pk), available, actor=SYSTEM)
        look_again()
        found = {place.item: place.source for place in similar(shop.novels[2].pk, 5)}
        assert found.get(hidden.pk) == ("svd" if available else None)


def test_what_the_model_does_not_know_is_like_what_is_popular_in_its_category(shop: Shop) -> None:
    new = factories.item("new", categories=["Novels"])
    start_afresh()
    found = similar(new.pk, 7)
    assert [place.item for place in found] == [item.pk for item in [*shop.novels, shop.poems[0]]]
    assert {place.source for place in found} == {"popular"}


def test_nothing_is_like_an_item_that_is_not_there(shop: Shop) -> None:
    assert similar(10**9, 5) == []


def test_a_promotion_and_a_rollback_are_in_force_on_the_next_look(
    shop: Shop, django_capture_on_commit_callbacks: Any
) -> None:
    assert ids(ask(shop.ada))[0] == "novel-0"
    with django_capture_on_commit_callbacks(execute=True):
        newer = publish({"svd": svd(shop.poems, shop.novels, [shop.ada, shop.ben])})
    look_again()
    answer = ask(shop.ada)
    assert (ids(answer)[0], answer.release, answer.cache_hit) == ("poem-0", newer.pk, False)
    with django_capture_on_commit_callbacks(execute=True):
        registry.rollback()
    look_again()
    answer = ask(shop.ada)
    assert (ids(answer)[0], answer.release, answer.cache_hit) == ("novel-0", shop.release.pk, True)


def test_a_damaged_release_leaves_the_old_one_serving_and_says_so(
    shop: Shop, django_capture_on_commit_callbacks: Any, settings: Any, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    ask(shop.ada)
    with django_capture_on_commit_callbacks(execute=True):
        publish({"svd": svd(shop.poems, shop.novels, [shop.ada, shop.ben])})
    settings.MODEL_CACHE_DIR = tmp_path / "another machine"
    settings.STORAGES = {**settings.STORAGES, "models": {**settings.STORAGES["models"], "OPTIONS": {"location": "/no"}}}
    look_again()
    answer = ask(shop.ada)
    assert (ids(answer)[0], answer.release) == ("novel-0", shop.release.pk)
    assert loaded_release.fault()
    assert "can't be read" in caplog.text


def test_a_process_that_starts_with_one_damaged_model_serves_the_others(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    version = shop.release.members.get(algorithm="svd").version
    type(version).objects.filter(pk=version.pk).update(checksum="0" * 64)
    start_afresh()
    answer = ask(shop.ada)
    assert (answer.algorithm, answer.release, ids(answer)[0]) == ("popular", shop.release.pk, "poem-0")
    assert loaded_release.fault()


def test_the_look_for_a_newer_release_happens_once_a_second_at_most(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(shop.ada)
    looks: list[int] = []
    monkeypatch.setattr(generations, "_look", lambda: looks.append(1))
    generations._known.look_again_at = float("inf")
    for _ in range(5):
        ask(shop.ada)
    assert looks == []
    assert snapshot.current() is snapshot.current()

"""The first page: what is live, what is being done, what waits."""

from pathlib import Path
from typing import Any

from interactions.models import DeadLetter
from recommender import tasks
from recommender.models import ModelVersion
from recsite.platform import jobs, workers
from tests.admin.staff import Staff
from tests.outages import stoppable_redis
from tests.recommender.fixtures import Shop, happened, start_afresh

HOME = "/admin/"


def test_it_shows_what_is_live_what_was_started_and_what_came_in(viewer: Staff, shop: Shop) -> None:
    happened(shop.ada, shop.novels[0], "rating", 4)
    tasks.reload(jobs.create("reload", "Reload the live release", viewer.user).pk)
    page = viewer.page(HOME)
    assert f"Release {shop.release.pk} , promoted" in page
    for said in (
        "svd",
        "rating model",
        "popular",
        "Reload the live release",
        "Succeeded",
        "ada rating 4 The book of novel-0",
    ):
        assert said in page


def test_each_part_is_for_those_who_may_see_it(shop: Shop) -> None:
    happened(shop.ada, shop.novels[0])
    jobs.create("train", "Train and promote")
    page = Staff("clerk", "interactions.view_interaction").page(HOME)
    assert "Latest events" in page
    for hidden in ("Live now", "Train and promote"):
        assert hidden not in page


def test_events_that_could_not_be_stored_raise_an_alert(viewer: Staff) -> None:
    assert "could not be stored" not in viewer.page(HOME)
    DeadLetter.objects.create(source="api", reason="There is no item x.", payload={"item_id": "x"})
    assert "Some events could not be stored. Dead letters" in viewer.page(HOME)
    letters = viewer.page("/admin/interactions/deadletter/")
    assert "There is no item x." in letters
    assert '"item_id": "x"' in viewer.page(f"/admin/interactions/deadletter/{DeadLetter.objects.get().pk}/change/")


def test_with_nothing_live_it_says_so_and_offers_to_train(admin: Staff, viewer: Staff) -> None:
    assert "No release is live: all users get the newest items." in viewer.page(HOME)
    assert "Train now" in admin.page(HOME)
    assert "Roll back" not in admin.page(HOME)


def test_a_release_that_can_not_be_loaded_raises_an_alert(viewer: Staff, shop: Shop) -> None:
    ModelVersion.objects.update(checksum="0" * 64)
    start_afresh()
    assert "is not the one that was written there. Train again, or fetch a fresh copy." in viewer.page(HOME)


def test_with_redis_gone_it_opens_and_says_so(viewer: Staff, shop: Shop, settings: Any, tmp_path: Path) -> None:
    with stoppable_redis(tmp_path, settings) as server:
        server.stop()
        assert "Redis can't be reached: every list is made at request time" in viewer.page(HOME)


def test_all_is_well_without_an_alert(viewer: Staff, shop: Shop) -> None:
    workers.note()
    found: Any = viewer.get(HOME)
    assert found.context["down"] == []
    assert "rs-alert" not in found.content.decode()

"""What was shown is recorded off the request's path; what people do with it is attributed and added up once."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError
from django.utils import timezone

from catalog import store
from catalog.models import EndUser
from interactions.models import InteractionType
from interactions.producers import produce
from recommender import serving, tasks
from recommender.cache import SOURCES
from recommender.insight import impressions
from recommender.models import (
    Attribution,
    CoPurchase,
    DailyImpressions,
    ItemImpressions,
    ListImpression,
    PositionImpressions,
)
from recommender.serving import Request
from recsite.platform import database
from recsite.platform.database import DatabaseDown
from recsite.platform.months import Month, Plan
from recsite.platform.tasks import keep_partitions
from tests import factories
from tests.api.clients import ApiClient
from tests.outages import wait_until
from tests.recommender.fixtures import Shop, ask
from tests.web import web_server

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def add_up() -> None:
    """Everything that was shown and done has settled, and is counted."""
    impressions.flush()
    tasks.roll_up_impressions()
    tasks.roll_up_impressions()


def do(who: str, what: str, kind: str = "click", named: UUID | str | None = None, after: float = 1) -> None:
    """An act so many seconds from now, naming a list where one is given."""
    context = {"recommendation_id": str(named)} if named else {}
    at = timezone.now() + timedelta(seconds=after)
    produce([factories.event(who, what, kind, 4 if kind == "rating" else None, at=at, context=context)])


def gone(*_: Any) -> None:
    raise OperationalError("connection refused")


def day(**which: Any) -> DailyImpressions:
    return DailyImpressions.objects.get(**which)


def figures(**which: Any) -> tuple[int, int, int, int, int, int]:
    one = day(**which)
    return (one.lists, one.lists_clicked, one.lists_converted, one.places, one.places_clicked, one.places_converted)


def test_an_answer_is_recorded_as_it_was_shown(shop: Shop) -> None:
    answer = ask("ada", limit=3, offset=2)
    assert not ListImpression.objects.exists(), "It was stored while somebody waited."
    assert impressions.flush() == 1
    row = ListImpression.objects.get(recommendation_id=answer.recommendation_id)
    assert (row.user_id, row.kind, row.placement, row.variant) == ("ada", "person", "default", "")
    assert (row.algorithm, row.version, row.release) == (answer.algorithm, answer.model_version, answer.release)
    by_id = {item.pk: item.item_id for item in shop.items}
    assert [by_id[pk] for pk in row.items] == [place.item_id for place in answer.items]
    assert [SOURCES[source] for source in row.sources] == [place.source for place in answer.items]
    assert (row.first_rank, row.served_at) == (3, answer.generated_at)


def test_lists_of_every_kind_are_recorded(shop: Shop) -> None:
    first, second = shop.novels[0].pk, shop.novels[1].pk
    for item, other in ((0, 0), (first, first), (second, second), (first, second)):
        CoPurchase.objects.create(item_id=item, other_id=other, users=3)
    serving.recommend(Request("", algorithm="popular"))
    serving.similar(Request(items=["novel-0"], user_id="ada"))
    serving.session(Request(items=["novel-0", "poem-0"]))
    bought = serving.bought_together(Request(items=["novel-0"], limit=5))
    impressions.flush()
    assert sorted(ListImpression.objects.values_list("kind", flat=True)) == [
        "everybody",
        "session",
        "similar",
        "together",
    ]
    assert ListImpression.objects.get(kind="similar").user_id == "ada"
    assert ListImpression.objects.get(kind="together").recommendation_id == bought.recommendation_id


def test_a_look_by_staff_and_an_empty_list_are_not(shop: Shop) -> None:
    ask("ada", is_shown=False)
    ask("cleo", is_shown_cold=False)
    ask("ada", categories=["Nothing at all"])
    assert impressions.flush() == 0


def test_a_click_that_names_the_list_counts_at_its_place_and_once(shop: Shop) -> None:
    answer = ask("ada", limit=4)
    item = answer.items[2].item_id
    do("ada", item, "click", answer.recommendation_id)
    do("ada", item, "like", answer.recommendation_id, after=2)
    add_up()
    assert figures() == (1, 1, 0, 4, 1, 0)
    assert day().places_by_id == 1
    assert list(PositionImpressions.objects.order_by("rank").values_list("rank", "shown", "clicked")) == [
        (1, 1, 0),
        (2, 1, 0),
        (3, 1, 1),
        (4, 1, 0),
    ]
    one = Attribution.objects.get()
    assert (one.recommendation_id, one.rank, one.by_id) == (answer.recommendation_id, 3, True)


def test_a_purchase_is_a_conversion_and_staff_say_what_is_one(shop: Shop) -> None:
    answer = ask("ada", limit=4)
    do("ada", answer.items[0].item_id, "click", answer.recommendation_id)
    add_up()
    do("ada", answer.items[0].item_id, "purchase", answer.recommendation_id, after=2)
    do("ada", answer.items[1].item_id, "share", answer.recommendation_id, after=3)
    add_up()
    assert figures() == (1, 1, 1, 4, 2, 1)
    InteractionType.objects.filter(name="share").update(is_conversion=True)
    do("ada", answer.items[1].item_id, "share", answer.recommendation_id, after=4)
    add_up()
    assert figures() == (1, 1, 1, 4, 2, 2)
    assert Attribution.objects.exclude(converted_at=None).count() == 2


def test_an_act_that_names_nothing_goes_to_the_latest_list_within_the_window(shop: Shop, settings: Any) -> None:
    older, newer = ask("ada", limit=4), ask("ada", limit=4)
    ask("ben", limit=12)
    do("ada", newer.items[0].item_id)
    add_up()
    one = Attribution.objects.get()
    assert (one.recommendation_id, one.by_id) == (newer.recommendation_id, False)
    assert older.recommendation_id != newer.recommendation_id
    settings.ATTRIBUTION_WINDOW_HOURS = 1
    do("ada", newer.items[1].item_id, after=3_700)
    do("ada", newer.items[2].item_id, after=3_500)
    add_up()
    assert set(Attribution.objects.values_list("rank", flat=True)) == {1, 3}


@pytest.mark.parametrize("named", ["no id at all", "01a20744-cc17-7522-810d-23d7e9938751", ""])
def test_a_name_that_nobody_knows_is_as_good_as_none(shop: Shop, named: str) -> None:
    answer = ask("ada", limit=4)
    do("ada", answer.items[0].item_id, named=named)
    add_up()
    assert Attribution.objects.get().by_id is False


def test_what_says_nothing_or_speaks_against_it_is_no_click(shop: Shop) -> None:
    answer = ask("ada", limit=4)
    do("ada", answer.items[0].item_id, "dislike", answer.recommendation_id)
    do("ada", answer.items[1].item_id, "impression", answer.recommendation_id)
    do("ada", answer.items[2].item_id, "click", after=-60)
    do("ada", "poem-5", "click", answer.recommendation_id)
    add_up()
    assert figures() == (1, 0, 0, 4, 0, 0)


def test_adding_up_again_counts_nothing_twice_and_a_failure_loses_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = ask("ada", limit=4)
    do("ada", answer.items[0].item_id, "purchase", answer.recommendation_id)
    impressions.flush()
    tasks.roll_up_impressions()
    with monkeypatch.context() as broken:
        broken.setattr("recommender.insight.impressions.statements.COUNT_DIFFERENT", "SELECT 1/0")
        with pytest.raises(Exception, match="division by zero"):
            tasks.roll_up_impressions()
    assert not DailyImpressions.objects.exists()
    for _ in range(3):
        tasks.roll_up_impressions()
    assert figures() == (1, 1, 1, 4, 1, 1)


def test_figures_are_kept_apart_by_what_led_the_list_and_where(shop: Shop) -> None:
    ask("ada", limit=2)
    ask("ada", limit=2, algorithm="popular")
    ask("ben", limit=2)
    add_up()
    found = {(one.algorithm, one.kind): (one.lists, one.places) for one in DailyImpressions.objects.all()}
    assert found == {("svd", "person"): (2, 4), ("popular", "person"): (1, 2)}
    assert day(algorithm="svd").version == shop.release.members.get(algorithm="svd").version_id


def test_coverage_counts_different_items(shop: Shop) -> None:
    ask("ada", limit=4)
    ask("ada", limit=4)
    ask("ben", limit=4)
    add_up()
    assert day().items == ItemImpressions.objects.count()
    assert 4 <= day().items <= 8
    assert sum(ItemImpressions.objects.values_list("shown", flat=True)) == 12


def test_lists_that_were_shown_wait_for_the_database(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    ask("ada")
    ask("ada")
    with monkeypatch.context() as outage:
        outage.setattr(impressions.recording.recorder, "_store", gone)
        with pytest.raises(DatabaseDown):
            impressions.flush()
    database.forget()
    assert impressions.flush() == 2


def test_a_process_holds_so_many_lists_and_counts_what_it_forgets(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impressions.recording.recorder, "most", 3)
    lost = impressions.recording.lost._value.get()
    answers = [ask("ada") for _ in range(5)]
    assert impressions.flush() == 3
    assert impressions.recording.lost._value.get() - lost == 2
    kept = set(ListImpression.objects.values_list("recommendation_id", flat=True))
    assert kept == {answer.recommendation_id for answer in answers[2:]}


def test_months_of_lists_past_retention_are_dropped(shop: Shop, settings: Any) -> None:
    settings.IMPRESSION_RETENTION_MONTHS = 2
    this = Month.of(timezone.now())
    for table in (impressions.LISTS, impressions.ATTRIBUTIONS):
        table.ensure_months([this.plus(-2), this.plus(-3)])
    keep_partitions()
    for table in (impressions.LISTS, impressions.ATTRIBUTIONS):
        there = table.find()
        assert this.plus(-2) in there.attached
        assert this.plus(-3) not in there.attached | there.detached
        table.apply(Plan(detach=(this.plus(-2),), drop=(this.plus(-2),)))


def test_a_thread_of_the_process_stores_them_by_itself(shop: Shop, settings: Any) -> None:
    settings.GATHER_IN_BACKGROUND = True
    ask("ada")
    wait_until(ListImpression.objects.exists, 10)


def test_a_web_server_that_stops_stores_what_it_has_just_shown(shop: Shop, tmp_path: Path) -> None:
    with web_server(tmp_path, API_AUTH_REQUIRED="false") as server:
        for who in ("ada", "ben", "cleo"):
            assert server.get(f"/api/v1/recommendations/users/{who}")[0] == 200
    assert set(ListImpression.objects.values_list("user_id", flat=True)) == {"ada", "ben", "cleo"}
    assert "Logging error" not in server.log.read_text()


def test_who_is_erased_takes_the_lists_along(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    ask("ada")
    ask("ben")
    impressions.flush()
    with monkeypatch.context() as broken:
        broken.setattr(impressions, "on_erased", gone)
        with pytest.raises(OperationalError):
            store.erase_users(EndUser.objects.filter(user_id="ada"))
    assert EndUser.objects.filter(user_id="ada").exists(), "She was erased, and what she was shown was not."
    store.erase_users(EndUser.objects.filter(user_id="ada"))
    assert list(ListImpression.objects.values_list("user_id", flat=True)) == ["ben"]


def test_a_page_of_the_api_can_be_named_in_what_follows(shop: Shop) -> None:
    api = ApiClient()
    answer = api.get("recommendations/items/novel-0/similar", limit=3).json()
    item = answer["items"][1]["item_id"]
    event = {
        "user_id": "somebody new",
        "item_id": item,
        "type": "click",
        "context": {"recommendation_id": answer["recommendation_id"]},
    }
    assert api.post("interactions", event).status_code == 202
    add_up()
    assert figures(kind="similar") == (1, 1, 0, 3, 1, 0)

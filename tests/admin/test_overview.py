"""The first page: is all well, what do lists achieve, what is live, what changed, what is to do."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models import F
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from interactions.models import DeadLetter
from recommender import registry
from recommender.insight import periods
from recommender.models import HourlyImpressions, ModelVersion
from recommender.serving import Request, recommend
from recsite.console.overview import attention, charted, page
from recsite.platform import alerts, audit, jobs, series, workers
from recsite.platform.alerts import Finding
from recsite.platform.audit import Actor, Kind
from recsite.platform.models import ApiKey
from recsite.platform.thresholds import LAG, OUTBOX, P95, QUEUE_DEPTH, RELEASE, SILENCE
from tests.admin.staff import Staff
from tests.outages import stoppable_redis
from tests.recommender.fixtures import Shop, ask, popular, publish, start_afresh
from tests.recommender.test_impressions import add_up, do

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
HOME, LIVE = "/admin/", "/admin/overview/"


@pytest.fixture(autouse=True)
def afresh() -> None:
    attention.forget()
    alerts.forget()


@pytest.fixture
def all_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that has to do with this machine raises an alert."""
    monkeypatch.setattr(alerts, "now", list)


def shown(shop: Shop, lists: int = 12) -> None:
    """Lists by popularity, each with a click, and as many of somebody who clicks once."""
    for number in range(lists):
        popular_one, own = ask(f"visitor-{number}", limit=10), ask(shop.ada, limit=5)
        do(f"visitor-{number}", popular_one.items[0].item_id, named=popular_one.recommendation_id)
    do(shop.ada.user_id, own.items[0].item_id, named=own.recommendation_id)
    add_up()


def test_before_anything_came_each_tile_says_why_it_is_empty(viewer: Staff, all_well: None) -> None:
    said = viewer.page(HOME)
    assert said.count("No data yet, because no list was shown in this time.") == 3
    assert "No data yet, because no event has come in this time." in said
    assert "There is nothing to draw" in said or "No list was shown in this time, so there is nothing to draw." in said
    assert "No release is live: all users get the newest items." in said


def test_tiles_the_chart_and_the_sentence_say_what_lists_achieve(viewer: Staff, shop: Shop, all_well: None) -> None:
    shown(shop)
    said = viewer.page(HOME)
    assert "13 clicked of 180 shown" in said
    assert "All well: " in said
    assert "click-through 7.22 %" in said
    assert "Popular items 10 % so far" in said
    assert "All other lists 1.67 % so far , with its interval" in said


def test_a_day_is_compared_with_the_same_hours_a_week_ago(viewer: Staff, shop: Shop, all_well: None) -> None:
    shown(shop)
    HourlyImpressions.objects.update(hour=F("hour") - timedelta(days=7))
    shown(shop, lists=4)
    assert "; a week ago 7.22 %" in viewer.page(HOME)
    assert "a week ago" not in viewer.page(HOME, period="7d")


def test_a_rate_of_a_few_is_marked_as_such(viewer: Staff, shop: Shop, all_well: None) -> None:
    shown(shop, lists=2)
    assert "3 clicked of 30 shown: too few to say" in viewer.page(HOME)


@pytest.mark.parametrize("period", periods.PERIODS)
@pytest.mark.parametrize("chart", charted.TABS)
def test_every_period_and_chart_opens(viewer: Staff, shop: Shop, all_well: None, period: str, chart: str) -> None:
    shown(shop, lists=1)
    viewer.client.get("/api/v1/recommendations/popular")
    series.noting.flush()
    said = viewer.page(HOME, period=period, chart=chart)
    assert charted.TABS[chart][0] in said
    assert "The same as a table" in said


def test_few_requests_are_told_by_their_number(viewer: Staff, all_well: None) -> None:
    for _ in range(2):
        viewer.client.get("/api/v1/recommendations/popular")
    series.noting.flush()
    said = viewer.page(HOME)
    assert "Requests 2 " in said
    assert "Requests a minute" not in said


def test_what_the_address_asks_wrongly_is_passed_by(viewer: Staff) -> None:
    assert "24 hours" in viewer.page(HOME, period="1y", chart="'<")


def test_promotions_and_publications_are_marks_on_the_chart(viewer: Staff, shop: Shop, all_well: None) -> None:
    shown(shop, lists=1)
    release = publish({"popular": popular(shop.items)}, promote=False)
    registry.promote(release)
    assert f"release {release.pk} promoted by" in viewer.page(HOME)


def test_three_alerts_are_open_and_the_rest_is_behind_a_word(
    viewer: Staff, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    kinds = (LAG, OUTBOX, P95, QUEUE_DEPTH, SILENCE)
    looks = {"all": lambda: [Finding(one, f"{one.name} is beyond.", "results") for one in kinds]}
    monkeypatch.setattr(alerts, "import_string", lambda _: looks)
    alerts.forget()
    said = viewer.page(HOME)
    assert "2 more" in said
    assert "All well" not in said
    assert "Everything is up. To look at: Kafka lag, Outbox, Slow lists and 2 others." in said
    for one in kinds:
        assert f"{one.name} is beyond." in said
        assert one.do in said
    page_text = viewer.get(HOME).content.decode()
    assert page_text.index('id="more-alerts"') > page_text.index("rs-alert-warning")


def test_activity_says_who_did_what_and_names_many_in_one_line(viewer: Staff, all_well: None) -> None:
    record = partial(audit.record, object_type="item")
    for number in range(5):
        record(Actor(Kind.STAFF, "grace", "admin"), "item.hide", object_id=f"emma-{number}")
    record(Actor.schedule("Retrain"), "model.train", object_type="model", object_id=7)
    said = viewer.page(HOME)
    assert "grace hid items emma-4, emma-3, emma-2 and 2 more" in said
    assert "The schedule (Retrain) trained model 7" in said


def test_what_is_down_comes_before_all_else(viewer: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = (LAG, RELEASE)
    looks = {"all": lambda: [Finding(one, f"{one.name} is beyond.", "results") for one in kinds]}
    monkeypatch.setattr(alerts, "import_string", lambda _: looks)
    alerts.forget()
    said = viewer.page(HOME)
    assert "Down: No release." in said
    assert said.index("Down: No release.") < said.index("No release is beyond.") < said.index("Kafka lag is beyond.")


def test_each_part_is_for_those_who_may_see_it(shop: Shop, all_well: None) -> None:
    jobs.create("train", "Train and promote")
    said = Staff("clerk", "interactions.view_interaction").page(HOME)
    for hidden in ("Live release", "Train and promote", "Click-through", "Activity"):
        assert hidden not in said
    assert "Needs attention" in said
    operator = Staff("merchant", "recommender.view_dailyimpressions").page(HOME)
    assert "Click-through" in operator
    assert "Roll back" not in operator


def test_the_release_card_says_in_words_how_good_it_is(admin: Staff, shop: Shop, all_well: None) -> None:
    first = shop.release
    ModelVersion.objects.filter(releases=first, algorithm="svd").update(
        metrics={
            "metrics": {"ndcg_at_10": 0.27, "rmse": 0.8},
            "beside": {"popular": {"ndcg_at_10": 0.1}},
        }
    )
    said = admin.page(HOME)
    assert "Its lists are 2.7 times as good as popularity (nDCG@10 0.27 beside 0.1), and it is the first one." in said
    assert "Roll back" in said
    release = publish({"popular": popular(shop.items)})
    said = admin.page(HOME)
    assert f"Release {release.pk} . It went live just now" in said
    assert f"and the same as those of release {first.pk} within the noise." in said
    assert f"/admin/compare/?a={first.pk}&amp;b={release.pk}" in admin.get(HOME).content.decode()


def test_a_release_that_was_not_measured_says_so(viewer: Staff, shop: Shop, all_well: None) -> None:
    ModelVersion.objects.update(metrics={})
    assert "How good it is was not measured: there were no held-out events." in viewer.page(HOME)


def test_dead_letters_are_counted_by_kind(viewer: Staff, all_well: None) -> None:
    assert "Nothing does." in viewer.page(HOME)
    for item in ("x", "y"):
        DeadLetter.objects.create(source="api", reason=f"There is no item '{item}'.", payload={"item_id": item})
    DeadLetter.objects.create(source="api", reason="The value 17.5 is above 5.", payload={})
    said = viewer.page(HOME)
    assert "2 dead letters: There is no item …." in said
    assert "1 dead letter: The value … is above …." in said


def test_items_that_nobody_sees_and_keys_that_end_want_attention(
    viewer: Staff, shop: Shop, monkeypatch: pytest.MonkeyPatch, all_well: None
) -> None:
    ApiKey.objects.create_key(name="shop", expiry_date=timezone.now() + timedelta(days=3))
    monkeypatch.setattr(attention, "KEPT_SECS", -1)
    assert "was shown to nobody" not in viewer.page(HOME)
    ask("visitor", limit=4)
    add_up()
    said = viewer.page(HOME)
    assert "8 items were shown to nobody in four weeks." in said
    assert 'href="/admin/catalog/item/?view=never"' in viewer.get(HOME).content.decode()
    assert "The API key shop ends in " in said


def test_what_stands_open_asks_and_gets_nothing_where_nothing_has_changed(
    viewer: Staff, shop: Shop, all_well: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    monkeypatch.setattr("recsite.console.overview.page.timezone.now", lambda: now)
    first = viewer.get(LIVE, period="7d").content.decode()
    seen = first.split(f'hx-get="{LIVE}?period=7d&amp;chart=clicks&amp;seen=')[1].split('"')[0]
    assert viewer.get(LIVE, period="7d", seen=seen).status_code == 204
    jobs.create("train", "Train and promote")
    again = viewer.get(LIVE, period="7d", seen=seen)
    assert again.status_code == 200
    assert "Train and promote" in again.content.decode()


def test_it_asks_little(
    viewer: Staff, shop: Shop, all_well: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    shown(shop)
    viewer.get(HOME)
    with django_assert_max_num_queries(25):
        viewer.get(LIVE, period="28d")


def test_without_the_database_s_figures_the_page_says_so(
    viewer: Staff, shop: Shop, all_well: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(page, "measure", gone)
    assert "The database can't be reached, so nothing can be said of lists and events." in viewer.page(HOME)


def test_a_release_that_can_not_be_loaded_raises_an_alert(viewer: Staff, shop: Shop) -> None:
    ModelVersion.objects.update(checksum="0" * 64)
    start_afresh()
    assert "is not the one that was written there. Train again, or fetch a fresh copy." in viewer.page(HOME)


def test_with_redis_gone_it_opens_and_says_so(viewer: Staff, shop: Shop, settings: Any, tmp_path: Path) -> None:
    with stoppable_redis(tmp_path, settings) as server:
        server.stop()
        alerts.forget()
        said = viewer.page(HOME)
    assert "Redis can't be reached" in said
    alerts.forget()


def test_all_is_well_without_an_alert(viewer: Staff, shop: Shop, all_well: None) -> None:
    workers.note()
    found: Any = viewer.get(HOME)
    assert found.context["down"] == []
    assert "rs-alert" not in found.content.decode()


def test_a_list_for_everybody_counts_as_well(viewer: Staff, shop: Shop, all_well: None) -> None:
    recommend(Request(algorithm="popular", limit=5))
    add_up()
    assert "0 clicked of 5 shown: too few to say" in viewer.page(HOME)

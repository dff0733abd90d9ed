"""Half hours of what people do: every event counts once, whenever it comes and whatever is gone meanwhile."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import Item
from interactions import windows
from interactions.models import BehaviourWindow
from interactions.store import store
from interactions.streams import LATENESS, WINDOW, Window, oldest_open
from interactions.tasks import add_up_behaviour
from recsite.platform import redis
from tests import factories
from tests.outages import stoppable_redis

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture(autouse=True)
def empty_redis() -> None:
    redis.roundtrip(("FLUSHDB",))


def now_window() -> Window:
    return Window.of(timezone.now())


def happened(who: str, kind: str = "view", at: datetime | None = None, **context: Any) -> None:
    item = Item.objects.first() or factories.item("emma")
    when = at or now_window().start + timedelta(seconds=1)
    store([factories.event(who, item, kind, 4 if kind == "rating" else None, at=when, context=context)])


def add_up() -> None:
    add_up_behaviour()
    add_up_behaviour()


def counts(window: Window | None = None) -> tuple[int, int, int]:
    row = BehaviourWindow.objects.get(start=(window or now_window()).start)
    return row.events, row.active_users, row.sessions


def test_windows_tumble_and_an_edge_belongs_to_what_it_begins() -> None:
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert Window.of(noon) == Window.of(noon + WINDOW - timedelta(microseconds=1)) == Window(noon)
    assert Window.of(noon + WINDOW) == Window(noon + WINDOW)
    assert Window.of(noon - timedelta(microseconds=1)).end == noon


def test_the_oldest_open_window_is_the_last_one_that_is_not_closed() -> None:
    for minute in range(0, 60, 7):
        now = datetime(2026, 5, 1, 12, minute, 13, tzinfo=UTC)
        oldest = oldest_open(now)
        assert not oldest.is_closed(now)
        assert Window(oldest.start - WINDOW).is_closed(now)
    edge = datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert Window(edge - LATENESS - WINDOW).is_closed(edge)


def test_what_people_do_is_added_up() -> None:
    for kind in ("view", "click", "click", "add_to_cart", "add_to_cart", "purchase", "rating"):
        happened("ada", kind)
    happened("ben", "view", recommendation_id="x")
    add_up()
    row = BehaviourWindow.objects.get()
    assert (row.events, row.active_users, row.views, row.carts, row.purchases) == (8, 2, 4, 2, 1)
    assert (row.view_to_cart, row.cart_to_purchase, row.recommendation_clicks) == (0.5, 0.5, 1)


def test_a_session_has_a_name_or_is_a_person_s_own() -> None:
    for session in ("one", "two", "two"):
        happened("ada", session_id=session)
    happened("ben")
    happened("ben", session_id="")
    add_up()
    assert counts() == (5, 2, 3)


def test_more_of_the_same_people_later_are_the_same_people() -> None:
    happened("ada", session_id="one")
    add_up()
    happened("ada", session_id="one")
    happened("ben")
    add_up()
    add_up()
    assert counts() == (3, 2, 2)


def test_what_was_there_before_anybody_added_up_is_not_late() -> None:
    happened("ada", at=timezone.now() - timedelta(hours=5))
    happened("ada")
    add_up()
    assert BehaviourWindow.objects.get().late == 0


def test_late_events_go_where_they_belong_until_their_window_closes() -> None:
    happened("ada")
    add_up()
    open_still, closed = oldest_open(timezone.now()), Window(oldest_open(timezone.now()).start - WINDOW)
    happened("ada", at=open_still.start + timedelta(minutes=29))
    happened("ada", at=closed.start)
    happened("ada", at=timezone.now() - timedelta(days=400))
    add_up()
    assert counts(open_still) == (1, 1, 1)
    assert not BehaviourWindow.objects.filter(start=closed.start).exists()
    assert BehaviourWindow.objects.get(start=now_window().start).late == 1


def test_a_redis_that_forgot_makes_no_difference(tmp_path: Path, settings: Any) -> None:
    happened("ada")
    happened("ben")
    add_up()
    redis.roundtrip(("FLUSHDB",))
    happened("ada")
    add_up()
    assert counts() == (3, 2, 2)
    with stoppable_redis(tmp_path, settings) as server:
        server.stop()
        happened("ada")
        happened("cleo")
        add_up()
        assert counts() == (5, 3, 3)
    redis.forget()
    happened("ben")
    add_up()
    assert counts() == (6, 3, 3)


def test_one_that_dies_before_its_end_counts_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    happened("ada")
    windows.advance()
    with monkeypatch.context() as broken:
        broken.setattr(windows, "_rows", _dies_after_the_first(windows._rows))
        with pytest.raises(RuntimeError):
            windows.advance()
    assert not BehaviourWindow.objects.exists()
    add_up()
    assert counts() == (1, 1, 1)


def _dies_after_the_first(rows: Any) -> Any:
    asked: list[str] = []

    def ask(query: str, parameters: Any) -> Any:
        asked.append(query)
        if len(asked) > 1:
            raise RuntimeError("killed")
        return rows(query, parameters)

    return ask

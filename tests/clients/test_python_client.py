"""The Python client against a real server: the same promises for the sync and the async one."""

from typing import Any

import pytest

from recsite_client import Conflict, Erased, Forbidden, Invalid, JobFailed, NotFound, TooLarge, Unauthenticated
from tests.clients.conftest import opened
from tests.live_shop import OPERATOR
from tests.recommender.fixtures import NOVELS, POEMS
from tests.web import Web

pytestmark = pytest.mark.django_db
ODD = ["a/b", "...", "ä ö", "100%", "a?b#c", "emma/similar-ish", "x" * 255]


def test_a_user_gets_a_list(client: Any) -> None:
    found = client.recommend_for_user("ada", limit=3, categories=["Novels"], explain=True)
    assert [item["item_id"] for item in found["items"]] == NOVELS[:3]
    assert found["items"][0]["reason"]


def test_every_kind_of_list(client: Any) -> None:
    assert client.recommend_for_session(POEMS[:2], limit=2)["items"]
    assert [one["user_id"] for one in client.recommend_for_many(["ada", "ben"], limit=1)["results"]] == ["ada", "ben"]
    for found in (
        client.list_popular(limit=1),
        client.list_latest(limit=1),
        client.list_trending(limit=1, window_days=3),
        client.list_similar(NOVELS[0], limit=1, exclude=NOVELS[1:3]),
    ):
        assert found["items"][0]["rank"] == 1
    assert client.list_bought_together(NOVELS[0])["item_id"] == NOVELS[0]


def test_fields_that_were_asked_for_have_a_place_in_each_row(client: Any) -> None:
    assert client.list_popular(limit=1, fields=["item_type", "price"])["items"][0]["fields"].keys() == {
        "item_type",
        "price",
    }


def test_staff_sign_in_renew_and_sign_out(web: Web, kind: str) -> None:
    with opened(kind, web.url) as client:
        first = client.sign_in(OPERATOR, OPERATOR)
        tokens = client.refresh_tokens(first["refresh"])
        with opened(kind, web.url, headers={"Authorization": f"Bearer {tokens['access']}"}) as signed_in:
            assert signed_in.read_stats()["items"]
            client.sign_out(tokens["access"])
            with pytest.raises(Unauthenticated):
                signed_in.read_stats()
        with pytest.raises(Unauthenticated):
            client.refresh_tokens(tokens["refresh"])


def test_an_error_carries_everything_that_was_said(client: Any) -> None:
    with pytest.raises(Invalid) as told:
        client.recommend_for_user("ada", limit=0)
    assert (told.value.status, told.value.code) == (422, "invalid")
    assert told.value.details == {"limit": "A whole number from 1 to 100 is needed."}
    assert told.value.request_id
    assert told.value.request_id in str(told.value)
    with pytest.raises(NotFound):
        client.read_item("nowhere")


@pytest.mark.parametrize("item_id", ODD)
def test_odd_ids_come_and_go_whole(client: Any, item_id: str) -> None:
    client.put_item(item_id, title="Odd")
    try:
        assert client.read_item(item_id)["item_id"] == item_id
    finally:
        client.delete_item(item_id)


def test_an_item_lives(client: Any) -> None:
    client.create_item("lived", title="A life", categories=["Many"])
    with pytest.raises(Conflict):
        client.create_item("lived", title="Another")
    assert client.change_item("lived", is_available=False)["is_available"] is False
    assert client.put_item("lived", title="Anew")["categories"] == []
    client.delete_item("lived")
    with pytest.raises(NotFound):
        client.read_item("lived")


def test_a_user_lives(client: Any) -> None:
    client.put_user("dora", preferences={"categories": ["Poetry"]})
    assert client.change_user("dora", demographics={"country": "NZ"})["preferences"]["categories"] == ["Poetry"]
    assert client.read_user("dora")["demographics"] == {"country": "NZ"}
    with pytest.raises(Conflict):
        client.create_user("dora")


def test_all_pages_are_iterated_over(client: Any) -> None:
    assert len({item["item_id"] for item in client.items(limit=7, category="Many")}) == 40
    assert {"ada", "ben"} <= {user["user_id"] for user in client.users(limit=1)}


def test_events_are_stored_and_told(client: Any) -> None:
    assert client.send_event("erin", "rating", NOVELS[0], value=4, context={"source": "test"})["status"] == "accepted"
    results = client.send_events([{"user_id": "erin", "type": "view", "item_id": one} for one in (*POEMS, "")])
    assert [one["status"] for one in results["results"]] == ["accepted"] * 6 + ["refused"]
    assert len({event["event_id"] for event in client.user_history("erin", limit=2)}) >= 7
    assert {event["type"] for event in client.user_history("erin", type="rating")} == {"rating"}
    assert "erin" in {event["user_id"] for event in client.item_history(POEMS[0])}


def test_many_rows_are_streamed(client: Any) -> None:
    rows = [{"item_id": f"bulk-{number}", "title": "Bulk", "categories": ["Bulk"]} for number in range(300)]
    told = client.load_items(iter([*rows, {"title": "Nameless"}]))
    assert told["refused"] == 1
    assert told["results"][-1]["errors"]
    assert len(list(client.items(category="Bulk", limit=200))) == 300
    assert client.load_users([{"user_id": "bulky"}])["results"][0]["status"] in {"created", "unchanged"}


def test_a_body_that_is_too_large_is_told_with_what_to_do(client: Any) -> None:
    events = [{"user_id": "erin", "type": "view", "item_id": "x", "context": {"a": "a" * 16_000}}] * 1000
    with pytest.raises(TooLarge, match="Send fewer rows at once"):
        client.send_events(events)


def test_the_server_is_operated(client: Any) -> None:
    assert client.read_stats()["release"]
    assert client.read_live_models()["release"] == next(iter(client.list_releases()["releases"]))["id"]
    assert client.read_cache()["keys"] >= 0


def test_who_may_not_is_told(kind: str, web: Web, reading_key: str) -> None:
    for wrong_key in (None, "wrong.key"):
        with opened(kind, web.url, wrong_key) as wrong, pytest.raises(Unauthenticated):
            wrong.read_stats()
    with opened(kind, web.url, reading_key) as reading, pytest.raises(Forbidden, match="lacks the scope write"):
        reading.send_event("erin", "view", POEMS[0])


def test_items_are_searched(client: Any) -> None:
    found = client.search_items("novel", limit=2)
    assert found["total"] >= 6
    assert {"novel-0", "novel-5"} <= {item["item_id"] for item in client.search("novel", limit=4, category="Novels")}


def test_everything_is_exported(client: Any) -> None:
    client.send_event("exported", "view", NOVELS[0])
    assert set(NOVELS + POEMS) <= {item["item_id"] for item in client.export_items()}
    assert "exported" in {user["user_id"] for user in client.export_users(since="2020-01-01")}
    assert "exported" in {event["user_id"] for event in client.export_interactions()}
    assert client.export_user("exported")["interactions"]


def test_users_are_let_go(client: Any, kind: str) -> None:
    name = f"let-go-{kind}"
    client.send_event(f"{name}-visitor", "view", NOVELS[0])
    assert client.merge_user(f"{name}-visitor", into=name)["events"] == 1
    assert client.opt_out(name)["opted_out_at"]
    client.opt_in(name)
    client.erase_user(name)
    with pytest.raises(Erased):
        client.send_event(name, "view", NOVELS[0])


def test_figures_are_read(client: Any) -> None:
    day = {"since": "2026-05-01", "until": "2026-05-02"}
    assert client.read_placement_analytics(**day, by="hour")
    assert client.read_algorithm_analytics(**day)
    assert client.read_system_analytics(**day)
    assert client.read_item_statistics(NOVELS[0], **day)
    assert client.read_user_statistics("ada", **day)


def test_work_is_started_once(client: Any, kind: str) -> None:
    started = [client.clear_cache(idempotency_key=f"once-{kind}") for _ in range(2)]
    assert started[0]["id"] == started[1]["id"]
    assert client.read_job(started[0]["id"])["kind"] == "clear_cache"
    assert started[0]["id"] in {job["id"] for job in client.jobs(limit=1)}
    client.cancel_job(started[0]["id"])
    with pytest.raises(JobFailed, match="is cancelled"):
        client.wait_for_job(started[0]["id"])


def test_webhooks_are_kept(client: Any) -> None:
    made = client.create_webhook("https://shop.example/hooks", ["model.promoted"])
    assert made["secret"].startswith("whsec_")
    assert client.change_webhook(made["id"], description="The shop's")["description"] == "The shop's"
    assert made["id"] in {one["id"] for one in client.list_webhooks()["webhooks"]}
    assert client.rotate_webhook_secret(made["id"])["secret"] != made["secret"]
    client.delete_webhook(made["id"])

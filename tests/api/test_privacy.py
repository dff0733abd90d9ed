"""DELETE /users/{user_id}, its export, and opting out."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog import erasure, merging
from catalog.models import EndUser
from interactions import producers
from interactions.importing import load
from interactions.models import DeadLetter, Interaction, PersonEvent, Review
from interactions.replay import replay
from recommender import dataset
from recommender.insight import impressions
from recommender.models import ListImpression
from recommender.serving import warming
from recommender.serving.incremental import trends
from recsite.platform import redis
from recsite.platform.audit import Actor
from recsite.platform.log_privacy import hashed
from recsite.platform.models import AuditEntry
from tests import factories
from tests.api.clients import ApiClient, details
from tests.erasure.places import csv_data, in_redis
from tests.recommender.fixtures import NOVELS, POEMS, Shop, ask, happened, ids

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
NOW = timezone.now()


def sends(api: ApiClient, user_id: str, item_id: str = "novel-0", kind: str = "view", **rest: Any) -> str:
    answer = api.post("interactions", {"user_id": user_id, "item_id": item_id, "type": kind, **rest})
    assert answer.status_code == 202, answer.content
    return str(answer.json()["status"])


def recorded(verb: str) -> AuditEntry:
    (entry,) = AuditEntry.objects.filter(verb=verb)
    assert (entry.object_type, entry.door, entry.actor_kind) == ("user", "api", "key")
    return entry


# --- erasing ---


def test_an_erased_user_is_gone_and_refused(api: ApiClient, shop: Shop) -> None:
    sends(api, "ada")
    answer = api.delete("users/ada")
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.get("users/ada").status_code == 404
    refused = api.post("interactions", {"user_id": "ada", "item_id": "novel-0", "type": "view"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "erased")
    assert recorded("erase").object_id == hashed("ada")
    assert not Interaction.objects.exists()
    assert api.delete("users/ada").status_code == 204


def test_an_unknown_id_is_refused_from_then_on(api: ApiClient, shop: Shop) -> None:
    assert api.delete("users/some/body").status_code == 204
    assert erasure.erased_among(["some/body"]) == {"some/body"}


def test_an_erasure_that_can_not_be_alone_is_told_to_come_back(
    api: ApiClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.people_lock.ATTEMPTS", 0)
    for answer in (api.delete("users/ada"), api.post("users/eve/merge", {"into": "ada"})):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "Try again later" in answer.json()["error"]["message"]


# --- exporting one user ---


def test_an_export_holds_everything_that_is_kept(api: ApiClient, shop: Shop) -> None:
    merging.merge("visitor", "ada", actor=Actor.command("tests"))
    sends(api, "ada", kind="rating", value=4, review={"text": "I laughed."}, context={"source": "web"})
    sends(api, "visitor", item_id="nowhere")
    sends(api, "ada", item_id="", kind="login")
    shown = ask("ada")
    impressions.flush()
    sends(api, "ada", item_id=shown.items[0].item_id, context={"recommendation_id": str(shown.recommendation_id)})
    for _ in range(2):
        impressions.roll_up()
    answer = api.get("users/ada/export")
    assert answer.streaming
    assert answer.headers["Cache-Control"] == "private, no-store"
    told = json.loads(b"".join(answer.streaming_content))
    assert told.keys() == {"user", "interactions", "dead_letters", "waiting", "lists", "experiments"}
    assert (told["user"]["user_id"], told["user"]["merged"]) == ("ada", ["visitor"])
    assert [row["type"] for row in told["interactions"]] == ["view", "login", "rating"]
    assert told["interactions"][2]["review"] == {"text": "I laughed."}
    assert [one["payload"]["item_id"] for one in told["dead_letters"]] == ["nowhere"]
    (shown_then,) = told["lists"]
    assert shown_then["items"] == ids(shown)
    assert [click["item_id"] for click in shown_then["clicks"]] == [shown.items[0].item_id]
    assert told["experiments"] == []


def test_an_export_of_nobody_is_not_found(api: ApiClient, shop: Shop) -> None:
    assert api.get("users/nobody/export").status_code == 404
    assert details(api.get("users/ada/export", format="csv")).keys() == {"format"}


# --- opting out ---


def test_who_opted_out_gets_what_everybody_gets_at_once(api: ApiClient, shop: Shop) -> None:
    sends(api, "ada", "novel-5")
    assert ask("ada").algorithm == "svd"
    assert ask("ada").cache_hit
    answer = api.post("users/ada/opt-out", {})
    assert answer.status_code == 200
    assert answer.json().keys() == {"user_id", "opted_out_at"}
    assert not [key for key in in_redis("ada") if b"svd:" in key or b"did" in key]
    lists = ask("ada")
    assert (lists.algorithm, lists.cold_start, ids(lists)[: len(POEMS)]) == ("popular", True, POEMS)
    assert ask("ada").cache_hit
    assert recorded("opt_out").object_id == hashed("ada")
    assert api.post("users/ada/opt-out", {}).json() == answer.json()
    impressions.flush()
    assert not ListImpression.objects.filter(user_id="ada", algorithm="popular").exists()
    assert ListImpression.objects.filter(user_id="", algorithm="popular").exists()


def test_a_list_that_was_being_made_meanwhile_is_never_served(api: ApiClient, shop: Shop) -> None:
    ask("ada")
    kept = {key: redis.roundtrip(("GET", key))[0] for key in in_redis("ada") if b":seen:" not in key}
    api.post("users/ada/opt-out", {})
    redis.roundtrip(*(("SET", key, value) for key, value in kept.items() if value))
    assert ask("ada").algorithm == "popular"


def test_nothing_that_they_do_then_is_kept(api: ApiClient, shop: Shop, tmp_path: Any) -> None:
    sends(api, "ada", "novel-1")
    api.post("users/ada/opt-out", {})
    active = EndUser.objects.get(user_id="ada").last_active
    assert sends(api, "ada") == "opted_out"
    assert sends(api, "ada", item_id="", kind="login") == "opted_out"
    assert sends(api, "ada", item_id="nowhere") == "opted_out"
    assert sends(api, "ada", kind="rating", value=4, review={"text": "I laughed."}) == "opted_out"
    event = {"user_id": "ada", "item_id": "novel-0", "type": "view"}
    told = api.post("interactions/bulk", {"events": [event, {**event, "user_id": "ben"}]}).json()
    assert [one["status"] for one in told["results"]] == ["opted_out", "accepted"]
    assert (told["accepted"], told["refused"], told["opted_out"]) == (1, 0, 1)
    rows = f"user_id,item_id,type,timestamp\nada,novel-0,view,{NOW + timedelta(hours=1)}\nben,novel-1,view,{NOW}\n"
    report = load(csv_data(tmp_path / "events.csv", rows), tmp_path / "rejected.csv")
    assert (report.counts.stored, report.counts.opted_out, report.counts.duplicates) == (1, 1, 0)
    letter = DeadLetter.objects.create(
        source="kafka", reason="Mended.", payload={**event, "occurred_at": timezone.now().isoformat()}
    )
    replay([letter])
    assert [row.item.item_id for row in Interaction.objects.filter(user__user_id="ada")] == ["novel-1"]
    assert not PersonEvent.objects.exists()
    assert not Review.objects.exists()
    assert not DeadLetter.objects.exists()
    assert EndUser.objects.get(user_id="ada").last_active == active


def test_what_they_did_before_is_left_out_of_training_and_figures(api: ApiClient, shop: Shop) -> None:
    happened(shop.ada, shop.novels[0], days_ago=1)
    happened(shop.ben, shop.poems[0], days_ago=1)
    api.post("users/ada/opt-out", {})
    assert dataset.load_everything().user_ids.ids.tolist() == [shop.ben.pk]
    for _ in range(2):
        trends.advance()
    assert [pk for pk, _ in trend_scores()] == [shop.poems[0].pk]
    assert warming.warm(everybody=True).people == 2


def test_opting_in_again_brings_the_lists_back(api: ApiClient, shop: Shop) -> None:
    api.post("users/ada/opt-out", {})
    ask("ada")
    answer = api.delete("users/ada/opt-out")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (ask("ada").algorithm, ids(ask("ada"))[: len(NOVELS)]) == ("svd", NOVELS)
    assert sends(api, "ada") == "accepted"
    assert recorded("opt_in").object_id == hashed("ada")
    assert api.delete("users/nobody/opt-out").status_code == 204


def test_somebody_unknown_may_opt_out_and_somebody_erased_stays_erased(api: ApiClient, shop: Shop) -> None:
    assert api.post("users/visitor/opt-out", {}).status_code == 200
    assert sends(api, "visitor") == "opted_out"
    api.delete("users/visitor")
    assert api.post("users/visitor/opt-out", {}).json()["error"]["code"] == "erased"


def test_an_event_of_a_known_user_asks_nothing_more(api: ApiClient, shop: Shop) -> None:
    sends(api, "ada", "novel-1")
    event = factories.event("ada", "novel-0")
    with CaptureQueriesContext(connection) as asked:
        producers.produce([event])
    assert len(asked) == 1


def trend_scores() -> list[tuple[int, float]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT item_id, score FROM recommender_trendingscore WHERE score > 0")
        return cursor.fetchall()

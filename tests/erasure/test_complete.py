"""An erasure is complete and final, at every door, and touches nobody else."""

import csv
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from catalog import erasure, store
from catalog.models import EndUser
from interactions import consumers, kafka, outbox, producers, types
from interactions.consumers import Unreadable
from interactions.importing import load
from interactions.kafka import Message
from interactions.models import DeadLetter, Interaction, PersonEvent, Review
from interactions.partitions import EVENTS
from interactions.replay import replay
from interactions.store import store as store_events
from interactions.wire import encode
from recommender.insight import impressions
from recommender.models import Attribution, ListImpression
from recommender.serving import kafka_requests
from recsite.platform import generations
from recsite.platform.audit import SYSTEM
from recsite.platform.months import Plan
from recsite.platform.sessions import SessionStore
from storefront.views.visitor import SESSION_KEY
from tests import factories
from tests.admin.staff import PEOPLE, Staff
from tests.api.clients import ApiClient
from tests.erasure.places import GONE, MAY_1999, csv_data, everywhere, in_files, in_redis, in_tables
from tests.recommender.fixtures import Shop, ask

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def do_everything(shop: Shop, folder: Path, admin: Staff) -> None:
    """Leave the user's id in every place that there is."""
    first, second = shop.novels[0], shop.novels[1]
    EVENTS.ensure_months([MAY_1999])
    events = [
        factories.event(GONE, first, "rating", 4, review={"title": "Good", "text": "I laughed."}),
        factories.event(GONE, second, "purchase", at=datetime(1999, 5, 5, tzinfo=UTC)),
        factories.event(GONE, "", "profile_update", context={"preferences": {"tags": ["sea"]}}),
        factories.event(GONE, "an unknown item"),
    ]
    producers.produce(events)
    EVENTS.apply(Plan(detach=(MAY_1999,)))
    consumers.keep_dead_letters([Unreadable(f'{{"user": "{GONE}"'.encode(), "reviews", "No JSON.")])
    outbox.put([Message("product-views", GONE, encode(events[0]))])
    answer = ask(GONE)
    impressions.flush()
    clicked = {"recommendation_id": str(answer.recommendation_id)}
    producers.produce([factories.event(GONE, answer.items[0].item_id, "click", at=timezone.now(), context=clicked)])
    for _ in range(2):
        impressions.roll_up()
    ask(GONE)
    impressions.flush()
    session = SessionStore()
    session[SESSION_KEY] = GONE
    session.save()
    load(
        csv_data(folder / "events.csv", f"user_id,item_id,rating\n{GONE},novel-0,99\nben,novel-0,98\n"),
        folder / "own.csv",
    )
    gone = EndUser.objects.get(user_id=GONE)
    admin.post(f"{PEOPLE}{gone.pk}/change/", preferences='{"tags": ["a"]}', demographics="{}")
    ApiClient().post("users/bulk", {"users": [{"user_id": GONE}]}, **{"Idempotency-Key": "once"})


def test_nothing_is_left_anywhere_and_nobody_else_is_touched(shop: Shop, folder: Path, admin: Staff) -> None:
    do_everything(shop, folder, admin)
    (folder / "events.csv").unlink(missing_ok=True)
    for who in ("ada", "ben"):
        ask(who)
    impressions.flush()
    assert Attribution.objects.count() == 1
    found = in_tables(GONE)
    for table in (
        "catalog_enduser",
        "interactions_deadletter",
        "interactions_outboxmessage",
        "recommender_servedlist",
        "django_admin_log",
        "sessions",
        "outbox",
    ):
        assert table in found, f"The test looks in vain: nothing was in {table}."
    assert len(in_redis(GONE)) >= 3
    assert in_files(GONE, folder) == [folder / "own.csv"]
    others, before = set(in_redis("rec:")), generations_now()

    assert admin.post(f"{PEOPLE}{EndUser.objects.get(user_id=GONE).pk}/delete/", post="yes").status_code == 302

    assert everywhere(GONE, folder) == []
    assert not any(
        model.objects.exclude(user__user_id__in=["ada", "ben", "cleo"]).exists()
        for model in (Interaction, PersonEvent, Review)
    )
    assert not Attribution.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {EVENTS.partition(MAY_1999)}")
        assert cursor.fetchone() == (0,), "A row stayed in the detached month."
    assert generations_now() == before
    assert set(in_redis("rec:")) == {key for key in others if GONE.encode() not in key}
    assert ask("ada").cache_hit
    assert "ben" in (folder / "own.csv").read_text()


def generations_now() -> dict[str, int]:
    generations.look()
    return {name: generations.current(name) for name in ("lists", types.GENERATION, producers.BULK_GENERATION)}


def test_no_door_lets_an_erased_user_in(shop: Shop, folder: Path, admin: Staff) -> None:
    letter = letter_of(GONE)
    factories.person(GONE)
    store.erase_users(EndUser.objects.filter(user_id=GONE))
    assert not DeadLetter.objects.filter(pk=letter.pk).exists()

    api, event = ApiClient(), {"user_id": GONE, "item_id": "novel-0", "type": "view"}
    answer = api.post("interactions", event)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "erased")
    good = {"user_id": "newcomer", "item_id": "novel-0", "type": "view"}
    profile = {"user_id": GONE, "type": "profile_update", "context": {"demographics": {"age": 5}}}
    told = api.post("interactions/bulk", {"events": [event, good, {**event, "item_id": "who knows"}, profile]}).json()
    assert [one["status"] for one in told["results"]] == ["erased", "accepted", "erased", "erased"]
    assert (told["accepted"], told["refused"]) == (1, 3)

    rows = f"user_id,item_id,rating\n{GONE},novel-0,4\nben,novel-0,4\n{GONE},unknown,3\n{GONE},novel-0,77\n"
    report = load(csv_data(folder / "events.csv", rows), folder / "rejected.csv")
    with (folder / "rejected.csv").open() as file:
        assert sorted((row["line"], row["reason"], row["raw"]) for row in csv.DictReader(file)) == [
            (line, "erased", "") for line in ("2", "4", "5")
        ]
    assert (report.counts.stored, report.counts.rejected) == (1, 3)
    users = csv_data(folder / "users.csv", f"user_id,country\n{GONE},PT\neva,PT\n")
    assert load(users, folder / "rejected-users.csv").counts.users.added == 1

    letter = DeadLetter.objects.create(
        source="kafka", reason="Mended.", payload=event | {"occurred_at": "2026-05-01T12:00:00Z"}
    )
    assert replay([letter]).erased == 1
    page = admin.post(f"{PEOPLE}add/", user_id=GONE, preferences="{}", demographics="{}")
    assert erasure.SENTENCE in page.content.decode()
    with pytest.raises(erasure.UserErased):
        store.save_user(EndUser(user_id=GONE), actor=SYSTEM)

    ask(GONE)
    impressions.flush()
    assert ListImpression.objects.filter(user_id="").exists()
    (folder / "events.csv").unlink()
    (folder / "users.csv").unlink()
    assert everywhere(GONE, folder) == []
    assert EndUser.objects.filter(user_id="newcomer").exists()


def letter_of(user_id: str) -> DeadLetter:
    store_events([factories.event(user_id, "an unknown item")])
    return DeadLetter.objects.latest("pk")


def test_a_consumer_drops_events_of_erased_users(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Message] = []
    monkeypatch.setattr(kafka, "send", sent.append)
    store.erase_user_ids([GONE])
    emma = factories.item("emma")
    events = [factories.event(GONE, emma), factories.event("ada", emma), factories.event(GONE, "unknown")]
    read = [consumers.Read(event, "api", encode(event), "product-views") for event in events]
    unreadable = [Unreadable(b"nothing", "reviews", "No JSON.", user_id=GONE), Unreadable(b"x", "reviews", "No JSON.")]
    outcome = consumers._store_batch(consumers._Batch(read, unreadable))
    assert outcome == {"stored": 1, "duplicate": 0, "dead": 1, "erased": 3}
    assert [message.value for message in sent] == [b"x"]
    assert DeadLetter.objects.get().payload == {"raw": "x"}


def test_a_log_on_kafka_gets_no_event_of_an_erased_user(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.KAFKA_BOOTSTRAP_SERVERS = "127.0.0.1:1"
    sent: list[Message] = []

    def deliver(messages: Sequence[Message]) -> list[Message]:
        sent.extend(messages)
        return []

    monkeypatch.setattr(kafka, "deliver", deliver)
    store.erase_user_ids([GONE])
    outcome = producers.produce([factories.event(GONE, "emma"), factories.event("ada", "emma")])
    assert outcome.erased == {0}
    assert [message.key for message in sent] == ["ada"]


def test_no_message_names_an_erased_user_in_an_answer(shop: Shop) -> None:
    asked = {"version": 1, "request_id": "r1", "user_id": "ada"}
    assert kafka_requests.reply(json.dumps(asked).encode()).message.key == "ada"
    store.erase_user_ids(["ada"])
    message = kafka_requests.reply(json.dumps(asked).encode()).message
    assert json.loads(message.value)["error"]["code"] == "erased"
    assert b"ada" not in message.value
    assert message.key == ""

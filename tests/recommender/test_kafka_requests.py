"""Requests on a topic are answered on another by their id, wrong ones too, and none is lost."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from interactions import kafka as clients
from interactions.kafka import Message
from interactions.topics import REQUESTS, RESPONSES
from recommender import serving
from recommender.insight import impressions
from recommender.models import ListImpression
from recommender.serving import ServingUnavailable, kafka_requests
from recommender.serving.kafka_requests import answer_requests, reply
from recsite.local.kafka import Kafka
from tests.brokers import broker as broker
from tests.brokers import kafka as kafka
from tests.brokers import messages
from tests.recommender.fixtures import Shop, ask

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def request(**fields: Any) -> bytes:
    return json.dumps({"version": 1, "request_id": "r1", "user_id": "ada", **fields}).encode()


def said(raw: bytes) -> dict[str, Any]:
    return dict(json.loads(reply(raw).message.value))


def put(*raws: bytes) -> None:
    assert not clients.deliver([Message(REQUESTS, "ada", raw) for raw in raws])


def answered(count: int) -> list[dict[str, Any]]:
    handled: list[int] = []
    deliver = clients.deliver

    def note(batch: Any) -> Any:
        handled.extend([1] * len(batch))
        return deliver(batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clients, "deliver", note)
        answer_requests(lambda: len(handled) >= count, uuid4().hex)
    return [json.loads(message.value() or b"") for message in messages(RESPONSES, count)]


def test_the_answer_is_that_of_the_api_under_the_request_s_id(shop: Shop) -> None:
    found = said(request(limit=3, categories=["Poetry"], explain=True))
    assert (found["version"], found["request_id"]) == (1, "r1")
    items = [place["item_id"] for place in found["answer"]["items"]]
    assert items == [place.item_id for place in ask("ada", limit=3, categories=["Poetry"]).items]
    assert found["answer"]["items"][0]["reason"]
    assert len(said(request())["answer"]["items"]) == 10


def test_a_list_that_was_answered_is_a_list_that_was_shown(shop: Shop) -> None:
    found = said(request(limit=3))
    impressions.flush()
    assert str(ListImpression.objects.get().recommendation_id) == found["answer"]["recommendation_id"]


@pytest.mark.parametrize(
    ("raw", "code", "field"),
    [
        (b"no json", "bad_request", ""),
        (b"[]", "invalid", "body"),
        (request(version=2), "invalid", "version"),
        (request(user_id=None), "invalid", "user_id"),
        (request(limit=0), "invalid", "limit"),
        (request(limit="many"), "invalid", "limit"),
        (request(mood="good"), "invalid", "mood"),
        (request(algorithm="magic"), "invalid", "algorithm"),
        (request(placement="nowhere"), "invalid", "placement"),
        (request(content_weight=0.5), "invalid", "content_weight"),
        (request(tags="prose"), "invalid", "tags"),
    ],
    ids=range(11),
)
def test_a_wrong_request_gets_an_answer_that_says_what_is_wrong(shop: Shop, raw: bytes, code: str, field: str) -> None:
    error = said(raw)["error"]
    assert error["code"] == code
    assert field in error["details"] if field else error["message"]


def test_a_refusal_bears_the_request_s_id(shop: Shop) -> None:
    assert said(request(limit=0))["request_id"] == "r1"
    assert said(b"[]")["request_id"] == ""


def test_requests_on_the_topic_are_answered_on_the_other(kafka: Kafka, shop: Shop) -> None:
    put(request(request_id="one", limit=2), b"garbage", request(request_id="two", user_id="ben", limit=2))
    found = {one["request_id"]: one for one in answered(3)}
    assert len(found["one"]["answer"]["items"]) == 2
    assert found["two"]["answer"]["user_id"] == "ben"
    assert found[""]["error"]["code"] == "bad_request"
    heads = {dict(message.headers())["request_id"] for message in messages(RESPONSES, 3)}
    assert heads == {b"one", b"two", b""}


def test_a_request_waits_through_an_outage(kafka: Kafka, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    recommend, failures = serving.recommend, iter([True, True])

    def flaky(asked: Any) -> Any:
        if next(failures, False):
            raise ServingUnavailable("Not yet.")
        return recommend(asked)

    monkeypatch.setattr(serving, "recommend", flaky)
    monkeypatch.setattr(kafka_requests, "RETRY_SECS", 0.01)
    put(request())
    assert "answer" in answered(1)[0]


def test_something_that_goes_wrong_here_is_an_answer_too(
    kafka: Kafka, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "recommend", lambda _: 1 / 0)
    put(request())
    assert answered(1)[0]["error"]["code"] == "internal_error"


def test_without_kafka_the_commands_say_so() -> None:
    for command in ("answer_requests", "watch_topics"):
        with pytest.raises(CommandError, match="KAFKA_BOOTSTRAP_SERVERS is not set"):
            call_command(command)

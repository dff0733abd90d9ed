"""Requests that come as messages, and the answers to them."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from rest_framework import serializers

from interactions import kafka
from interactions.kafka import Message
from interactions.reading import TopicReader
from interactions.topics import REQUESTS, RESPONSES
from recommender import serving
from recommender.serving import Request, UnknownAlgorithm
from recommender.serving.candidates import NoContent
from recommender.serving.contract import as_json
from recommender.serving.placements import UnknownPlacement
from recsite.platform.exceptions import Explained, Invalid, Unavailable
from recsite.platform.parsers import strict_json
from recsite.platform.validation import given

logger = logging.getLogger(__name__)
GROUP = "recsite-answers"
VERSION = 1
MOST_VALUES, LARGEST_OFFSET = 100, 10_000
PATIENCE_SECS = 1.0


def _names() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=255), max_length=MOST_VALUES, required=False, default=[]
    )


class RequestIn(serializers.Serializer):
    """What may stand in a request; docs/EVENTS.md says the same in words."""

    version = serializers.ChoiceField((VERSION,))
    request_id = serializers.CharField(max_length=255)
    user_id = serializers.CharField(max_length=255)
    limit = serializers.IntegerField(min_value=1, max_value=settings.MAX_RECOMMENDATION_COUNT, required=False)
    offset = serializers.IntegerField(min_value=0, max_value=LARGEST_OFFSET, default=0)
    algorithm = serializers.CharField(max_length=50, default="")
    placement = serializers.CharField(max_length=50, default="")
    categories = _names()
    tags = _names()
    item_type = serializers.CharField(max_length=255, default="")
    exclude = _names()
    min_score = serializers.FloatField(required=False, allow_null=True, default=None)
    max_per_category = serializers.IntegerField(min_value=1, max_value=MOST_VALUES, default=0)
    diversity = serializers.FloatField(min_value=0, max_value=1, default=0.0)
    content_weight = serializers.FloatField(min_value=0, max_value=1, required=False, allow_null=True, default=None)
    explain = serializers.BooleanField(default=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one request, or why there is none."""

    request_id: str
    user_id: str
    body: dict[str, Any]

    @property
    def message(self) -> Message:
        said = {"version": VERSION, "request_id": self.request_id, **self.body}
        value = json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
        return Message(RESPONSES, self.user_id, value, {"request_id": self.request_id})


def reply(raw: bytes) -> Reply:
    """What is said to one request, whatever it is. Raises Unavailable where asking again later would help."""
    fields: Any = None
    try:
        fields = strict_json(raw)
        asked = given(RequestIn, fields)
    except Invalid as wrong:
        return _refusal(fields, "invalid", "Some fields are wrong.", wrong.errors)
    except ValueError as wrong:
        return _refusal(fields, "bad_request", str(wrong), {})
    del asked["version"]
    request_id = asked.pop("request_id")
    asked.setdefault("limit", settings.DEFAULT_RECOMMENDATION_COUNT)
    try:
        answer = serving.recommend(Request(**asked))
    except UnknownAlgorithm as wrong:
        return _refusal(fields, "invalid", "Some fields are wrong.", {"algorithm": str(wrong)})
    except UnknownPlacement as wrong:
        return _refusal(fields, "invalid", "Some fields are wrong.", {"placement": str(wrong)})
    except NoContent as wrong:
        return _refusal(fields, "invalid", "Some fields are wrong.", {"content_weight": str(wrong)})
    return Reply(request_id, asked["user_id"], {"answer": as_json(answer)})


def answer_requests(stop: Callable[[], bool], group: str = GROUP) -> int:
    """Answers what comes on the topic of requests until `stop`; how many requests that were.

    A request is committed once its answer has arrived. One that a killed process had answered is answered again, with
    the same `request_id`.
    """

    def handle(messages: Sequence[Any]) -> None:
        replies = [_patiently(message.value() or b"", stop) for message in messages]
        waiting = [one.message for one in replies if one is not None]
        while waiting and not stop():
            waiting = kafka.deliver(waiting)
        connection.close()

    return TopicReader(group, [REQUESTS]).run(handle, stop)


def _patiently(raw: bytes, stop: Callable[[], bool]) -> Reply | None:
    """The reply, however long an outage takes; None where somebody wants to stop first."""
    while not stop():
        try:
            return reply(raw)
        except Unavailable as down:
            logger.warning("A request waits: %s", down)
            kafka.pause(PATIENCE_SECS, stop)
        except Exception as fault:
            logger.exception("A request can't be answered.")
            said = str(fault) if isinstance(fault, Explained) else "Something went wrong here. It is in our log."
            return _refusal(None, "internal_error", said, {})
    return None


def _refusal(fields: Any, code: str, message: str, details: dict[str, str]) -> Reply:
    """In the shape of the API's errors, with the ids as far as there are any."""
    known = fields if isinstance(fields, dict) else {}
    ids = [str(known.get(name) or "")[:255] for name in ("request_id", "user_id")]
    return Reply(ids[0], ids[1], {"error": {"code": code, "message": message, "details": details}})

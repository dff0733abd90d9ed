"""Answer requests for users' lists that come as messages."""

import json
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import connection

from catalog.erasure import REASON, SENTENCE
from interactions import kafka
from interactions.kafka import Message
from interactions.reading import TopicReader
from interactions.topics import REQUESTS, RESPONSES
from recommender import serving
from recommender.serving.candidates import users
from recommender.serving.contract import BY_MESSAGE, MESSAGE_VERSION, Request, as_json, from_json
from recsite.platform import tracing
from recsite.platform.database import DatabaseDown
from recsite.platform.exceptions import Invalid, Unavailable, UserFacingError
from recsite.platform.parsers import strict_json

logger = logging.getLogger(__name__)
GROUP = "recsite-answers"
RETRY_SECS = 1.0
LONGEST_ID = 255


@dataclass(frozen=True, slots=True)
class Reply:
    """Hold the answer to one request, or the error."""

    request_id: str
    user_id: str
    body: dict[str, Any]

    @property
    def message(self) -> Message:
        said = {"version": MESSAGE_VERSION, "request_id": self.request_id, **self.body}
        value = json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
        return Message(RESPONSES, self.user_id, value, {"request_id": self.request_id})


def reply(raw: bytes) -> Reply:
    """Answer one request, whatever it is. Raises Unavailable where asking again later would help."""
    try:
        fields = strict_json(raw)
    except ValueError as wrong:
        return _refusal(None, "bad_request", str(wrong), {})
    try:
        values = from_json(BY_MESSAGE, fields)
        del values["version"]
        request_id = values.pop("request_id")
        # Every line until the answer carries it, as with the API.
        structlog.contextvars.bind_contextvars(request_id=request_id)
        request = Request(**values)
        answer = serving.recommend(request)
        if answer.cold_start and _is_erased(request.user_id):
            return Reply(request_id, "", {"error": {"code": REASON, "message": SENTENCE, "details": {}}})
        return Reply(request_id, request.user_id, {"answer": as_json(answer)})
    except Invalid as wrong:
        return _refusal(fields, "invalid", str(wrong), wrong.errors)


def _is_erased(user_id: str) -> bool:
    """Tell whether no message may name this user any more; without the database nobody knows."""
    with suppress(DatabaseDown):
        return users.is_erased(user_id)
    return False


def answer_requests(stop: Callable[[], bool], group: str = GROUP) -> int:
    """Answer what comes on the topic of requests until `stop`, and return how many requests that were.

    A request is committed once its answer has arrived. One that a killed process had answered is answered again, with
    the same `request_id`.
    """

    def handle(messages: Sequence[Any]) -> None:
        replies = [_traced_reply(message, stop) for message in messages]
        waiting = [one.message for one in replies if one is not None]
        while waiting and not stop():
            waiting = kafka.deliver(waiting)
        connection.close()

    return TopicReader(group, [REQUESTS]).run(handle, stop)


def _traced_reply(message: Any, stop: Callable[[], bool]) -> Reply | None:
    with tracing.current().joined("answer request", kafka.traces_of([message])):
        return _reply_after_outages(message.value() or b"", stop)


def _reply_after_outages(raw: bytes, stop: Callable[[], bool]) -> Reply | None:
    """Return the reply, however long an outage takes; None where the process is to stop first."""
    while not stop():
        try:
            return reply(raw)
        except Unavailable as down:
            logger.warning("A request waits: %s", down)
            kafka.pause(RETRY_SECS, stop)
        except Exception as fault:
            logger.exception("A request can't be answered.")
            said = str(fault) if isinstance(fault, UserFacingError) else "Something went wrong here. It is in our log."
            return _refusal(None, "internal_error", said, {})
        finally:
            structlog.contextvars.unbind_contextvars("request_id")
    return None


def _refusal(fields: Any, code: str, message: str, details: dict[str, str]) -> Reply:
    """Build an answer in the shape of the API's errors, with the ids as far as the request has any."""
    known = fields if isinstance(fields, dict) else {}
    given = (known.get(name) for name in ("request_id", "user_id"))
    ids = [str(value)[:LONGEST_ID] if isinstance(value, str | int) else "" for value in given]
    return Reply(ids[0], ids[1], {"error": {"code": code, "message": message, "details": details}})

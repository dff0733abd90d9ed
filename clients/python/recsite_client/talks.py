"""Hold the talk with the server without any input or output: retries, errors, pages, streams and waiting for jobs.

A plan is a generator. It yields steps, such as Send and Pause, which a client takes for it, and gets their outcome
back. The sync and the async client differ in how they take a step, and in nothing else.
"""

from __future__ import annotations

import codecs
import json
import random
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar
from uuid import uuid4

import httpx

from recsite_client.calls import Call
from recsite_client.errors import JobFailed, NoAnswer, RecsiteError, StillRunning, error_of

T = TypeVar("T")
AGAIN = frozenset({429, 502, 503, 504})
UNDER_WAY = "request_under_way"
NO_JSON = "The answer of {} is no JSON: is the address that of a recsite server?"
NO_ANSWER = "No answer from {}: {}."


@dataclass(frozen=True)
class Retries:
    """Say how often and how patiently a request is sent again that was limited, refused for now, or not answered."""

    attempts: int = 5
    """In all; 1 stands for no retries."""
    first_wait: float = 0.5
    """Seconds before the second attempt; doubled for each one after it, less some by chance."""
    longest_wait: float = 60.0
    """Where the server wants more patience than this the error is raised at once."""

    def wait(self, attempt: int, retry_after: float | None) -> float | None:
        """Return the seconds to wait after this attempt, counted from 1; None to give up."""
        if attempt >= self.attempts or (retry_after or 0) > self.longest_wait:
            return None
        backoff: float = min(self.first_wait * 2 ** (attempt - 1), self.longest_wait) * random.uniform(0.5, 1)
        # What all clients were told alike must not bring them back in the same moment.
        return backoff if retry_after is None else retry_after + min(backoff, 1.0)


@dataclass(frozen=True)
class Send:
    """Send a request; its outcome is the response."""

    call: Call[Any]
    is_streamed: bool = False
    """True where the body of a good answer is left to be read."""


@dataclass(frozen=True)
class Read:
    """Read on in a streamed response; the outcome is bytes, or None at its end."""

    response: httpx.Response


@dataclass(frozen=True)
class Pause:
    """Wait."""

    seconds: float


@dataclass(frozen=True)
class Found:
    """Hand a row to whoever iterates."""

    row: Any


Step = Send | Read | Pause | Found
Plan = Generator[Step, Any, T]


class Talk(Generic[T]):
    """Lead a plan through its steps, for a client that takes them."""

    def __init__(self, plan: Plan[T]) -> None:
        self._plan = plan
        self.outcome: Any = None
        self.fault: Exception | None = None
        self.result: T

    def next(self) -> Step | None:
        """Return the next step; None when the plan is done and has its result."""
        outcome, fault = self.outcome, self.fault
        self.outcome = self.fault = None
        try:
            return self._plan.throw(fault) if fault else self._plan.send(outcome)
        except StopIteration as done:
            self.result = done.value
            return None

    def close(self) -> None:
        """Let the plan clear up where nobody follows it to its end."""
        self._plan.close()


def ask(call: Call[T], retries: Retries) -> Plan[T]:
    """Send a call, again where that may help, and return its answer. Raises RecsiteError."""
    response = yield from _sent(call, retries)
    if not response.content:
        return None  # type: ignore[return-value]  # the T of such calls
    try:
        answer: T = response.json()
    except ValueError as fault:
        raise RecsiteError(NO_JSON.format(call.address), status=response.status_code) from fault
    return answer


def pages(call: Call[Any], name: str, retries: Retries) -> Plan[None]:
    """Find all rows of a list that comes in pages; `name` is the field that holds them."""
    while True:
        answer = yield from ask(call, retries)
        for row in answer[name]:
            yield Found(row)
        further = {where: answer.get(f"next_{where}") for where in ("cursor", "offset")}
        if not any(further.values()):
            return
        call = call.asking(**further)


def stream(call: Call[Any], id_name: str, retries: Retries) -> Plan[None]:
    """Find all rows of a stream of NDJSON. A connection that breaks is gone on with behind the last whole row."""
    attempt = 0
    while True:
        response = yield from _sent(call, retries, is_streamed=True)
        rest, decoder = "", codecs.getincrementaldecoder("utf-8")()
        try:
            while (block := (yield Read(response))) is not None:
                *whole, rest = (rest + decoder.decode(block)).split("\n")
                for row in map(json.loads, whole):
                    call, attempt = call.asking(cursor=row[id_name]), 0
                    yield Found(row)
        except httpx.TransportError as fault:
            attempt += 1
            wait = retries.wait(attempt, None)
            if wait is None:
                raise _unanswered(call, fault) from fault
            yield Pause(wait)
            continue
        if rest:
            yield Found(json.loads(rest))
        return


def job_end(call: Call[Any], timeout: float | None, poll: float, retries: Retries) -> Plan[Any]:
    """Ask for a job until it is over, and return it. Raises JobFailed and StillRunning."""
    waited = 0.0
    while True:
        job: Mapping[str, Any] = yield from ask(call, retries)
        if job["is_over"]:
            if job["state"] in {"failed", "cancelled"}:
                raise JobFailed(job)
            return job
        if timeout is not None and waited >= timeout:
            raise StillRunning(f"Job {job['id']} is {job['state']} after {timeout:g} seconds. It goes on.")
        yield Pause(poll)
        waited += poll


def _sent(call: Call[Any], retries: Retries, is_streamed: bool = False) -> Plan[httpx.Response]:
    if call.is_once and call.idempotency_key is None:
        # Before the first attempt, and so the same for all.
        call = replace(call, idempotency_key=str(uuid4()))
    attempt = 0
    while True:
        attempt += 1
        error: RecsiteError
        try:
            response: httpx.Response = yield Send(call, is_streamed)
        except httpx.TransportError as fault:
            error, helps = _unanswered(call, fault), True
        else:
            if response.is_success:
                return response
            error = error_of(response, _retry_after(response))
            helps = response.status_code in AGAIN or error.code == UNDER_WAY
        wait = retries.wait(attempt, error.retry_after) if helps and call.may_repeat else None
        if wait is None:
            raise error
        yield Pause(wait)


def _unanswered(call: Call[Any], fault: Exception) -> NoAnswer:
    return NoAnswer(NO_ANSWER.format(call.address, str(fault) or type(fault).__name__))


def _retry_after(response: httpx.Response) -> float | None:
    text = response.headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        return max(float(text), 0.0)
    except ValueError:
        pass
    try:
        return max((parsedate_to_datetime(text) - datetime.now(timezone.utc)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None

"""A transport of httpx that answers as it is told: the faults that a real server has seldom."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import httpx

Outcome = httpx.Response | Exception


class Faults(httpx.MockTransport):
    """Answers with these outcomes one after another, and remembers what was sent."""

    def __init__(self, outcomes: Iterable[Outcome | Callable[[httpx.Request], Outcome]]) -> None:
        self.sent: list[httpx.Request] = []
        self._outcomes = iter(outcomes)
        super().__init__(self._answer)

    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.sent]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.sent.append(request)
        outcome = next(self._outcomes)
        if callable(outcome):
            outcome = outcome(request)
        if isinstance(outcome, Exception):
            raise outcome
        if not outcome.is_closed:
            return outcome
        # A response serves one request, and the same outcome may stand for several.
        return httpx.Response(outcome.status_code, headers=outcome.headers, content=outcome.content)


def refusal(status: int, code: str = "", **headers: str) -> httpx.Response:
    told = {"error": {"code": code, "message": "No.", "details": {}}, "request_id": "r-1"}
    return httpx.Response(status, json=told, headers={name.replace("_", "-"): value for name, value in headers.items()})


def settled(request: httpx.Request) -> httpx.Response:
    """All events of a bulk are accepted."""
    events = json.loads(request.content)["events"]
    results = [{"status": "accepted", "event_id": event["event_id"]} for event in events]
    return httpx.Response(202, json={"accepted": len(results), "results": results})

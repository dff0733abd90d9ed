"""The two clients: how each takes the steps of a talk with the server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack
from typing import Any, TypeVar

import httpx

from recsite_client.binding import Planned
from recsite_client.calls import JSON, NDJSON, Call, Lines, encoded
from recsite_client.operations import Operations
from recsite_client.talks import Found, Pause, Read, Retries, Talk

T = TypeVar("T")
VERSION = "0.1.0"
TIMEOUT = 30.0


class _Settings(Operations):
    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        retries: Retries | None = None,
        timeout: float | httpx.Timeout = TIMEOUT,
    ) -> None:
        self.retries = retries or Retries()
        self._url = f"{url.rstrip('/')}/api/v1/"
        self._headers = {"User-Agent": f"recsite-client/{VERSION} (Python)", **(headers or {})}
        if key:
            self._headers["Authorization"] = f"Api-Key {key}"
        self._timeout = timeout

    def _request(self, client: httpx.Client | httpx.AsyncClient, call: Call[Any]) -> httpx.Request:
        headers = {**self._headers, "Accept": call.accept}
        if call.idempotency_key:
            headers["Idempotency-Key"] = call.idempotency_key
        body = self._streamed(call.lines) if call.lines else None if call.body is None else encoded(call.body)
        if body is not None:
            headers["Content-Type"] = NDJSON if call.lines else JSON
        return client.build_request(
            call.method, self._url + call.address, params=call.pairs or None, headers=headers, content=body
        )

    def _streamed(self, lines: Lines) -> Iterable[bytes] | AsyncIterable[bytes]:
        raise NotImplementedError


class Client(_Settings):
    """Call the API and wait for its answers. Threads may share one client; close it, or use it in a `with`.

    `url` is the address of the server (https://recsite.example), `key` an API key of it, which the server's settings
    may do without. `headers` are sent with every request.
    """

    def __init__(
        self, url: str, key: str | None = None, *, transport: httpx.BaseTransport | None = None, **more: Any
    ) -> None:
        super().__init__(url, key, **more)
        self._http = httpx.Client(timeout=self._timeout, transport=transport)

    def run(self, planned: Planned[T]) -> T:
        """Carry a plan out, and return its result. For plans of your own; the methods do it by themselves."""
        talk = Talk(planned(self.retries))
        for _ in self._found(talk):
            pass
        return talk.result

    def iterate(self, planned: Planned[None]) -> Iterator[Any]:
        """Iterate over the rows that a plan finds, while it finds them."""
        return self._found(Talk(planned(self.retries)))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _streamed(self, lines: Lines) -> Iterable[bytes]:
        return iter(lines)

    def _found(self, talk: Talk[Any]) -> Iterator[Any]:
        # Nothing is read before it was sent for.
        blocks: Any = None
        with ExitStack() as opened:
            opened.callback(talk.close)
            while (step := talk.next()) is not None:
                try:
                    if isinstance(step, Found):
                        yield step.row
                    elif isinstance(step, Pause):
                        time.sleep(step.seconds)
                    elif isinstance(step, Read):
                        talk.outcome = next(blocks, None)
                    else:
                        request = self._request(self._http, step.call)
                        response = talk.outcome = self._http.send(request, stream=step.is_streamed)
                        opened.callback(response.close)
                        if not response.is_success:
                            response.read()
                        blocks = response.iter_bytes()
                except Exception as fault:  # noqa: PERF203 (each step has faults of its own, which the plan judges)
                    talk.fault = fault


class AsyncClient(_Settings):
    """Call the API from asyncio: the methods of Client, to be awaited, or iterated over by `async for`."""

    def __init__(
        self, url: str, key: str | None = None, *, transport: httpx.AsyncBaseTransport | None = None, **more: Any
    ) -> None:
        super().__init__(url, key, **more)
        self._http = httpx.AsyncClient(timeout=self._timeout, transport=transport)

    async def run(self, planned: Planned[T]) -> T:
        """Carry a plan out, and return its result. For plans of your own; the methods do it by themselves."""
        talk = Talk(planned(self.retries))
        async for _ in self._found(talk):
            pass
        return talk.result

    def iterate(self, planned: Planned[None]) -> AsyncIterator[Any]:
        """Iterate over the rows that a plan finds, while it finds them."""
        return self._found(Talk(planned(self.retries)))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def _streamed(self, lines: Lines) -> AsyncIterable[bytes]:
        return lines.asynchronously()

    async def _found(self, talk: Talk[Any]) -> AsyncIterator[Any]:
        # Nothing is read before it was sent for.
        blocks: Any = None
        async with AsyncExitStack() as opened:
            opened.callback(talk.close)
            while (step := talk.next()) is not None:
                try:
                    if isinstance(step, Found):
                        yield step.row
                    elif isinstance(step, Pause):
                        await asyncio.sleep(step.seconds)
                    elif isinstance(step, Read):
                        talk.outcome = await anext(blocks, None)
                    else:
                        request = self._request(self._http, step.call)
                        response = talk.outcome = await self._http.send(request, stream=step.is_streamed)
                        opened.push_async_callback(response.aclose)
                        if not response.is_success:
                            await response.aread()
                        blocks = response.aiter_bytes()
                except Exception as fault:  # noqa: PERF203 (each step has faults of its own, which the plan judges)
                    talk.fault = fault

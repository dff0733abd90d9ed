"""Use what is for asyncio as if it were not, so that one test tries both kinds of client."""

import asyncio
from collections.abc import AsyncIterator, Callable
from inspect import isawaitable
from typing import Any


class Awaiting:
    """Awaits what the methods of something return, and collects what they iterate over."""

    def __init__(self, inner: Any, runner: asyncio.Runner | None = None) -> None:
        self.inner = inner
        self.runner = runner or asyncio.Runner()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        return self._awaited(found) if callable(found) else found

    def __enter__(self) -> "Awaiting":
        return self

    def __exit__(self, *_: object) -> None:
        self.runner.run(self.inner.aclose())
        self.runner.close()

    def _awaited(self, method: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            outcome = method(*args, **kwargs)
            if isinstance(outcome, AsyncIterator):
                return iter([row async for row in outcome])
            return await outcome if isawaitable(outcome) else outcome

        return lambda *args, **kwargs: self.runner.run(call(*args, **kwargs))

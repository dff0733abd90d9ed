"""Bind a description of a request to a client: what is written once is a method of the sync and of the async client."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from recsite_client.calls import Call
from recsite_client.talks import Plan, Retries, ask, pages

if TYPE_CHECKING:
    from recsite_client.client import AsyncClient, Client

P = ParamSpec("P")
T = TypeVar("T")
Planned = Callable[[Retries], Plan[T]]


class method(Generic[P, T]):  # noqa: N801 (it is used as a decorator is)
    """Make a method of a function that returns what to talk with the server; its result is that of the talk."""

    def __init__(self, describe: Callable[P, Planned[T]]) -> None:
        self.describe = describe
        functools.update_wrapper(self, describe)  # type: ignore[arg-type]  # for help(), of the words alone

    @overload
    def __get__(self, client: Client, owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, client: AsyncClient, owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
    @overload
    def __get__(self, client: None, owner: type) -> method[P, T]: ...
    def __get__(self, client: Client | AsyncClient | None, owner: type) -> Any:
        if client is None:
            return self
        return _bound(self.describe, client.run)


class rows(Generic[P, T]):  # noqa: N801 (as above)
    """Make a method of a function that returns what to talk with the server; it iterates over the rows found."""

    def __init__(self, describe: Callable[P, Planned[None]], row: type[T]) -> None:
        self.describe = describe
        functools.update_wrapper(self, describe)  # type: ignore[arg-type]  # for help(), of the words alone

    @overload
    def __get__(self, client: Client, owner: type) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, client: AsyncClient, owner: type) -> Callable[P, AsyncIterator[T]]: ...
    @overload
    def __get__(self, client: None, owner: type) -> rows[P, T]: ...
    def __get__(self, client: Client | AsyncClient | None, owner: type) -> Any:
        if client is None:
            return self
        return _bound(self.describe, client.iterate)


def operation(describe: Callable[P, Call[T]]) -> method[P, T]:
    """Make a method of a function that describes one request; its result is the answer."""

    @functools.wraps(describe)
    def planned(*args: P.args, **kwargs: P.kwargs) -> Planned[T]:
        return functools.partial(ask, describe(*args, **kwargs))

    return method(planned)


def paged(describe: Callable[P, Call[Any]], name: str, row: type[T]) -> rows[P, T]:
    """Make a method that iterates over all rows of a list that comes in pages; `name` is the field that holds them."""

    @functools.wraps(describe)
    def planned(*args: P.args, **kwargs: P.kwargs) -> Planned[None]:
        return functools.partial(pages, describe(*args, **kwargs), name)

    return rows(planned, row)


def _bound(describe: Callable[..., Any], carry_out: Callable[[Any], Any]) -> Callable[..., Any]:
    @functools.wraps(describe)
    def call(*args: Any, **kwargs: Any) -> Any:
        return carry_out(describe(*args, **kwargs))

    return call

"""Clients before a real gunicorn that serves a small, committed shop."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from recsite.platform.access import Scope
from recsite.platform.models import ApiKey
from recsite_client import AsyncClient, Client
from tests.clients.awaiting import Awaiting
from tests.live_shop import live_shop
from tests.web import Web


@pytest.fixture(scope="package")
def web(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Web]:
    """A server with the shop of `tests.recommender.fixtures`; each test is a user of its own there."""
    with django_db_blocker.unblock(), live_shop(tmp_path_factory.mktemp("clients")) as server:
        yield server


@pytest.fixture(scope="package")
def keys(web: Web, django_db_blocker: DjangoDbBlocker) -> Callable[..., str]:
    """Make keys of the scopes that are named."""

    def make(*scopes: str) -> str:
        with django_db_blocker.unblock():
            return ApiKey.objects.create_key(name="clients", scopes=list(scopes), rate_limit=0)[1]

    return make


@pytest.fixture(scope="package")
def key(keys: Callable[..., str]) -> str:
    """A key that may do everything."""
    return keys(*(scope.value for scope in Scope))


@pytest.fixture(scope="package")
def reading_key(keys: Callable[..., str]) -> str:
    """A key that may read, and nothing else."""
    return keys("read")


def opened(kind: str, *args: Any, **options: Any) -> Any:
    """A client of one of the two kinds; what is awaited of an async one is awaited here."""
    return Client(*args, **options) if kind == "sync" else Awaiting(AsyncClient(*args, **options))


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    """Both kinds of client, one after the other."""
    return str(request.param)


@pytest.fixture
def client(kind: str, web: Web, key: str) -> Iterator[Any]:
    with opened(kind, web.url, key) as client:
        yield client

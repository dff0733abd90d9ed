from collections.abc import Callable, Iterator

import pytest

from recsite.platform.audit import Actor
from recsite.platform.models import WebhookEndpoint
from recsite.platform.webhooks import endpoints
from recsite.platform.webhooks.endpoints import EndpointSettings
from tests.webhooks.receiver import Receiver, receiver

CLERK = Actor.command("tests")


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture
def endpoint(db: None, shop: Receiver) -> WebhookEndpoint:
    return endpoints.create(EndpointSettings(shop.url, ["model.promoted", "job.failed"]), actor=CLERK)


@pytest.fixture
def again() -> Callable[[WebhookEndpoint], WebhookEndpoint]:
    return lambda row: WebhookEndpoint.objects.get(pk=row.pk)

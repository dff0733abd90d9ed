"""Staff who sign in, with the pages for it switched on."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from recsite.platform import redis

PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def pages(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.sign_in.urls"
    # Attempts of earlier tests are counted too: they are the same for all processes.
    names = redis.call(lambda client: list(client.scan_iter("limit:sign-in-*")))
    if names:
        redis.roundtrip(("DEL", *names))


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_superuser("ada", "ada@example.com", PASSWORD)

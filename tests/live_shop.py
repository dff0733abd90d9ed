"""A real server of a small, committed shop, for browsers and for clients."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.test import override_settings

from catalog.models import EndUser, Erasure, Item
from interactions.models import Interaction
from recommender.models import ListImpression, ModelVersion, Release, ReleaseModel
from recsite.platform.models import ApiKey
from tests import factories
from tests.recommender.fixtures import open_shop
from tests.web import Web, web_server

OPERATOR = "operator"
"""Name and password of a superuser."""


@contextmanager
def live_shop(folder: Path, **environment: str) -> Iterator[Web]:
    """Serve the shop of `tests.recommender.fixtures`, and forty items more; each test is a person of its own there."""
    with _models_in(folder):
        _empty()
        _fill()
        with web_server(folder, **environment) as server:
            yield server
        _empty()


def _models_in(folder: Path) -> override_settings:
    """Models lie where the server, which has `folder` as its state, will look for them."""
    models: Any = settings.STORAGES["models"]
    storage = {**models, "OPTIONS": {"location": str(folder / "models")}}
    return override_settings(STORAGES={**settings.STORAGES, "models": storage}, MODEL_CACHE_DIR=folder / "model-cache")


def _fill() -> None:
    factories.items(40, categories=["Many"])
    open_shop()
    get_user_model().objects.create_superuser(OPERATOR, password=OPERATOR)


def _empty() -> None:
    for rows in (
        ListImpression,
        Interaction,
        ReleaseModel,
        Release,
        ModelVersion,
        Item,
        EndUser,
        # Deleting a user leaves a tombstone, which would refuse the user of the next test.
        Erasure,
        Session,
        ApiKey,
        get_user_model(),
    ):
        rows.objects.all().delete()

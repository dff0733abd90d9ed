"""A real server of a small, committed shop, for browsers and for clients."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import override_settings

from interactions.models import InteractionType
from recommender.models import DEFAULT, Placement, PlacementRevision
from recsite.platform.models import RoleDefault, Session
from tests import factories
from tests.recommender.fixtures import open_shop
from tests.web import Web, web_server

OURS = ("catalog", "interactions", "recommender", "platform")
BROUGHT = (InteractionType, Placement, PlacementRevision, RoleDefault)
"""Tables with rows of the migrations."""

OPERATOR = "operator"
"""Name and password of a superuser."""


@contextmanager
def live_shop(folder: Path, **environment: str) -> Iterator[Web]:
    """Serve the shop of `tests.recommender.fixtures`, and forty items more; each test is a person of its own there."""
    with _models_in(folder):
        types = set(InteractionType.objects.values_list("name", flat=True))
        _empty(types)
        _fill()
        with web_server(folder, **environment) as server:
            yield server
        _empty(types)


def _models_in(folder: Path) -> override_settings:
    """Models lie where the server, which has `folder` as its state, will look for them."""
    models: Any = settings.STORAGES["models"]
    storage = {**models, "OPTIONS": {"location": str(folder / "models")}}
    return override_settings(STORAGES={**settings.STORAGES, "models": storage}, MODEL_CACHE_DIR=folder / "model-cache")


def _fill() -> None:
    factories.items(40, categories=["Many"])
    open_shop()
    get_user_model().objects.create_superuser(OPERATOR, password=OPERATOR)


def _empty(types: Collection[str]) -> None:
    """Delete what the server and its clients have stored, in every table: tests after these count rows."""
    ours = [model for model in apps.get_models() if model._meta.app_label in OURS and model not in BROUGHT]
    tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in ours)
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {tables}")
    for rows in (Session, get_user_model()):
        rows.objects.all().delete()
    InteractionType.objects.exclude(name__in=types).delete()
    Placement.objects.exclude(name=DEFAULT).delete()

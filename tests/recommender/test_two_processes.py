"""Promoting, rolling back and reloading reach every gunicorn process, without a restart."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from recommender import registry
from recommender.models import Release
from tests.outages import wait_until
from tests.recommender.fixtures import Models, Shop, open_shop, popular, publish, svd
from tests.web import Web, web_server

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
WORKERS = 2


@pytest.fixture
def shop(transactional_db: None, model_folders: None) -> Shop:
    return open_shop()


@pytest.fixture
def web(shop: Shop, tmp_path: Path) -> Iterator[Web]:
    with web_server(tmp_path, API_WORKERS=str(WORKERS), API_AUTH_REQUIRED="false") as server:
        yield server


def served(web: Web) -> dict[int, set[int]]:
    """The releases that each worker answered with, in two dozen requests sent together."""
    with ThreadPoolExecutor(8) as pool:
        answers: list[Any] = [
            json.loads(text) for _, text in pool.map(lambda _: web.get("/serving?user=ada"), range(24)) if text
        ]
    return {
        worker: {answer["release"] for answer in answers if answer["worker"] == worker}
        for worker in {answer["worker"] for answer in answers}
    }


def everybody_serves(web: Web, release: Release) -> bool:
    found = served(web)
    return len(found) == WORKERS and all(releases == {release.pk} for releases in found.values())


def test_a_promotion_and_a_rollback_are_in_force_in_every_process(web: Web, shop: Shop) -> None:
    wait_until(lambda: everybody_serves(web, shop.release))
    people = [shop.ada, shop.ben]
    models: Models = {"svd": svd(shop.poems, shop.novels, people), "popular": popular(shop.items)}
    candidate = publish(models, promote=False)
    assert everybody_serves(web, shop.release), "A candidate changes nothing."

    registry.promote(candidate)
    wait_until(lambda: everybody_serves(web, candidate))

    registry.rollback()
    wait_until(lambda: everybody_serves(web, shop.release))

"""Threads share the context of requests, and find it whole in the moment in which another one takes its place."""

from collections.abc import Callable
from threading import Thread

import pytest

from recommender import registry
from recommender.serving.candidates import current_context, loaded_release
from tests.recommender.fixtures import Models, Shop, popular, publish, svd

pytestmark = pytest.mark.django_db


class Last:
    """Goes with the context that holds it, and lets another thread work meanwhile, as closing mapped files does."""

    def __init__(self, other: Callable[[], None]) -> None:
        self.other = other

    def __del__(self) -> None:
        thread = Thread(target=self.other)
        thread.start()
        thread.join()


def test_a_thread_that_asks_while_the_old_context_is_freed_gets_a_whole_one(shop: Shop) -> None:
    found: list[object] = []

    def read() -> None:
        try:
            found.append(current_context().release.number)
        except Exception as error:
            found.append(error)

    current_context().derived[Last] = Last(read)
    models: Models = {"svd": svd(shop.novels, shop.poems, [shop.ada, shop.ben]), "popular": popular(shop.novels)}
    promoted = publish(models, promote=False)
    registry.promote(promoted)
    loaded_release.forget()
    assert current_context().release.number == promoted.pk
    assert found == [promoted.pk]

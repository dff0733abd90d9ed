"""Events as rows, for tests of what is made from them."""

from datetime import timedelta
from typing import Any

import numpy as np

from catalog.models import EndUser, Item
from interactions.models import Interaction
from interactions.schema import new_event_id
from tests import factories
from tests.factories import NOON


def happened(who: EndUser, what: Item, kind: str = "view", **fields: Any) -> Interaction:
    """An event in the table."""
    named = {"event_id": new_event_id(), "occurred_at": NOON, **fields}
    return Interaction.objects.create(user=who, item=what, type=factories.interaction_type(kind), **named)


def ratings(people: int = 12, items: int = 20, each: int = 10, seed: int = 1) -> None:
    """Ratings of people with tastes: who is even likes even items. `each` ratings a person, an hour apart."""
    rng = np.random.default_rng(seed)
    readers = [factories.person(f"reader-{number}") for number in range(people)]
    books = factories.items(items)
    rating = factories.interaction_type("rating")
    Interaction.objects.bulk_create(
        Interaction(
            event_id=new_event_id(),
            user=reader,
            item=books[choice],
            type=rating,
            value=float(rng.integers(2)) + (4 if (number - choice) % 2 == 0 else 1),
            occurred_at=NOON + timedelta(hours=place),
        )
        for number, reader in enumerate(readers)
        for place, choice in enumerate(rng.permutation(items)[:each].tolist())
    )

"""Let one category become famous for two days, as a film does it: people come from elsewhere and look for it."""

from datetime import UTC, datetime, timedelta

import numpy as np

from catalog.models import Item
from interactions import producers
from interactions.schema import Event, new_event_id
from storefront.past.tastes import Tastes

LASTS = timedelta(hours=36)
SHARE = 1.5
"""Events that it brings, by user of the shop."""

KINDS = ("view", "view", "view", "view", "like", "add_to_cart", "purchase")
SOURCE = "storefront"


def bring(tastes: Tastes, category: str, start: datetime, until: datetime, seed: int) -> None:
    """Store what they do, from `start` on and before `until`. They come by no list."""
    rng = np.random.default_rng([seed, int(start.timestamp())])
    items = list(Item.objects.filter(categories__contains=[category]).order_by("pk").values_list("item_id", flat=True))
    users = tastes.users.user_ids
    amount = round(SHARE * len(users))
    if not items or not amount:
        return
    seconds = np.sort(rng.integers(0, int(LASTS.total_seconds()), amount)) + int(start.timestamp())
    # The first of them is what the film is of.
    titles = rng.zipf(1.6, amount) % len(items)
    found = [
        Event(new_event_id(), users[user], items[title], KINDS[kind], datetime.fromtimestamp(second, UTC))
        for user, title, kind, second in zip(
            rng.integers(0, len(users), amount).tolist(),
            titles.tolist(),
            rng.integers(0, len(KINDS), amount).tolist(),
            seconds.tolist(),
            strict=True,
        )
    ]
    producers.store_and_tell([event for event in found if event.occurred_at < until], SOURCE, as_happened=True)

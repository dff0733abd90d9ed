"""Send some events that can't be stored: of titles that the catalogue doesn't have, and of a type that nobody made."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np

from interactions import producers
from interactions.schema import Event, new_event_id
from storefront.past.tastes import Tastes

UNKNOWN_TYPE = "wishlist"
SOURCE = "api"
TITLES = 2
"""Titles that a client sends before the catalogue has them."""


def send(tastes: Tastes, item_ids: Mapping[int, str], at: datetime, amount: int, seed: int) -> None:
    """Send so many events of each kind, minutes apart: a client was updated before the catalogue was."""
    rng = np.random.default_rng([seed, int(at.timestamp())])
    users, items = tastes.users.user_ids, list(item_ids.values())
    # A few new titles that many look at: each is a mistake of its own, with its letters together.
    titles = [items[at] for at in rng.integers(0, len(items), TITLES).tolist()]
    sent = []
    for number in range(amount):
        user, other = (users[at] for at in rng.integers(0, len(users), 2).tolist())
        moment = at + timedelta(minutes=7 * number)
        title = titles[number % TITLES]
        sent.append(Event(new_event_id(), user, f"{title}-2", "view", moment))
        sent.append(Event(new_event_id(), other, title, UNKNOWN_TYPE, moment + timedelta(minutes=2)))
    producers.store_and_tell(sent, SOURCE, as_happened=True)

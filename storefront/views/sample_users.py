"""Sample users to act as: from the busiest to one without events. A sample, so that no page counts all events."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from django.db.models import Count

from catalog.models import EndUser
from catalog.snapshot import Snapshot
from interactions.models import Interaction
from recsite.platform import humanize
from storefront.views.visitor import Visitor

SAMPLE = 120
LATEST = 40
SPREAD = (1.0, 0.75, 0.5, 0.25)
"""The users shown, as shares of the order by number of events."""


@dataclass(frozen=True, slots=True)
class SampleUser:
    """Describe a user to choose, with a few words about them."""

    who: Visitor
    about: str
    likes: str = ""


def sample_users(catalogue: Snapshot) -> list[SampleUser]:
    """Return up to six users, the busiest first; one with a single event and one with none, where there are such."""
    amounts = _amounts()
    active = sorted((user for user in amounts if amounts[user]), key=amounts.__getitem__)
    chosen = [active[round(part * (len(active) - 1))] for part in SPREAD] if active else []
    for amount in (1, 0):
        chosen += [user for user in amounts if amounts[user] == amount][:1]
    return [_sample_user(user, amounts[user], catalogue) for user in dict.fromkeys(chosen)]


def _amounts() -> dict[EndUser, int]:
    """Return some users with their number of events: seen lately, long ago, and never (as in files without dates)."""
    seen, never = EndUser.objects.exclude(last_active=None), EndUser.objects.filter(last_active=None)
    samples = (seen.order_by("-last_active"), seen.order_by("last_active"), never.order_by("-pk"))
    users = {user.pk: user for sample in samples for user in sample[:SAMPLE]}
    events = Interaction.objects.filter(user__in=list(users)).order_by()
    amounts = dict(events.values_list("user").annotate(amount=Count("*")))
    return {user: amounts.get(pk, 0) for pk, user in users.items()}


def _sample_user(user: EndUser, amount: int, catalogue: Snapshot) -> SampleUser:
    events = humanize.pluralize(amount, "event") if amount else "No events"
    when = f", the last {humanize.distance(user.last_active)}" if user.last_active else ""
    return SampleUser(Visitor(user.user_id), events + when, _likes(user, catalogue))


def _likes(user: EndUser, catalogue: Snapshot) -> str:
    """Return the two most frequent categories of the user's latest events."""
    latest = Interaction.objects.of_user(user).values_list("item_id", flat=True)[:LATEST]
    rows = catalogue.rows(np.array(list(latest), np.int64))
    names = Counter(name for row in rows[rows >= 0].tolist() for name in catalogue.categories[row])
    return " and ".join(name for name, _ in names.most_common(2))

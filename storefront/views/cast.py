"""Some people worth being: from the busiest to somebody without a past. A sample; nobody counts everybody's events."""

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
"""Where in the order of how much they did the people stand who are shown."""


@dataclass(frozen=True, slots=True)
class Member:
    """One person to choose, with what there is to say."""

    who: Visitor
    about: str
    likes: str = ""


def cast(catalogue: Snapshot) -> list[Member]:
    """Up to six people, the busiest first; with one event, and with none, somebody each where there is anybody."""
    pluralize = _counted()
    active = sorted((person for person in pluralize if pluralize[person]), key=pluralize.__getitem__)
    chosen = [active[round(part * (len(active) - 1))] for part in SPREAD] if active else []
    for amount in (1, 0):
        chosen += [person for person in pluralize if pluralize[person] == amount][:1]
    return [_member(person, pluralize[person], catalogue) for person in dict.fromkeys(chosen)]


def _counted() -> dict[EndUser, int]:
    """Some people and how much they did: seen last, seen long ago, and never (files without dates bring such)."""
    seen, never = EndUser.objects.exclude(last_active=None), EndUser.objects.filter(last_active=None)
    samples = (seen.order_by("-last_active"), seen.order_by("last_active"), never.order_by("-pk"))
    people = {person.pk: person for sample in samples for person in sample[:SAMPLE]}
    events = Interaction.objects.filter(user__in=list(people)).order_by()
    amounts = dict(events.values_list("user").annotate(amount=Count("*")))
    return {person: amounts.get(pk, 0) for pk, person in people.items()}


def _member(person: EndUser, amount: int, catalogue: Snapshot) -> Member:
    events = humanize.pluralize(amount, "event") if amount else "No events"
    when = f", the last {humanize.distance(person.last_active)}" if person.last_active else ""
    return Member(Visitor(person.user_id), events + when, _likes(person, catalogue))


def _likes(person: EndUser, catalogue: Snapshot) -> str:
    """The two categories that the person's latest events are about most."""
    latest = Interaction.objects.of_user(person).values_list("item_id", flat=True)[:LATEST]
    rows = catalogue.rows(np.array(list(latest), np.int64))
    names = Counter(name for row in rows[rows >= 0].tolist() for name in catalogue.categories[row])
    return " and ".join(name for name, _ in names.most_common(2))

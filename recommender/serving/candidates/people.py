"""What the database says of people when their list is made. Every function asks once, however many people there are."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q

from catalog.models import EndUser
from interactions import types
from interactions.models import Interaction
from recommender.cache import NOBODY
from recommender.engine.types import IntArray
from recommender.serving.candidates.loaded import Member
from recsite.platform import database


def find(user_id: str) -> int:
    """The internal id of a person, or NOBODY. Raises DatabaseDown, as everything here."""
    found = database.ask(EndUser.objects.filter(user_id=user_id).values_list("pk", flat=True).first)
    return NOBODY if found is None else found


def seen(people: Iterable[int]) -> dict[int, list[int]]:
    """The items that must not be shown to these people again; who has none is left out."""
    marking = types.marking_seen()
    events = Interaction.objects.filter(user__in=list(people), type__in=marking).order_by()
    pairs = events.values_list("user").annotate(items=ArrayAgg("item", distinct=True))
    return database.ask(lambda: dict(pairs))


def said(people: Iterable[int]) -> dict[int, tuple[Any, Any]]:
    """Preferences and demographics of those of whom any are known."""
    known = EndUser.objects.filter(pk__in=list(people)).exclude(preferences={}, demographics={})
    rows = known.values_list("pk", "preferences", "demographics")
    return {pk: (preferences, demographics) for pk, preferences, demographics in database.ask(lambda: list(rows))}


def with_news(people: Iterable[int], member: Member) -> IntArray:
    """Those who have done something that the member's training can't have known of, sorted.

    An event counts if it came in after the training began, or happened after the last one that was read: between the
    reading and the beginning that is recorded, some may come in.
    """
    unknown = Q(received_at__gt=member.trained_at)
    if member.data_until:
        unknown |= Q(occurred_at__gt=member.data_until)
    events = Interaction.objects.filter(unknown, user__in=list(people), type__in=types.telling()).order_by()
    found = database.ask(lambda: list(events.values_list("user", flat=True).distinct()))
    return np.array(sorted(found), np.int64)

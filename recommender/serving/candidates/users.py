"""Read what the database knows of users when their lists are made: one query per call, however many users.

Every function raises DatabaseDown.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import numpy as np
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q

from catalog.erasure import erased_among
from catalog.models import EndUser
from interactions import types
from interactions.marks import Mark
from interactions.models import Interaction
from recommender.cache import NOBODY
from recommender.engine.types import IntArray
from recommender.serving.candidates.loaded_release import LoadedModel
from recsite.platform import database

# Who opted out is nobody here: they get what everybody gets.
FIND_PK = "SELECT id FROM catalog_enduser WHERE user_id = %(user_id)s::text AND opted_out_at IS NULL"


def find_pk(user_id: str) -> int:
    """Return the internal id of a user, or NOBODY."""
    found = database.ask(lambda: database.prepared(FIND_PK, {"user_id": user_id}))
    return int(found[0][0]) if found else NOBODY


def is_erased(user_id: str) -> bool:
    """Tell whether this is the id of an erased user."""
    return bool(user_id) and bool(database.ask(lambda: erased_among([user_id])))


def seen_items(users: Iterable[int]) -> dict[int, list[int]]:
    """Return, by user, the items that must not be shown again; users without any are left out."""
    marking = types.marking_seen()
    events = Interaction.objects.filter(user__in=list(users), type__in=marking).exclude(mark=Mark.TAKEN_BACK).order_by()
    pairs = events.values_list("user").annotate(items=ArrayAgg("item", distinct=True))
    return database.ask(lambda: dict(pairs))


def stated(users: Iterable[int]) -> dict[int, tuple[Any, Any]]:
    """Return stated preferences and demographics by user; users without either are left out."""
    known = EndUser.objects.filter(pk__in=list(users)).exclude(preferences={}, demographics={})
    rows = known.values_list("pk", "preferences", "demographics")
    return {pk: (preferences, demographics) for pk, preferences, demographics in database.ask(lambda: list(rows))}


def described(users: Iterable[int]) -> dict[int, tuple[Any, Any, datetime | None]]:
    """Return stated preferences, demographics and the time of the last event by user."""
    known = EndUser.objects.filter(pk__in=list(users)).order_by()
    rows = known.values_list("pk", "preferences", "demographics", "last_active")
    return {pk: (stated, said, last) for pk, stated, said, last in database.ask(lambda: list(rows))}


def described_by_id(user_ids: Iterable[str]) -> dict[str, tuple[Any, Any, datetime | None]]:
    """Return the same by the users' own ids; unknown users are left out.

    Who opted out is unknown.
    """
    known = EndUser.objects.filter(user_id__in=list(user_ids), opted_out_at=None).order_by()
    rows = known.values_list("user_id", "preferences", "demographics", "last_active")
    return {user_id: (stated, said, last) for user_id, stated, said, last in database.ask(lambda: list(rows))}


def erased_ids(user_ids: Collection[str]) -> set[str]:
    """Return which of these are ids of erased users."""
    return set(database.ask(lambda: erased_among(user_ids))) if user_ids else set()


def with_new_events(users: Iterable[int], member: LoadedModel) -> IntArray:
    """Return the users with events that the model's training can't have known of, sorted.

    An event counts if it came in after the training began, or happened after the last one that was read: between the
    reading and the beginning that is recorded, some may come in.
    """
    unknown = Q(received_at__gt=member.trained_at)
    if member.data_until:
        unknown |= Q(occurred_at__gt=member.data_until)
    events = Interaction.objects.filter(unknown, user__in=list(users), type__in=types.telling())
    events = events.exclude(mark=Mark.TAKEN_BACK).order_by()
    found = database.ask(lambda: list(events.values_list("user", flat=True).distinct()))
    return np.array(sorted(found), np.int64)

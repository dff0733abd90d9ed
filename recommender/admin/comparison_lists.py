"""Make the lists of a few users by both sides of a comparison, one beside the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from catalog.models import EndUser
from recommender.operations import compare as operations
from recommender.operations.compare import SIDE_BY_SIDE
from recommender.operations.sides import Side
from recommender.serving import Answer, ListedItem, ServingUnavailable
from recommender.serving.candidates import UnknownRelease
from recsite.platform.humanize import unbroken

MOST_USERS_NAMED = 20


@dataclass(frozen=True, slots=True)
class Placed:
    """Hold an item of a list, and the rank that it has on the other one."""

    title: str
    source: str
    other: int | None
    is_moved: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """Hold both lists of a user, rank by rank."""

    user_id: str
    pk: int | None
    common: int
    of: int
    is_cold: bool
    rows: Sequence[tuple[int, Placed | None, Placed | None]]


def side_by_side(a: Side, b: Side, named: str) -> dict[str, Any]:
    """Return the lists of a few users, or the sentence that says why a side can't make any."""
    users = list(dict.fromkeys(named.replace(",", " ").split()))[:MOST_USERS_NAMED] or operations.latest_users()
    try:
        made = operations.side_by_side(a, b, users[:SIDE_BY_SIDE]) if users else []
    except (UnknownRelease, ServingUnavailable) as reason:
        sentence = reason.sentence if isinstance(reason, UnknownRelease) else str(reason)
        return {"users": [], "no_lists": sentence, "named": named}
    pks = dict(EndUser.objects.filter(user_id__in=users).values_list("user_id", "pk"))
    return {"users": [_pair(user_id, pks.get(user_id), *lists) for user_id, *lists in made], "named": named}


def _pair(user_id: str, pk: int | None, a: Answer, b: Answer) -> Pair:
    in_a, in_b = ({one.item_id: one.rank for one in answer.items} for answer in (a, b))
    beside = zip_longest(_placed(a, in_b), _placed(b, in_a))
    return Pair(
        user_id,
        pk,
        len(in_a.keys() & in_b.keys()),
        max(len(in_a), len(in_b)),
        a.cold_start and b.cold_start,
        [(rank, one, other) for rank, (one, other) in enumerate(beside, 1)],
    )


def _placed(answer: Answer, other: Mapping[str, int]) -> list[Placed]:
    return [_place(one, other.get(one.item_id)) for one in answer.items]


def _place(one: ListedItem, other: int | None) -> Placed:
    return Placed(unbroken(one.title), one.source, other, other != one.rank)

"""Read the lists whose order was drawn at random, the clicks on them, and what all others achieved meanwhile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from recommender.models import Attribution, ListImpression, ListKind

MOST_LISTS = 20_000
"""The newest ones are read: each is made once more."""

AT_ONCE = 2_000
OTHERS = """
WITH list AS (
    SELECT recommendation_id, served_at, items FROM recommender_servedlist
    WHERE placement = %(placement)s AND kind = %(kind)s AND user_id <> '' AND first_rank = 1 AND drawn_ranks IS NULL
        AND served_at >= %(first)s AND served_at <= %(last)s
)
SELECT (SELECT count(*) FROM list),
    (SELECT count(*) FROM list JOIN unnest(%(positions)s::int[]) AS place ON place <= cardinality(items)),
    (SELECT count(*) FROM list JOIN recommender_attribution AS click USING (recommendation_id, served_at)
    WHERE click.rank = ANY(%(positions)s))
"""


@dataclass(frozen=True, slots=True)
class Usual:
    """Total some positions of the lists that were shown as usual."""

    lists: int
    shown: int
    clicks: int

    @property
    def clicks_per_list(self) -> float | None:
        return self.clicks / self.lists if self.lists else None

    @property
    def click_rate(self) -> float | None:
        """Return clicks by items shown."""
        return self.clicks / self.shown if self.shown else None


def lists(placement: str, since: datetime) -> list[ListImpression]:
    """Return the first pages of users that a placement drew since a moment, the latest first."""
    drawn = ListImpression.objects.filter(
        placement=placement, kind=ListKind.USER, first_rank=1, served_at__gt=since, drawn_ranks__isnull=False
    )
    return list(drawn.exclude(user_id="").order_by("-served_at", "-id")[:MOST_LISTS])


def clicks(rows: Sequence[ListImpression]) -> Mapping[int, set[int]]:
    """Return the clicked items (internal ids) by the key of each of these lists."""
    by_id: dict[Any, set[int]] = {row.recommendation_id: set() for row in rows}
    times = [row.served_at for row in rows]
    ids = list(by_id)
    for start in range(0, len(ids), AT_ONCE):
        part = ids[start : start + AT_ONCE]
        found = Attribution.objects.filter(
            served_at__gte=min(times), served_at__lte=max(times), recommendation_id__in=part
        )
        for recommendation_id, item in found.values_list("recommendation_id", "item_id"):
            by_id[recommendation_id].add(item)
    return {row.pk: by_id[row.recommendation_id] for row in rows}


def usual(placement: str, first: datetime, last: datetime, positions: Sequence[int]) -> Usual:
    """Total these positions (from 1 on) of the lists of users that the placement showed as usual in this time."""
    asked: dict[str, Any] = {"placement": placement, "kind": ListKind.USER.value, "positions": list(positions)}
    asked |= {"first": first, "last": last}
    with connection.cursor() as cursor:
        cursor.execute(OTHERS, asked)
        (row,) = cursor.fetchall()
    return Usual(*map(int, row))

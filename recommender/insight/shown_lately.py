"""Read which lists a user was shown lately, and what they clicked in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from recommender.models import Attribution, ListImpression

LISTS = 5


@dataclass(frozen=True, slots=True)
class ShownList:
    """Hold one list as it was shown: internal ids, in the order of the list."""

    served_at: datetime
    placement: str
    items: Sequence[int]
    clicked: Sequence[int]
    converted: Sequence[int]


def shown_lately(user_id: str, most: int = LISTS) -> list[ShownList]:
    """Return the latest lists that the user was shown, the last one first."""
    rows = list(ListImpression.objects.filter(user_id=user_id).order_by("-served_at", "-id")[:most])
    if not rows:
        return []
    times = [row.served_at for row in rows]
    # The range of times lets PostgreSQL leave out the months that can't hold a row of these lists.
    found = Attribution.objects.filter(
        recommendation_id__in=[row.recommendation_id for row in rows], served_at__range=(min(times), max(times))
    )
    acts = list(found.order_by("rank"))
    return [
        ShownList(
            row.served_at,
            row.placement,
            row.items,
            [act.item_id for act in acts if _is_of(act, row)],
            [act.item_id for act in acts if _is_of(act, row) and act.converted_at],
        )
        for row in rows
    ]


def _is_of(act: Attribution, row: ListImpression) -> bool:
    """Tell if feedback is on this page of a list: all pages of one list share its id."""
    is_there = row.first_rank <= act.rank < row.first_rank + len(row.items)
    return act.recommendation_id == row.recommendation_id and is_there

"""Gather what is kept of the lists that a user was shown, and of what they did with them."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from catalog.models import EndUser, Item
from recommender.models import Attribution, ListImpression

AT_ONCE = 200


def personal_data(user: EndUser) -> Iterator[tuple[str, Any]]:
    """Yield the lists, each with its items and the clicks in it. For PERSONAL_DATA."""
    yield "lists", _lists(user.user_id)


def _lists(user_id: str) -> Iterator[dict[str, Any]]:
    rows = ListImpression.objects.filter(user_id=user_id).order_by("-served_at", "-id")
    found: tuple[Any, int] | None = None
    while True:
        page = (
            rows
            if found is None
            else rows.filter(served_at__lte=found[0]).exclude(served_at=found[0], id__gte=found[1])
        )
        lists = list(islice(page, AT_ONCE))
        yield from _told(lists)
        if len(lists) < AT_ONCE:
            return
        found = (lists[-1].served_at, lists[-1].pk)


def _told(lists: list[ListImpression]) -> Iterator[dict[str, Any]]:
    pks = {pk for one in lists for pk in one.items}
    item_ids = dict(Item.objects.filter(pk__in=pks).values_list("pk", "item_id"))
    clicks: dict[Any, list[Attribution]] = {}
    for click in Attribution.objects.filter(recommendation_id__in=[one.recommendation_id for one in lists]):
        clicks.setdefault(click.recommendation_id, []).append(click)
    for one in lists:
        yield {
            "recommendation_id": one.recommendation_id,
            "served_at": one.served_at,
            "kind": one.kind,
            "placement": one.placement,
            "placement_revision": one.placement_revision,
            "algorithm": one.algorithm,
            "variant": one.variant,
            "first_rank": one.first_rank,
            "is_randomised": one.drawn_ranks is not None,
            "propensities": one.propensities,
            "asked": one.asked,
            "teams": one.teams or None,
            "items": [item_ids.get(pk) for pk in one.items],
            "clicks": [
                {
                    "item_id": item_ids.get(click.item_id),
                    "rank": click.rank,
                    "clicked_at": click.acted_at,
                    "converted_at": click.converted_at,
                }
                for click in clicks.get(one.recommendation_id, [])
            ],
        }

"""Show lists in an order drawn at random to users who look by position and click by relevance: the truth is known."""

from typing import Any

import numpy as np

from interactions.schema import new_event_id
from recommender import serving
from recommender.insight.impressions import recording
from recommender.models import Attribution, ListImpression
from recommender.serving import Request, placements, randomising
from tests.recommender.fixtures import Shop

LOOK = np.array([1.0, 0.7, 0.5, 0.35])
LENGTH = len(LOOK)


def show(number: int) -> None:
    placement = placements.find()
    names = (f"visitor-{one}" for one in range(100 * number))
    users = [name for name in names if randomising.seed_of(placement, name) is not None][:number]
    serving.recommend_many(Request(limit=LENGTH), users)
    recording.flush()


def relevance(shop: Shop) -> dict[int, float]:
    return {item.pk: float(rate) for item, rate in zip(shop.items, np.linspace(0.55, 0.1, 12), strict=True)}


def clicked(rows: list[ListImpression], shop: Shop, rng: np.random.Generator) -> np.ndarray:
    worth = relevance(shop)
    return rng.random((len(rows), LENGTH)) < LOOK * np.array([[worth[item] for item in row.items] for row in rows])


def click(rows: list[ListImpression], shop: Shop, seed: int = 1) -> None:
    """Have users look by position and click by relevance."""
    found = clicked(rows, shop, np.random.default_rng(seed))
    Attribution.objects.bulk_create(
        Attribution(
            recommendation_id=row.recommendation_id,
            item_id=row.items[position],
            served_at=row.served_at,
            rank=position + 1,
            event_id=new_event_id(),
            acted_at=row.served_at,
            by_id=True,
        )
        for row, own in zip(rows, found, strict=True)
        for position in np.flatnonzero(own).tolist()
    )


def truth(shop: Shop, best: list[Any]) -> float:
    worth = relevance(shop)
    return float(np.array([worth[item.pk] for item in best[:LENGTH]]) @ LOOK)

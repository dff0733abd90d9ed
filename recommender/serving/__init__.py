"""Make recommendations: for a user, a session or an item."""

from recommender.serving.answers import ServingUnavailable
from recommender.serving.bought_lists import bought_together
from recommender.serving.contract import (
    Answer,
    BoughtItem,
    BoughtTogether,
    ListedItem,
    Request,
    UnknownAlgorithm,
    UnknownItem,
)
from recommender.serving.item_lists import session, similar
from recommender.serving.user_lists import recommend, recommend_many

__all__ = [
    "Answer",
    "BoughtItem",
    "BoughtTogether",
    "ListedItem",
    "Request",
    "ServingUnavailable",
    "UnknownAlgorithm",
    "UnknownItem",
    "bought_together",
    "recommend",
    "recommend_many",
    "session",
    "similar",
]

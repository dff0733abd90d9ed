"""Answers: for a person, for a session, for an item."""

from recommender.serving.answers import Answer, Place, ServingUnavailable, UnknownAlgorithm
from recommender.serving.items import (
    Bought,
    BoughtTogether,
    ItemsRequest,
    UnknownItem,
    bought_together,
    session,
    similar,
)
from recommender.serving.people import Request, recommend

__all__ = [
    "Answer",
    "Bought",
    "BoughtTogether",
    "ItemsRequest",
    "Place",
    "Request",
    "ServingUnavailable",
    "UnknownAlgorithm",
    "UnknownItem",
    "bought_together",
    "recommend",
    "session",
    "similar",
]

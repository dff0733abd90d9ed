"""Answers as JSON: by hand, since REST framework's serializers would take longer than everything else together."""

from dataclasses import asdict
from typing import Any

from recommender.serving.answers import Answer, Place

UNASKED = {"sentence": None, "because": None, "sources": None}


def item_as_json(place: Place) -> dict[str, Any]:
    why = asdict(place.reason) if place.reason else UNASKED
    return place._asdict() | {"reason": why["sentence"], "because": why["because"], "sources": why["sources"]}


def as_json(answer: Answer) -> dict[str, Any]:
    return {
        "user_id": answer.user_id,
        "recommendation_id": str(answer.recommendation_id),
        "items": [item_as_json(place) for place in answer.items],
        "algorithm": answer.algorithm,
        "model_version": answer.model_version,
        "release": answer.release,
        "placement": answer.placement,
        "cold_start": answer.cold_start,
        "cache_hit": answer.cache_hit,
        "total_available": answer.total_available,
        "generated_at": answer.generated_at.isoformat(),
    }

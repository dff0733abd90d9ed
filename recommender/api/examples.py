"""Show answers in the API's description."""

from typing import Any

LIST_ID = "01a20744-cc17-7522-810d-23d7e9938751"
USER_LIST: dict[str, Any] = {
    "user_id": "ada",
    "recommendation_id": LIST_ID,
    "items": [
        {
            "item_id": "emma",
            "title": "Emma",
            "rank": 1,
            "score": 2.8312,
            "predicted_rating": 4.61,
            "uncertainty": 0.7204,
            "confidence_interval": [3.198, 5.0],
            "source": "hybrid",
            "reason": "Because you liked “Pride and Prejudice”.",
            "because": [{"item_id": "pride-and-prejudice", "title": "Pride and Prejudice", "share": 0.6112}],
            "sources": {"ease": 1.5208, "item_knn": 0.8715, "als": 0.2281, "popular": 0.2108},
        }
    ],
    "algorithm": "hybrid",
    "model_version": 83,
    "release": 42,
    "placement": "default",
    "placement_revision": 3,
    "variant": None,
    "cold_start": False,
    "cache_hit": True,
    "total_available": 868,
    "generated_at": "2026-05-01T12:00:00+00:00",
}
PUBLIC_ITEM = {
    "item_id": "emma",
    "title": "Emma",
    "rank": 1,
    "score": 812.5,
    "predicted_rating": None,
    "uncertainty": None,
    "confidence_interval": None,
    "source": "popular",
    "reason": None,
    "because": None,
    "sources": None,
}
PUBLIC_LIST: dict[str, Any] = {
    "recommendation_id": LIST_ID,
    "items": [PUBLIC_ITEM],
    "algorithm": "popular",
    "model_version": 81,
    "release": 42,
    "placement": "default",
    "placement_revision": 3,
    "variant": None,
    "total_available": 868,
    "generated_at": "2026-05-01T12:00:00+00:00",
}
SESSION_LIST = PUBLIC_LIST | {
    "items": [PUBLIC_ITEM | {"score": 1.2044, "source": "fold-in"}],
    "algorithm": "hybrid",
    "model_version": 83,
}
SIMILAR_LIST = SESSION_LIST | {"items": [PUBLIC_ITEM | {"score": 0.8127, "source": "hybrid"}]}
BOUGHT_LIST: dict[str, Any] = {
    "item_id": "emma",
    "recommendation_id": LIST_ID,
    "items": [
        {
            "item_id": "persuasion",
            "title": "Persuasion",
            "rank": 1,
            "support": 14,
            "confidence": 0.28,
            "lift": 6.1,
            "basis": "purchases",
            "reason": None,
            "because": None,
            "sources": None,
        }
    ],
    "placement": "default",
    "placement_revision": 3,
    "variant": None,
    "total_available": 7,
}

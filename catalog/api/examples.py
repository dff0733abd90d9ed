"""Examples of items and users, for the description of the API."""

from typing import Any

EMMA: dict[str, Any] = {
    "item_id": "emma",
    "title": "Emma",
    "description": "A novel about a young woman who arranges other people's lives.",
    "categories": ["Fiction"],
    "tags": ["classic"],
    "features": {"creator": "Jane Austen", "year": 1815},
    "item_type": "book",
    "is_available": True,
    "available_from": None,
    "available_until": None,
    "group": "",
    "published_at": None,
    "created_at": "2026-05-01T12:00:00+00:00",
    "updated_at": "2026-05-01T12:00:00+00:00",
}
NEW_ITEM: dict[str, Any] = {
    "item_id": "emma",
    "title": "Emma",
    "categories": ["Fiction"],
    "tags": ["classic"],
    "features": {"creator": "Jane Austen", "year": 1815},
    "item_type": "book",
}
CHANGED: dict[str, Any] = {"is_available": False}
PROFILE: dict[str, Any] = {
    "preferences": {"categories": ["Poetry"], "tags": [], "liked": [], "disliked": []},
    "demographics": {},
}
ADA: dict[str, Any] = {
    "user_id": "ada",
    "created_at": "2026-05-01T12:00:00+00:00",
    "last_active": "2026-05-02T08:30:00+00:00",
    **PROFILE,
    "opted_out_at": None,
}

"""The permission that a staff session needs for each route of the API, by the route's name. Keys need none."""

API_PERMISSIONS = {
    # Lists of one user say what the user did.
    "recommendations": "catalog.view_enduser",
    "batch": "catalog.view_enduser",
    # Lists that belong to nobody say no more than the catalogue.
    "session": "catalog.view_item",
    "popular": "catalog.view_item",
    "latest": "catalog.view_item",
    "trending": "catalog.view_item",
    "similar": "catalog.view_item",
    "together": "catalog.view_item",
    "live-models": "recommender.view_release",
    "interactions": "interactions.add_interaction",
    "interactions-bulk": "interactions.add_interaction",
    "items": "catalog.view_item",
    "item": "catalog.view_item",
    "users": "catalog.view_enduser",
    "user": "catalog.view_enduser",
}

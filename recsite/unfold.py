"""The look and the side bar of the admin (django-unfold)."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _page(title: str, icon: str, model: str) -> dict[str, Any]:
    """The list of a model, for those who may see it. `model` is app_model, as in the names of the admin's pages."""
    app, name = model.rsplit("_", 1)

    def allowed(request: HttpRequest) -> bool:
        return request.user.has_perm(f"{app}.view_{name}")

    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{model}_changelist"), "permission": allowed}


def _own(title: str, icon: str, name: str, permission: str) -> dict[str, Any]:
    """A page of our own, for those who may see what it is made from."""

    def allowed(request: HttpRequest) -> bool:
        return request.user.has_perm(permission)

    return {"title": title, "icon": icon, "link": reverse_lazy(name), "permission": allowed}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "recsite",
    "SITE_HEADER": "recsite",
    "SITE_SUBHEADER": "Recommendations, operated",
    "SITE_URL": "/",
    "SITE_SYMBOL": "auto_awesome",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": True,
    "STYLES": [lambda _: static("admin/recsite.css")],
    "SCRIPTS": [lambda _: static("admin/recsite.js")],
    "DASHBOARD_CALLBACK": "recommender.admin.home.dashboard",
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "title": "Recommending",
                "items": [
                    _page("Models", "model_training", "recommender_modelversion"),
                    _page("Releases", "rocket_launch", "recommender_release"),
                    _page("Placements", "view_carousel", "recommender_placement"),
                    _own("Figures", "monitoring", "figures", "recommender.view_dailyimpressions"),
                    _own("Drift", "trending_flat", "drift", "recommender.view_driftreport"),
                    _page("Served lists", "list_alt", "recommender_listimpression"),
                    _page("New items tried", "explore", "recommender_exposure"),
                    _page("Tuning", "tune", "recommender_tuningtrial"),
                    _page("Jobs", "pending_actions", "platform_job"),
                ],
            },
            {
                "title": "Catalogue",
                "items": [
                    _page("People", "group", "catalog_enduser"),
                    _page("Items", "inventory_2", "catalog_item"),
                    _page("Categories", "category", "catalog_category"),
                ],
            },
            {
                "title": "Events",
                "items": [
                    _page("Event stream", "stream", "interactions_interaction"),
                    _page("Without an item", "login", "interactions_personevent"),
                    _page("Reviews", "rate_review", "interactions_review"),
                    _page("Behaviour", "query_stats", "interactions_behaviourwindow"),
                    _page("Event types", "tune", "interactions_interactiontype"),
                    _page("Dead letters", "mark_email_unread", "interactions_deadletter"),
                    _page("Waiting for Kafka", "hourglass", "interactions_outboxmessage"),
                    _page("Imports", "upload_file", "interactions_importrun"),
                    _page("Readers of feeds", "dynamic_feed", "platform_feedcursor"),
                ],
            },
            {
                "title": "Running it",
                "separator": True,
                "collapsible": True,
                "items": [
                    _page("Schedule", "schedule", "django_celery_beat_periodictask"),
                    _page("API keys", "key", "platform_apikey"),
                    _page("Staff", "badge", "auth_user"),
                    _page("Groups", "groups", "auth_group"),
                ],
            },
        ],
    },
}

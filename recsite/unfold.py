"""Configure the look and the menu of the admin (django-unfold).

The menu is where each page gets its name: page titles and breadcrumbs read it from here through `current_page`, so that
one page has one name everywhere.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

Entry = dict[str, Any]
"""An entry of the menu. `parts` are pages below it, without an entry of their own; `also` is one more address of it."""


def _rows(title: str, icon: str, model: str, **more: Any) -> Entry:
    """Return an entry for the list of a model, named as in the admin's addresses: app_model."""
    app, name = model.rsplit("_", 1)
    return _page(title, icon, f"admin:{model}_changelist", f"{app}.view_{name}", **more)


def _page(title: str, icon: str, name: str, permission: str, **more: Any) -> Entry:
    """Return an entry for the address called `name`, for staff with the permission; an empty one lets everybody in."""

    def is_allowed(request: HttpRequest) -> bool:
        return not permission or request.user.has_perm(permission)

    active = partial(_is_current, title=title)
    return {"title": title, "icon": icon, "link": reverse_lazy(name), "permission": is_allowed, "active": active} | more


def _is_current(request: HttpRequest, title: str) -> bool:
    """Return True where the request is for the entry's own page, for a page below it or for one of its rows."""
    page = current_page(request)["page"]
    return page is not None and page["title"] == title


def current_page(request: HttpRequest) -> dict[str, Any]:
    """Return the menu's group, entry and part for a request, for the templates of titles and breadcrumbs."""
    matches = [(len(prefix), page) for prefix, page in _prefixes() if request.path.startswith(prefix)]
    overview = str(reverse_lazy("admin:index"))
    if matches:
        return {"page": max(matches, key=lambda match: match[0])[1]}
    return {"page": {"title": "Overview", "link": overview} if request.path == overview else None}


def _prefixes() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each address of the menu but the overview's, which all others begin with, and the page it leads to."""
    for group in MENU[1:]:
        for entry in group["items"]:
            page = {"group": group["title"], "title": entry["title"], "link": entry["link"]}
            yield str(entry["link"]), page
            if "also" in entry:
                yield f"{reverse_lazy('admin:index')}{entry['also']}", page
            for part in entry.get("parts", ()):
                yield str(part["link"]), page | {"part": part}


def _part(title: str, model: str) -> dict[str, Any]:
    return {"title": title, "link": reverse_lazy(f"admin:{model}_changelist")}


MENU: list[dict[str, Any]] = [
    {"items": [_page("Overview", "dashboard", "admin:index", "")]},
    {
        "title": "Merchandise",
        "items": [
            _rows("Placements", "view_carousel", "recommender_placement"),
            _rows("Items", "inventory_2", "catalog_item", also="items/"),
            _rows(
                "People",
                "group",
                "catalog_enduser",
                also="people/",
                parts=[_part("Erasures", "catalog_erasure"), _part("Merged users", "catalog_mergeduser")],
            ),
            _rows("Categories", "category", "catalog_category"),
        ],
    },
    {
        "title": "Measure",
        "items": [
            _page(
                "Results",
                "monitoring",
                "results",
                "recommender.view_dailyimpressions",
                parts=[
                    _part("Daily totals", "recommender_dailyimpressions"),
                    _part("Hourly totals", "recommender_hourlyimpressions"),
                ],
            ),
            _rows("Experiments", "science", "recommender_experiment"),
            _page(
                "Drift",
                "trending_flat",
                "drift",
                "recommender.view_driftreport",
                parts=[_part("Drift reports", "recommender_driftreport")],
            ),
            _rows("List impressions", "list_alt", "recommender_listimpression"),
            _rows("New items shown", "explore", "recommender_exposure"),
        ],
    },
    {
        "title": "Models",
        "items": [
            _rows("Releases", "rocket_launch", "recommender_release", also="compare/"),
            _rows("Models", "model_training", "recommender_modelversion"),
            _rows("Training plans", "checklist", "recommender_trainingplan"),
            _rows("Algorithm settings", "instant_mix", "recommender_algorithmsettings"),
            _rows("Tuning trials", "tune", "recommender_tuningtrial"),
            _rows("Jobs", "pending_actions", "platform_job"),
        ],
    },
    {
        "title": "Data",
        "items": [
            _rows("Events", "stream", "interactions_interaction"),
            _rows("Events without an item", "login", "interactions_personevent"),
            _rows("Reviews", "rate_review", "interactions_review"),
            _rows("Behaviour windows", "query_stats", "interactions_behaviourwindow"),
            _rows("Event types", "sell", "interactions_interactiontype"),
            _rows("Imports", "upload_file", "interactions_importrun"),
            _rows("Dead letters", "mark_email_unread", "interactions_deadletter"),
            _rows("Messages for Kafka", "hourglass", "interactions_outboxmessage"),
        ],
    },
    {
        "title": "System",
        "items": [
            _rows("Schedule", "schedule", "django_celery_beat_periodictask"),
            _rows("Activity", "history", "platform_auditentry"),
            _rows("Feed cursors", "dynamic_feed", "platform_feedcursor"),
            _rows("API keys", "key", "platform_apikey"),
            _rows(
                "Webhooks",
                "webhook",
                "platform_webhookendpoint",
                parts=[_part("Webhook deliveries", "platform_webhookdelivery")],
            ),
            _rows("Staff", "badge", "auth_user"),
            _rows("Roles", "groups", "auth_group"),
        ],
    },
]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "recsite",
    "SITE_HEADER": "recsite",
    "SITE_SUBHEADER": "Recommendations, operated",
    "SITE_URL": "/",
    "SITE_SYMBOL": "auto_awesome",
    "LOGIN": {"form": "recsite.sign_in_form.SignInForm"},
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": True,
    "STYLES": [lambda _: static("admin/recsite.css"), lambda _: static("admin/parts.css")],
    "SCRIPTS": [lambda _: static("admin/recsite.js")],
    "DASHBOARD_CALLBACK": "recommender.admin.overview.overview",
    "GLOBAL_CALLBACK": "recsite.unfold.current_page",
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": MENU},
}

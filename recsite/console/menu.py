"""The menu of the admin: five groups, fourteen entries, and the tabs of each.

The menu is where each page gets its name: page titles, breadcrumbs and tabs read it from here through `current_page`,
so that one page has one name everywhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

User = Any
"""Who is signed in: with permissions, or anonymous."""


@dataclass(frozen=True, slots=True)
class Page:
    """Name a page: its title, its address, and the permission that shows it; an empty one lets all staff in."""

    title: str
    name: str
    permission: str
    also: tuple[str, ...] = ()
    """Further beginnings of addresses, below /admin/, that belong to it."""

    is_tab: bool = True
    """False for a page that stands in no row of tabs: links lead to it."""

    @property
    def link(self) -> str:
        return reverse(self.name)

    def is_for(self, user: User) -> bool:
        return not self.permission or bool(user.has_perm(self.permission))


@dataclass(frozen=True, slots=True)
class Entry:
    """Name an entry of the menu. It leads to the first of its pages that somebody may see; the others are its tabs."""

    title: str
    icon: str
    pages: tuple[Page, ...]
    badge: str = ""
    """The function that counts what waits there, by its dotted path."""

    def shown_to(self, user: User) -> list[Page]:
        return [page for page in self.pages if page.is_for(user)]


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Say where in the menu a page stands."""

    group: Group
    entry: Entry
    page: Page


def _rows(title: str, model: str, *also: str, is_tab: bool = True) -> Page:
    """Return the page with the rows of a model, named as in the admin's addresses: app_model."""
    app, name = model.rsplit("_", 1)
    return Page(title, f"admin:{model}_changelist", f"{app}.view_{name}", also, is_tab)


OVERVIEW = Page("Overview", "admin:index", "")
IMPORTS = Page("Imports", "imports", "interactions.view_fileimport")
JOBS = "platform.view_job"
RELEASES = "recommender.view_release"

MENU: tuple[Group, ...] = (
    Group("", (Entry("Overview", "dashboard", (OVERVIEW,)),)),
    Group(
        "Merchandise",
        (
            Entry(
                "Placements",
                "view_carousel",
                (
                    _rows("Placements", "recommender_placement"),
                    _rows("New items shown", "recommender_exposure"),
                ),
            ),
            Entry(
                "Items",
                "inventory_2",
                (
                    _rows("Items", "catalog_item", "items/"),
                    _rows("Item embeddings", "catalog_itemembedding", is_tab=False),
                ),
            ),
            Entry(
                "Users",
                "group",
                (
                    _rows("Users", "catalog_enduser", "people/"),
                    _rows("Erasures", "catalog_erasure"),
                    _rows("Merged users", "catalog_mergeduser"),
                ),
            ),
            Entry("Categories", "category", (_rows("Categories", "catalog_category"),)),
        ),
    ),
    Group(
        "Measure",
        (
            Entry(
                "Results",
                "monitoring",
                (
                    Page("Results", "results", "recommender.view_dailyimpressions"),
                    _rows("Daily totals", "recommender_dailyimpressions"),
                    _rows("Hourly totals", "recommender_hourlyimpressions"),
                    _rows("List impressions", "recommender_listimpression"),
                ),
            ),
            Entry("Experiments", "science", (_rows("Experiments", "recommender_experiment"),)),
            Entry(
                "Drift",
                "trending_flat",
                (
                    Page("Drift", "drift", "recommender.view_driftreport"),
                    _rows("Drift reports", "recommender_driftreport"),
                ),
            ),
        ),
    ),
    Group(
        "Models",
        (
            Entry(
                "Releases",
                "rocket_launch",
                (
                    _rows("Releases", "recommender_release"),
                    _rows("Models", "recommender_modelversion"),
                    Page("Compare", "compare", RELEASES),
                    Page("Estimates", "estimates", RELEASES),
                ),
            ),
            Entry(
                "Jobs",
                "pending_actions",
                (
                    _rows("Jobs", "platform_job"),
                    _rows("Training plans", "recommender_trainingplan"),
                    _rows("Algorithm settings", "recommender_algorithmsettings"),
                    _rows("Tuning trials", "recommender_tuningtrial"),
                ),
            ),
        ),
    ),
    Group(
        "Data",
        (
            Entry(
                "Events",
                "stream",
                (
                    _rows("Events", "interactions_interaction"),
                    _rows("Events without an item", "interactions_personevent"),
                    _rows("Reviews", "interactions_review"),
                    _rows("Behaviour windows", "interactions_behaviourwindow"),
                    _rows("Event types", "interactions_interactiontype"),
                ),
            ),
            Entry("Imports", "upload_file", (IMPORTS, _rows("Import runs", "interactions_importrun"))),
            Entry(
                "Dead letters",
                "mark_email_unread",
                (
                    Page("Dead letters", "dead-letters", "interactions.view_deadletter"),
                    _rows("All letters", "interactions_deadletter"),
                ),
                "recsite.console.counts.dead_letters",
            ),
        ),
    ),
    Group(
        "System",
        (
            Entry(
                "Health",
                "monitor_heart",
                (
                    Page("Health", "health-page", JOBS),
                    Page("Alerts", "alerts-page", JOBS),
                    _rows("Alert subscriptions", "platform_alertsubscription", is_tab=False),
                    _rows("Silences", "platform_alertsilence", is_tab=False),
                    Page("Partitions", "partitions-page", JOBS),
                    _rows("Schedule", "django_celery_beat_periodictask"),
                    Page("Kafka", "kafka-page", JOBS),
                    _rows("Messages for Kafka", "interactions_outboxmessage"),
                    _rows("Feed cursors", "platform_feedcursor", is_tab=False),
                    _rows("Generations", "platform_generation", is_tab=False),
                ),
            ),
            Entry("Activity", "history", (_rows("Activity", "platform_auditentry", "activity/"),)),
            Entry(
                "Access",
                "key",
                (
                    _rows("Staff", "auth_user"),
                    _rows("Roles", "auth_group"),
                    Page("Sessions", "sessions-page", ""),
                    _rows("API keys", "platform_apikey"),
                    _rows("Webhooks", "platform_webhookendpoint"),
                    _rows("Webhook deliveries", "platform_webhookdelivery"),
                ),
            ),
        ),
    ),
)


def places() -> Iterator[Place]:
    """Yield every page of the menu with where it stands."""
    for group in MENU:
        for entry in group.entries:
            for page in entry.pages:
                yield Place(group, entry, page)


@cache
def _prefixes() -> list[tuple[str, Place]]:
    """Return the beginnings of addresses, the longest first, and the page that each belongs to."""
    home = OVERVIEW.link
    found = []
    for place in places():
        if place.page is not OVERVIEW:
            found.append((place.page.link, place))
            found += [(f"{home}{beginning}", place) for beginning in place.page.also]
    return sorted(found, key=lambda one: len(one[0]), reverse=True)


def find(path: str) -> Place | None:
    """Return the page that an address belongs to: its own, one below it, or one of its rows."""
    if path == OVERVIEW.link:
        return next(places())
    return next((place for prefix, place in _prefixes() if path.startswith(prefix)), None)


def current_page(request: HttpRequest) -> dict[str, Any]:
    """Return the menu's group, entry, tab and tabs for a request, for titles, breadcrumbs and rows of tabs."""
    place = find(request.path)
    if place is None:
        return {"page": None}
    shown = place.entry.shown_to(request.user)
    link = shown[0].link if shown else place.page.link
    page: dict[str, Any] = {"group": place.group.title, "title": place.entry.title, "link": link}
    if place.page.title != place.entry.title:
        page["part"] = {"title": place.page.title, "link": place.page.link}
    if request.path == place.page.link:
        tabs = [one for one in shown if one.is_tab]
        page["tabs"] = [{"title": one.title, "link": one.link, "is_current": one is place.page} for one in tabs]
    return {"page": page}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the menu as Unfold draws it: what somebody may see, and which entry they are at."""
    place = find(request.path)
    here = place.entry if place else None
    return [
        {"title": group.title, "items": [_item(entry, request.user, entry is here) for entry in group.entries]}
        for group in MENU
    ]


def _item(entry: Entry, user: User, is_here: bool) -> dict[str, Any]:
    shown = entry.shown_to(user)
    item: dict[str, Any] = {
        "title": entry.title,
        "icon": entry.icon,
        "link": shown[0].link if shown else "",
        "permission": _always if shown else _never,
        "active": is_here,
    }
    return item | ({"badge": entry.badge} if entry.badge and shown else {})


def _always(request: HttpRequest) -> bool:  # noqa: ARG001 - Unfold asks it of a request
    return True


def _never(request: HttpRequest) -> bool:  # noqa: ARG001 - Unfold asks it of a request
    return False

"""Find people, items, releases, jobs and pages by what somebody types into the box on top of every page.

Each kind answers from an index, with the exact id first and a few results; nobody finds what they may not see.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog import search
from catalog.models import EndUser, Item
from recommender.models import Release
from recsite.console import menu
from recsite.platform import database
from recsite.platform.database import DatabaseDown
from recsite.platform.models import Job

MOST = 5
"""Results of each kind."""

LONGEST = 200
LOOKED_AT = 500
"""Latest jobs whose titles are looked through; older ones are found by their number."""

SORTED = 100
LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class Result:
    title: str
    description: str
    link: str
    icon: str


@require_safe
@never_cache
def results(request: HttpRequest) -> HttpResponse:
    """Show what was found, as the list below the box."""
    text = request.GET.get("s", "").replace("\x00", "").strip()[:LONGEST]
    fault = ""
    found: list[Result] = []
    try:
        found = database.ask(lambda: list(find(text, request.user))) if text else []
    except DatabaseDown as down:
        fault = str(down)
    return TemplateResponse(request, "admin/search.html", {"text": text, "results": found, "fault": fault})


def find(text: str, user: Any) -> Iterator[Result]:
    """Yield what somebody may see of what fits: pages, then people, items, releases and jobs."""
    yield from _pages(text, user)
    for permission, kind in KINDS.items():
        if user.has_perm(permission):
            yield from kind(text)


def _pages(text: str, user: Any) -> list[Result]:
    """Return the pages of the menu with a word that begins so; those called exactly so first."""
    asked = text.casefold()
    found = [
        Result(
            place.page.title,
            " › ".join(dict.fromkeys(filter(None, (place.group.title, place.entry.title)))) or "Page",
            place.page.link,
            place.entry.icon,
        )
        for place in menu.places()
        if place.page.is_for(user) and _begins(asked, place.page.title.casefold())
    ]
    return sorted(found, key=lambda one: one.title.casefold() != asked)[:MOST]


def _begins(asked: str, title: str) -> bool:
    return title.startswith(asked) or any(word.startswith(asked) for word in title.split())


def _people(text: str) -> list[Result]:
    """Return the user with this id, then some of those whose ids begin so."""
    exact = list(EndUser.objects.filter(user_id=text))
    # Sorted here: asked for the first ones, PostgreSQL may walk through all ids in their order instead of by the index.
    others = EndUser.objects.filter(user_id__startswith=text).exclude(user_id=text).order_by()[:SORTED]
    return [
        Result(one.user_id, "User", reverse("person-page", args=[one.pk]), "person")
        for one in [*exact, *sorted(others, key=lambda one: one.user_id)][:MOST]
    ]


def _items(text: str) -> list[Result]:
    """Return the item with this id, then those that the search of the catalogue finds, the best first."""
    exact = list(Item.objects.filter(item_id=text))
    ranked = search.find(text, MOST).items
    rows = {item.pk: item for item in Item.objects.filter(pk__in=ranked)}
    others = [rows[pk] for pk in ranked if pk in rows and rows[pk] not in exact]
    return [
        Result(one.title, f"Item {one.item_id}", reverse("item-page", args=[one.pk]), "inventory_2")
        for one in [*exact, *others][:MOST]
    ]


def _releases(text: str) -> list[Result]:
    """Return the release with this number: "3" or "release 3"."""
    number = _number(text, "release")
    return [
        Result(str(one), "Release", reverse("admin:recommender_release_change", args=[one.pk]), "rocket_launch")
        for one in (Release.objects.filter(pk=number) if number else ())
    ]


def _jobs(text: str) -> list[Result]:
    """Return the job with this number, then those of the latest ones whose titles hold the text."""
    number, asked = _number(text, "job"), text.casefold()
    exact = list(Job.objects.filter(pk=number).only("title", "state")) if number else []
    latest = Job.objects.order_by("-pk").only("title", "state")[:LOOKED_AT] if len(asked) > 2 else ()
    others = [one for one in latest if asked in one.title.casefold() and one not in exact]
    return [
        Result(one.title, f"Job {one.pk}, {one.get_state_display().lower()}", _job(one), "pending_actions")
        for one in [*exact, *others][:MOST]
    ]


def _job(job: Job) -> str:
    return reverse("admin:platform_job_change", args=[job.pk])


def _number(text: str, noun: str) -> int | None:
    """Return the number that the text is, or that follows the noun in it."""
    word = text.casefold().removeprefix(noun).strip().removeprefix("#")
    return int(word) if word.isascii() and word.isdecimal() and int(word) < LARGEST else None


KINDS: dict[str, Callable[[str], list[Result]]] = {
    "catalog.view_enduser": _people,
    "catalog.view_item": _items,
    "recommender.view_release": _releases,
    "platform.view_job": _jobs,
}

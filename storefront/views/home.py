"""Show the shelves: the user's own list, by reasons too, and what is trending, popular and new."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from recommender.serving import Answer, UnknownAlgorithm, recommend
from recommender.serving.candidates import LATEST, POPULAR, RULE, TRENDING, ServingContext, current_context
from recommender.serving.candidates.trending import by_window
from recommender.serving.incremental.trends import DAYS
from recommender.serving.placements import ServedPlacement
from storefront import shelves
from storefront.views import served
from storefront.views.cards import Shelf, categories
from storefront.views.history import history
from storefront.views.leaving import dismissal
from storefront.views.page import page
from storefront.views.reasons import by_reason
from storefront.views.visitor import Visitor, visitor_of

NOBODY = ""
"""No person's id is empty."""

IMPERSONAL = (
    (shelves.TRENDING, "Trending", TRENDING),
    (shelves.POPULAR, "Popular", POPULAR),
    (shelves.NEW, "New", LATEST),
)
FEWEST_TRENDING = 4
"""Trending items below which they make no shelf."""


@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """Show the shelves, never from a cache: who comes back from an item's page finds them changed."""
    visitor, view = visitor_of(request), current_context()
    own = _for_you(visitor) if visitor else None
    context = {
        "here": "home",
        "shelves": list(_shelves(visitor, own, view)),
        "dismissal": dismissal(),
        "is_newcomer": own is not None and own[0].cold_start,
        "is_live": view.release.number is not None,
        "is_empty": not view.catalogue.count,
        "categories": categories(view.catalogue),
    }
    return page(request, "storefront/home.html", context)


def _for_you(visitor: Visitor) -> tuple[Answer, ServedPlacement]:
    asked, placement = shelves.asked_at(shelves.FOR_YOU, visitor.user_id, is_shown_cold=False, explain=True)
    return recommend(asked), placement


def _shelves(
    visitor: Visitor | None, own: tuple[Answer, ServedPlacement] | None, view: ServingContext
) -> Iterator[Shelf]:
    if own and not own[0].cold_start:
        yield from by_reason(view.catalogue, *own)
    if visitor:
        yield history(visitor, view.catalogue)
    for key, title, source in IMPERSONAL:
        if source != TRENDING:
            yield _impersonal(visitor, key, title, source, view)
        elif (most := len(by_window(view, TRENDING, DAYS))) >= FEWEST_TRENDING:
            # The list ends with what is trending: what fills it up would count as shown, and isn't.
            yield _impersonal(visitor, key, title, source, view, most)


def _impersonal(
    visitor: Visitor | None, key: str, title: str, source: str, view: ServingContext, most: int = 0
) -> Shelf:
    """Return the source's own first items and what is pinned, the same for all users but for what they have seen."""
    asked, placement = shelves.asked_at(key, visitor.user_id if visitor else NOBODY, algorithm=source, most=most)
    try:
        answer = recommend(asked)
    except UnknownAlgorithm:
        # Nothing is popular before a model says so.
        return Shelf(key, title, [])
    belonging = (source, RULE, *placement.settings.fallbacks)
    found = [place for place in answer.items if place.source in belonging]
    return served.shelf(key, title, served.cards_of(view.catalogue, found, key, answer), answer, placement)

"""Show the pages of one user: what they get and why, compared with other lists, what they did, and what is kept."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog import snapshot
from catalog.models import EndUser
from interactions.by_item import MOST_READ, Acts, ItemActs, by_item
from interactions.models import Interaction
from recommender import serving
from recommender.admin import cards, reasons
from recommender.admin.person_questions import open_person, placements_asked, why_not_answer
from recommender.insight.shown_lately import ShownList, shown_lately
from recommender.serving import Request, candidates, placements
from recsite.platform import redis
from recsite.platform.exceptions import Invalid
from recsite.platform.units import significant

VIEW, VIEW_EVENTS, VIEW_LISTS = (
    "catalog.view_enduser",
    "interactions.view_interaction",
    "recommender.view_listimpression",
)
CARDS, NAMED, ROWS = 12, 3, 25
DONE = {
    "view": "viewed",
    "click": "clicked",
    "like": "liked",
    "add_to_cart": "put into the cart",
    "purchase": "bought",
    "share": "shared",
    "dislike": "disliked",
    "impression": "shown",
    "undo": "took back",
    "rating": "rated",
}
"""What a type of event is called when it has happened; one of staff's own keeps its name."""


@require_safe
@permission_required(VIEW, raise_exception=True)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Show who it is and what they get at a placement, card by card, with the reasons; why not, and what was shown."""
    user = open_person(pk)
    asked = placements_asked(request)
    context = {
        **asked,
        **_listed(user, asked["placement"]),
        **why_not_answer(user, request.GET.get("why_not", ""), asked["placement"]),
    }
    if request.user.has_perm(VIEW_LISTS):
        context["shown_lately"] = [_in_a_line(one) for one in shown_lately(user.user_id)]
    return person_page(request, user, "page", context)


@require_safe
@permission_required((VIEW, VIEW_EVENTS), raise_exception=True)
def history(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what the user did, a row an item: viewed 3 times, bought 12 May."""
    user = open_person(pk)
    acts, is_cut = by_item(user)
    page = Paginator(acts, ROWS).get_page(request.GET.get("page"))
    context = {"page_of_items": page, "rows": list(_rows(list(page))), "cut_at": MOST_READ if is_cut else None}
    return person_page(request, user, "history", context)


@require_safe
@permission_required(VIEW, raise_exception=True)
def data(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is stored of the user themselves, and what can be done with it: export, opt out, merge, erase."""
    user = open_person(pk)
    stored = {"user_id": user.user_id, "preferences": user.preferences, "demographics": user.demographics}
    return person_page(request, user, "data", {"stored": json.dumps(stored, indent=2, ensure_ascii=False)})


def _listed(user: EndUser, placement: str) -> dict[str, Any]:
    """Return the cards of what the user gets at the placement, or the sentence that says why there are none."""
    try:
        length = placements.find(placement).settings.count or CARDS
        request = Request(user.user_id, min(length, CARDS), placement=placement, explain=True, is_shown=False)
        answer = serving.recommend(request)
    except Invalid as wrong:
        return {"wrong": " ".join(wrong.errors.values())}
    has_history = not answer.cold_start or Interaction.objects.filter(user=user).exists()
    return {"answer": answer, "cards": cards.of(answer), "why": reasons.of(answer, has_history)}


def person_page(request: HttpRequest, user: EndUser, tab: str, context: dict[str, Any]) -> HttpResponse:
    """Show one of the tabs, below the line that says who it is."""
    frame = {
        **admin.site.each_context(request),
        "title": str(user),
        "opts": user._meta,
        "original": user,
        "person": user,
        "about": list(_about(user)),
        "merged": list(user.merged.values_list("user_id", flat=True)[: NAMED + 1]),
        "tab": tab,
        "nothing_live": candidates.live().number is None,
        "fault": candidates.fault(),
        "without_redis": redis.is_down(),
    }
    return TemplateResponse(request, f"admin/recommender/person/{tab}.html", frame | context)


def _about(user: EndUser) -> Iterator[tuple[str, str]]:
    """Yield what is stated of a user, without what is empty."""
    for name, value in {**user.demographics, **user.preferences}.items():
        if value:
            words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            yield name.replace("_", " ").capitalize(), words


@dataclass(frozen=True, slots=True)
class NamedItem:
    """Hold an item as a line names it."""

    pk: int
    title: str

    def __str__(self) -> str:
        return self.title


def named(pks: Sequence[int]) -> list[NamedItem]:
    """Return the items that the catalogue still has."""
    catalogue = snapshot.current()
    rows = catalogue.rows(np.array(pks, np.int64)).tolist() if pks else []
    return [NamedItem(pk, catalogue.titles[row]) for pk, row in zip(pks, rows, strict=True) if row >= 0]


def _in_a_line(shown: ShownList) -> dict[str, Any]:
    first = named(shown.items[:NAMED])
    return {
        "at": shown.served_at,
        "placement": shown.placement,
        "items": first,
        "more": len(shown.items) - len(first),
        "clicked": named(shown.clicked),
        "converted": named(shown.converted),
    }


def _rows(acts: Sequence[ItemActs]) -> Iterator[dict[str, Any]]:
    by_pk = {one.pk: one for one in named([one.item for one in acts])}
    for one in acts:
        first, *rest = one.acts
        words = ", ".join([_in_words(first, is_dated=True), *map(_in_words, rest)])
        found = by_pk.get(one.item)
        yield {
            "item": found,
            "cover": cards.address_of(one.item) if found else "",
            "words": words[:1].upper() + words[1:],
            "last_at": one.last_at if any(act.last_at for act in one.acts) else None,
        }


def _in_words(acts: Acts, is_dated: bool = False) -> str:
    """Say what happened: "viewed 3 times" or, of the strongest sign, "bought 12 May"."""
    said = DONE.get(acts.kind, acts.kind.replace("_", " ") or "did something that has no type any more")
    if acts.value is not None:
        said = f"{said} {significant(acts.value)}"
    if acts.times > 1:
        said = f"{said} {acts.times:,} times"
    if not is_dated or acts.last_at is None:
        return said
    is_this_year = acts.last_at.year == timezone.now().year
    return f"{said}{', last' if acts.times > 1 else ''} {acts.last_at:{'%-d %B' if is_this_year else '%-d %B %Y'}}"

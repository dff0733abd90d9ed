"""Why somebody gets what they get: the pages of one person and of one item."""

from typing import Any

import numpy as np
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from catalog import snapshot
from catalog.models import EndUser, Item
from interactions.models import Interaction
from recommender import serving
from recommender.admin import reasons
from recommender.serving import Answer, Request, candidates
from recommender.serving.candidates import IMPERSONAL, LATEST, TRENDING
from recsite.platform import redis
from recsite.platform.humanize import decimal

LENGTH, HISTORY = 20, 50


@permission_required("catalog.view_enduser", raise_exception=True)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """History, what is served now, and what each source of the live release would serve alone."""
    who = get_object_or_404(EndUser, pk=pk)
    history = list(Interaction.objects.of_user(who).select_related("item", "type")[:HISTORY])
    answer = serving.recommend(Request(who.user_id, LENGTH, explain=True, is_shown=False))
    facts = {
        "person": who,
        "about": _about(who),
        "answer": answer,
        "why": reasons.of(answer, bool(history)),
        "served": _list("Served now", "What the API answers.", answer),
        "alone": _alone(who),
        "history": history,
    }
    return _page(request, "admin/recommender/person.html", who, facts)


@permission_required("catalog.view_item", raise_exception=True)
def item(request: HttpRequest, pk: int) -> HttpResponse:
    """What is like the item, and what happened to it."""
    thing = get_object_or_404(Item, pk=pk)
    history = list(Interaction.objects.of_item(thing).select_related("user", "type")[:HISTORY])
    similar = _similar(thing)
    facts = {
        "item": thing,
        "similar": similar,
        "why": reasons.of_likeness(similar),
        "together": _together(thing),
        "history": history,
    }
    return _page(request, "admin/recommender/item.html", thing, facts)


def _about(who: EndUser) -> list[tuple[str, Any]]:
    """What is said of a person, without what is empty."""
    said = {**who.demographics, **who.preferences}
    return [(name, ", ".join(map(str, it)) if isinstance(it, list) else it) for name, it in said.items() if it]


def _alone(who: EndUser) -> list[dict[str, Any]]:
    """What each source would serve without the others; a personal one may have nothing to go by."""
    sources = sorted({*candidates.live().members, LATEST, TRENDING}, key=lambda name: (name in IMPERSONAL, name))
    lists = []
    for name in sources:
        answer = serving.recommend(Request(who.user_id, LENGTH, algorithm=name, explain=True, is_shown=False))
        shown = _list(f"{name} alone", reasons.SOURCES.get(name, ""), answer)
        lists.append(shown if answer.algorithm == name else {**shown, "places": []})
    return lists


def _list(title: str, note: str, answer: Answer) -> dict[str, Any]:
    """A list with the internal ids that its links need."""
    catalogue = snapshot.current()
    rows = [catalogue.row_of(place.item_id) for place in answer.items]
    places = [
        {
            "pk": int(catalogue.ids[row]),
            "title": place.title,
            "rank": place.rank,
            "source": place.source,
            "score": decimal(place.score),
            "rating": decimal(place.predicted_rating),
            "interval": place.confidence_interval,
            "reason": place.reason,
        }
        for place, row in zip(answer.items, rows, strict=True)
        if row is not None
    ]
    return {"title": title, "note": note, "places": places}


def _similar(thing: Item) -> list[dict[str, Any]]:
    catalogue = snapshot.current()
    alike = candidates.similar(thing.pk, LENGTH)
    rows = catalogue.rows(np.array([place.item for place in alike], np.int64))
    return [
        {"pk": place.item, "title": catalogue.titles[row], "score": decimal(place.score), "source": place.source}
        for place, row in zip(alike, rows.tolist(), strict=True)
    ]


def _together(thing: Item) -> list[dict[str, Any]]:
    """What the same sessions turn to."""
    catalogue = snapshot.current()
    found = candidates.visited_together(thing.pk)[:LENGTH]
    rows = catalogue.rows(np.array([one.item for one in found], np.int64))
    return [
        {"pk": one.item, "title": catalogue.titles[row], "sessions": one.support, "lift": decimal(one.lift)}
        for one, row in zip(found, rows.tolist(), strict=True)
        if row >= 0
    ]


def _page(request: HttpRequest, template: str, subject: Model, facts: dict[str, Any]) -> HttpResponse:
    """In the admin's frame, with the way back to the list of what the subject is one of."""
    context = {
        **admin.site.each_context(request),
        "title": str(subject),
        "opts": subject._meta,
        "original": subject,
        "nothing_live": candidates.live().number is None,
        "fault": candidates.fault(),
        "without_redis": redis.is_down(),
        **facts,
    }
    return TemplateResponse(request, template, context)

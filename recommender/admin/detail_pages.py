"""Show the pages of one user and of one item: what they are shown, and why."""

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
from recommender.admin.person_questions import placements_asked, why_not_answer
from recommender.serving import Answer, Request, candidates
from recommender.serving.candidates import IMPERSONAL, LATEST, TRENDING
from recsite.platform import redis
from recsite.platform.humanize import decimal

LENGTH, HISTORY = 20, 50


@permission_required("catalog.view_enduser", raise_exception=True)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a user's history, what is served now, and what each source of the live release would serve alone."""
    user = get_object_or_404(EndUser, pk=pk)
    history = list(Interaction.objects.of_user(user).select_related("item", "type")[:HISTORY])
    answer = serving.recommend(Request(user.user_id, LENGTH, explain=True, is_shown=False))
    context = {
        "person": user,
        "about": _about(user),
        "answer": answer,
        "why": reasons.of(answer, bool(history)),
        "served": _list("Served now", "The answer of the API.", answer),
        "alone": _alone(user),
        "history": history,
        **(asked := placements_asked(request)),
        **why_not_answer(user, request.GET.get("why_not", ""), asked["placement"]),
    }
    return _page(request, "admin/recommender/person.html", user, context)


@permission_required("catalog.view_item", raise_exception=True)
def item(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an item with what is similar, what the same sessions hold, and its latest events."""
    found = get_object_or_404(Item, pk=pk)
    history = list(Interaction.objects.of_item(found).select_related("user", "type")[:HISTORY])
    similar = _similar(found)
    context = {
        "item": found,
        "similar": similar,
        "why": reasons.of_similar(similar),
        "same_sessions": _same_sessions(found),
        "history": history,
    }
    return _page(request, "admin/recommender/item.html", found, context)


def _about(user: EndUser) -> list[tuple[str, Any]]:
    """Return what is stated of a user, without what is empty."""
    stated = {**user.demographics, **user.preferences}
    return [
        (name.replace("_", " ").capitalize(), ", ".join(map(str, it)) if isinstance(it, list) else it)
        for name, it in stated.items()
        if it
    ]


def _alone(user: EndUser) -> list[dict[str, Any]]:
    """Return the list that each source would serve without the others; empty where it has nothing to go by."""
    sources = sorted({*candidates.live().members, LATEST, TRENDING}, key=lambda name: (name in IMPERSONAL, name))
    lists = []
    for name in sources:
        answer = serving.recommend(Request(user.user_id, LENGTH, algorithm=name, explain=True, is_shown=False))
        shown = _list(f"{name} alone", reasons.SOURCES.get(name, ""), answer)
        lists.append(shown if answer.algorithm == name else {**shown, "listed": []})
    return lists


def _list(title: str, note: str, answer: Answer) -> dict[str, Any]:
    """Return a list for the template, with the internal ids that its links need."""
    catalogue = snapshot.current()
    rows = [catalogue.row_of(one.item_id) for one in answer.items]
    listed = [
        {
            "pk": int(catalogue.ids[row]),
            "title": one.title,
            "source": one.source,
            "score": decimal(one.score),
            "rating": decimal(one.predicted_rating),
            "interval": one.confidence_interval,
            "reason": one.reason,
        }
        for one, row in zip(answer.items, rows, strict=True)
        if row is not None
    ]
    return {"title": title, "note": note, "listed": listed}


def _similar(found: Item) -> list[dict[str, Any]]:
    catalogue = snapshot.current()
    similar = candidates.similar(found.pk, LENGTH)
    rows = catalogue.rows(np.array([one.item for one in similar], np.int64))
    return [
        {"pk": one.item, "title": catalogue.titles[row], "score": decimal(one.score), "source": one.source}
        for one, row in zip(similar, rows.tolist(), strict=True)
    ]


def _same_sessions(found: Item) -> list[dict[str, Any]]:
    """Return the items that occur in the same sessions, with the number of sessions and the lift."""
    catalogue = snapshot.current()
    pairs = candidates.visited_together(found.pk)[:LENGTH]
    rows = catalogue.rows(np.array([one.item for one in pairs], np.int64))
    return [
        {"pk": one.item, "title": catalogue.titles[row], "sessions": one.support, "lift": decimal(one.lift)}
        for one, row in zip(pairs, rows.tolist(), strict=True)
        if row >= 0
    ]


def _page(request: HttpRequest, template: str, subject: Model, context: dict[str, Any]) -> HttpResponse:
    """Return a page in the admin's frame, with the way back to the list of the subject's model."""
    frame = {
        **admin.site.each_context(request),
        "title": str(subject),
        "opts": subject._meta,
        "original": subject,
        "nothing_live": candidates.live().number is None,
        "fault": candidates.fault(),
        "without_redis": redis.is_down(),
    }
    return TemplateResponse(request, template, frame | context)

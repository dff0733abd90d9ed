"""Why somebody gets what they get: the pages of one person and of one item."""

from typing import Any

import numpy as np
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from catalog import snapshot
from catalog.models import EndUser, Item
from interactions.models import Interaction
from recommender import candidates, serving
from recommender.candidates import IMPERSONAL, LATEST
from recommender.serving import Answer, Request

LENGTH, HISTORY = 20, 50
NOTES = {
    "svd": "By the predicted rating: the trained model, or the latest events folded into it.",
    "popular": "What most people liked; the same for everybody, without what this person has seen.",
    "latest": "What came in last.",
}


@permission_required("catalog.view_enduser", raise_exception=True)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """History, what is served now, and what each source of the live release would serve alone."""
    who = get_object_or_404(EndUser, pk=pk)
    answer = serving.recommend(Request(who.user_id, LENGTH))
    sources = sorted({*candidates.live().members, LATEST}, key=lambda name: (name in IMPERSONAL, name))
    lists = [_list("Served now", "What the API answers.", answer)]
    for name in sources:
        alone = serving.recommend(Request(who.user_id, LENGTH, algorithm=name))
        lists.append(_list(f"{name.capitalize()} alone", NOTES.get(name, ""), alone))
    history = Interaction.objects.of_user(who).select_related("item", "type")[:HISTORY]
    facts = {"person": who, "answer": answer, "lists": lists, "history": list(history)}
    return _page(request, "admin/recommender/person.html", who.user_id, facts)


@permission_required("catalog.view_item", raise_exception=True)
def item(request: HttpRequest, pk: int) -> HttpResponse:
    """What is like the item, and what happened to it."""
    thing = get_object_or_404(Item, pk=pk)
    history = Interaction.objects.of_item(thing).select_related("user", "type")[:HISTORY]
    facts = {"item": thing, "similar": _similar(thing), "history": list(history)}
    return _page(request, "admin/recommender/item.html", thing.title, facts)


def _list(title: str, note: str, answer: Answer) -> dict[str, Any]:
    """A list with the internal ids that its links need."""
    catalogue = snapshot.current()
    rows = [catalogue.row_of(place.item_id) for place in answer.items]
    places = [
        {**place._asdict(), "pk": int(catalogue.ids[row])}
        for place, row in zip(answer.items, rows, strict=True)
        if row is not None
    ]
    return {"title": title, "note": note, "places": places}


def _similar(thing: Item) -> list[dict[str, Any]]:
    catalogue = snapshot.current()
    alike = candidates.similar(thing.pk, LENGTH)
    rows = catalogue.rows(np.array([place.item for place in alike], np.int64))
    return [
        {"pk": place.item, "title": catalogue.titles[row], "score": place.score, "source": place.source}
        for place, row in zip(alike, rows.tolist(), strict=True)
    ]


def _page(request: HttpRequest, template: str, title: str, facts: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), "title": title, **facts})

"""Show the page that compares two releases, or two models."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from catalog.models import EndUser
from recommender.admin.job_buttons import may_operate, start
from recommender.operations import compare as operations
from recommender.operations.compare import KINDS, RELEASE, SAMPLE, SIDE_BY_SIDE, Side
from recommender.serving import Answer, ServingUnavailable
from recommender.serving.candidates import UnknownRelease
from recommender.tasks import comparing
from recsite.platform.humanize import EMPTY, decimal

MOST_USERS_NAMED = 20


def chosen(request: HttpRequest, kind: str, rows: QuerySet[Any]) -> HttpResponse | None:
    """Go to the comparison of the two rows that were ticked, the older one first; say so where there aren't two."""
    numbers = sorted(rows.values_list("pk", flat=True)[:3])
    if len(numbers) != 2:
        messages.warning(request, f"Tick two to compare, not {len(rows)}.")
        return None
    return redirect(address(kind, *numbers))


def address(kind: str, a: int, b: int) -> str:
    """Return the address of a comparison."""
    return f"{reverse('compare')}?{urlencode({'of': kind, 'a': a, 'b': b})}"


@permission_required("recommender.view_release", raise_exception=True)
def compare(request: HttpRequest) -> HttpResponse:
    """Show figures with intervals, slices, what differs, overlap, and the lists of a few users side by side.

    Without numbers it goes to the live release and the one before it. A POST measures the overlap over a sample of
    users: a job.
    """
    kind = request.GET.get("of", RELEASE)
    if kind not in KINDS:
        raise Http404("Compare releases (of=release) or models (of=model).")
    numbers = [request.GET.get(name) for name in ("a", "b")]
    if numbers == [None, None]:
        if (pair := operations.usual_pair()) is None:
            frame = {**admin.site.each_context(request), "title": "Compare"}
            return TemplateResponse(request, "admin/recommender/compare.html", frame)
        return redirect(address(RELEASE, *pair))
    a, b = (_side(kind, number) for number in numbers)
    if request.method == "POST" and may_operate(request):
        title = f"Measure the overlap of {a.title} and {b.title}"
        about = {"of": kind, "a": a.number, "b": b.number}
        return start(request, comparing.measure_overlap, "measure_overlap", title, **about)
    found = operations.compare(a, b)
    context = {
        **admin.site.each_context(request),
        "title": f"{a.title} and {b.title}",
        "sides": (a, b),
        "kind": kind,
        "address": {RELEASE: "admin:recommender_release_change"}.get(kind, "admin:recommender_modelversion_change"),
        "found": found,
        "figures": [_in_words(row) for row in found.figures],
        "slices": {title: [_in_words(row) for row in rows] for title, rows in found.slices.items()},
        "sample": SAMPLE,
        "may_operate": may_operate(request),
    }
    if request.user.has_perm("catalog.view_enduser"):
        context |= _side_by_side(a, b, request.GET.get("users", ""))
    return TemplateResponse(request, "admin/recommender/compare.html", context)


def _side(kind: str, number: str | None) -> Side:
    if not number or not number.isdecimal() or len(number) > 9:
        raise Http404("Name the two that are to be compared by their numbers, as in ?a=41&b=42.")
    try:
        return Side.of(kind, int(number))
    except UnknownRelease as unknown:
        raise Http404(unknown.sentence) from unknown


def _in_words(row: Any) -> dict[str, Any]:
    interval = row.interval and f"{_signed(row.interval[0])} to {_signed(row.interval[1])}"
    return {
        "name": row.name,
        "a": decimal(row.a),
        "b": decimal(row.b),
        "difference": EMPTY if row.difference is None else _signed(row.difference),
        "interval": interval,
        "words": row.words,
        "better": row.better,
    }


def _signed(number: float) -> str:
    if not number:
        return "0"
    return f"{number:+.4f}" if abs(number) < 1 else f"{number:+.2f}"


def _side_by_side(a: Side, b: Side, named: str) -> dict[str, Any]:
    """Return the lists of a few users, or the sentence that says why a side can't make any."""
    users = list(dict.fromkeys(named.replace(",", " ").split()))[:MOST_USERS_NAMED] or operations.latest_users()
    try:
        made = operations.side_by_side(a, b, users[:SIDE_BY_SIDE]) if users else []
    except (UnknownRelease, ServingUnavailable) as reason:
        sentence = reason.sentence if isinstance(reason, UnknownRelease) else str(reason)
        return {"users": [], "no_lists": sentence, "named": named}
    pks = dict(EndUser.objects.filter(user_id__in=users).values_list("user_id", "pk"))
    return {"users": [_user(user_id, pks.get(user_id), *lists) for user_id, *lists in made], "named": named}


def _user(user_id: str, pk: int | None, a: Answer, b: Answer) -> dict[str, Any]:
    ids_a, ids_b = ([one.item_id for one in answer.items] for answer in (a, b))
    common = len(set(ids_a) & set(ids_b))
    return {
        "user_id": user_id,
        "pk": pk,
        "common": common,
        "of": max(len(ids_a), len(ids_b)),
        "is_cold": a.cold_start and b.cold_start,
        "lists": [_marked(a, ids_b), _marked(b, ids_a)],
    }


def _marked(answer: Answer, other: Sequence[str]) -> list[dict[str, Any]]:
    """Return the items of a list, each with where the other list has it."""
    places = {item_id: place for place, item_id in enumerate(other, 1)}
    return [
        {"rank": one.rank, "title": one.title, "source": one.source, "other": places.get(one.item_id)}
        for one in answer.items
    ]

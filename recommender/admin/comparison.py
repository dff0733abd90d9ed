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

from recommender.admin import comparison_lists, comparison_words
from recommender.admin.job_buttons import may_operate, start
from recommender.models import ModelVersion, Release
from recommender.operations import compare as operations
from recommender.operations.compare import SAMPLE
from recommender.operations.sides import KINDS, RELEASE, Side
from recommender.serving.candidates import UnknownRelease
from recommender.tasks import comparing

SEE_USERS = "catalog.view_enduser"
MOST_OFFERED = 50
"""The newest releases or models that can be chosen to compare."""

LISTS = "lists"


def chosen(request: HttpRequest, kind: str, rows: QuerySet[Any]) -> HttpResponse | None:
    """Go to the comparison of the two rows that were ticked, the older one first; say so where there aren't two."""
    numbers = sorted(rows.values_list("pk", flat=True)[:3])
    if len(numbers) != 2:
        messages.warning(request, _tick_two(len(rows)))
        return None
    return redirect(address(kind, *numbers))


def address(kind: str, a: int, b: int) -> str:
    """Return the address of a comparison."""
    return f"{reverse('compare')}?{urlencode({'of': kind, 'a': a, 'b': b})}"


@permission_required("recommender.view_release", raise_exception=True)
def compare(request: HttpRequest) -> HttpResponse:
    """Show which of the two is better and how surely, slices, what differs, overlap, and lists side by side.

    Without numbers it goes to the live release and the one before it; `tick=41&tick=42` is what the timeline sends. The
    lists take longer than all else, so the page asks for them (`part=lists`). A POST measures the overlap: a job.
    """
    if "tick" in request.GET:
        return _ticked(request, request.GET.getlist("tick"))
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
    if request.GET.get("part") == LISTS:
        return _lists(request, a, b)
    if request.method == "POST" and may_operate(request):
        title = f"Measure the overlap of {a.title} and {b.title}"
        about = {"of": kind, "a": a.number, "b": b.number}
        return start(request, comparing.measure_overlap, "measure_overlap", title, **about)
    return _page(request, a, b)


def _ticked(request: HttpRequest, ticked: Sequence[str]) -> HttpResponse:
    numbers = sorted({int(one) for one in ticked if one.isdecimal() and len(one) < 10})
    if len(numbers) != 2:
        messages.warning(request, _tick_two(len(numbers)))
        return redirect("admin:recommender_release_changelist")
    return redirect(address(RELEASE, *numbers))


def _tick_two(number: int) -> str:
    return f"Tick two to compare, not {number}."


def _page(request: HttpRequest, a: Side, b: Side) -> HttpResponse:
    found = operations.compare(a, b)
    sees_users, is_asked = request.user.has_perm(SEE_USERS), LISTS in request.GET or "users" in request.GET
    query = {"of": a.kind, "a": a.number, "b": b.number}
    context = {
        **admin.site.each_context(request),
        "title": f"{a.title} and {b.title}",
        "sides": (a, b),
        "kind": a.kind,
        "address": {RELEASE: "admin:recommender_release_change"}.get(a.kind, "admin:recommender_modelversion_change"),
        "choices": _choices(a, b),
        "found": found,
        "sentence": comparison_words.verdict(found),
        **comparison_words.tables(found),
        "clicks": comparison_words.clicks(a, b) if a.kind == RELEASE else [],
        "sample": SAMPLE,
        "may_operate": may_operate(request),
        "sees_users": sees_users,
        "lists_address": f"?{urlencode({**query, 'part': LISTS})}",
        "lists_page": f"?{urlencode({**query, LISTS: 1})}#lists",
    }
    if sees_users and is_asked:
        context |= {"has_lists": True, **comparison_lists.side_by_side(a, b, request.GET.get("users", ""))}
    return TemplateResponse(request, "admin/recommender/compare.html", context)


def _lists(request: HttpRequest, a: Side, b: Side) -> HttpResponse:
    """Return the lists alone, for the page that asks for them."""
    if not request.user.has_perm(SEE_USERS):
        raise Http404("Your account may not see users, so there are no lists to show.")
    made = comparison_lists.side_by_side(a, b, request.GET.get("users", ""))
    return TemplateResponse(request, "admin/recommender/compare/_lists.html", {"sides": (a, b), **made})


def _choices(a: Side, b: Side) -> list[tuple[int, str]]:
    """Return what can be compared instead, the newest first: always the two that are."""
    rows: Any = Release.objects.only("state") if a.kind == RELEASE else ModelVersion.objects.only("algorithm", "state")
    newest = [(one.pk, f"{one} ({one.state})") for one in rows.order_by("-pk")[:MOST_OFFERED]]
    known = {number for number, _ in newest}
    return newest + [(one.number, f"{one.title} ({one.standing})") for one in (a, b) if one.number not in known]


def _side(kind: str, number: str | None) -> Side:
    if not number or not number.isdecimal() or len(number) > 9:
        raise Http404("Name the two that are to be compared by their numbers, as in ?a=41&b=42.")
    try:
        return Side.of(kind, int(number))
    except UnknownRelease as unknown:
        raise Http404(unknown.sentence) from unknown

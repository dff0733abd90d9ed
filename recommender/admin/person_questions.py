"""Answer what staff ask of a user's list: why not this item, and what if something else had happened."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from catalog import item_names
from catalog.models import EndUser, Item
from interactions import types
from recommender.admin.usual_placement import busiest
from recommender.models import Placement
from recommender.serving import Answer, Request, ServingUnavailable, placements
from recommender.serving.what_if import ImaginedEvent, what_if
from recommender.serving.why_not import Cause, WhyNot, why_not
from recsite.platform.database import DatabaseDown
from recsite.platform.exceptions import Invalid
from recsite.platform.humanize import EMPTY
from recsite.platform.units import significant

HISTORY = 20
LONGEST_ID = 255


def open_person(pk: int) -> EndUser:
    """Return the user. Raises Http404 with a sentence: who was erased or merged is kept under no number."""
    found = EndUser.objects.filter(pk=pk).first()
    if found is None:
        raise Http404(
            "There is no such user: they were erased, or merged into another one. Search Users for the id: that of a "
            "merged visitor leads to the user whom they became."
        )
    return found


def placements_asked(request: HttpRequest) -> dict[str, Any]:
    """Return the placements for users' lists, and the one that is asked: the one most shown, unless one was chosen."""
    names = placements.names(Placement.Kind.USER)
    chosen = request.GET.get("placement", "").strip()[:LONGEST_ID]
    return {"placements": names, "placement": chosen or busiest(names)}


def why_not_answer(user: EndUser, item_id: str, placement: str) -> dict[str, Any]:
    """Return the question and its answer in words, for the box on the user's page; empty without a question."""
    item_id = item_id.strip()[:LONGEST_ID]
    if not item_id:
        return {}
    found = item_names.named(item_id)
    if len(found) != 1:
        return {"asked": item_id, "absence": _which(item_id, found)}
    (item,) = found
    try:
        answer = why_not(Request(user.user_id, placement=placement, is_shown=False), item.item_id)
    except Invalid as wrong:
        return {"asked": item_id, "absence": " ".join(wrong.errors.values())}
    except (DatabaseDown, ServingUnavailable):
        return {"asked": item_id, "absence": "Nobody can say now: the database can't be reached. Try again soon."}
    return {
        "asked": item_id,
        "asked_item": item,
        "absence": f"On {placement}: {answer.sentence}",
        "is_listed": answer.cause == Cause.LISTED,
        "why_not_facts": list(_figures(answer)),
    }


def _which(text: str, found: Sequence[Item]) -> str:
    """Say that a text is no one item's, and which may be meant."""
    if found:
        return f"Several items have the title {text!r}: {item_names.told(found)}. Ask by the id."
    near = item_names.told(item_names.near(text))
    meant = f" Did you mean {near}?" if near else ""
    return f"There is no item with the id or the title {text!r}.{meant}"


def _figures(answer: WhyNot) -> Iterator[tuple[str, str]]:
    """Yield rank and score beside what was needed."""
    if answer.rank is None:
        return
    yield "Rank", f"{answer.rank:,} by {answer.source}"
    yield "Needed", f"rank {answer.needed_rank:,}" if answer.needed_rank else EMPTY
    if answer.score is not None:
        needed = f", needed {significant(answer.needed_score)}" if answer.needed_score is not None else ""
        yield "Score", f"{significant(answer.score)}{needed}"


@permission_required("catalog.view_enduser", raise_exception=True)
def what_if_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a user's list before and after imagined events; everything imagined stands in the address."""
    user = open_person(pk)
    added, without = request.GET.getlist("add"), request.GET.getlist("without")
    added = [one for one in added if one.strip()]
    if item_id := request.GET.get("item", "").strip():
        event = ":".join((request.GET.get("type", ""), request.GET.get("value", "").strip(), item_id))
        added.append(event)
    asked = placements_asked(request)
    placement = asked["placement"]
    context: dict[str, Any] = {
        **asked,
        **admin.site.each_context(request),
        "title": f"What if: {user}",
        "person": user,
        "types": [kind for kind in types.by_name().values() if kind.rule.needs_item],
        "added": [{"code": one, "words": _words(one)} for one in added],
        "without": without,
        "history": _history(user, without) if request.user.has_perm("interactions.view_interaction") else None,
    }
    try:
        before, after = what_if(Request(user.user_id, placement=placement), [_event(one) for one in added], without)
        titles = f"As it is at {placement}", f"As it would be at {placement}"
        context["lists"] = [_moved(titles[0], before, after), _moved(titles[1], after, before)]
    except Invalid as wrong:
        context["wrong"] = " ".join(wrong.errors.values())
    except (DatabaseDown, ServingUnavailable):
        context["wrong"] = "The database can't be reached. Try again soon."
    return TemplateResponse(request, "admin/recommender/what_if.html", context)


def _event(code: str) -> ImaginedEvent:
    """Read "rating:5:emma", or "view::emma". Raises Invalid."""
    kind, _, rest = code.partition(":")
    value, _, item_id = rest.partition(":")
    try:
        return ImaginedEvent(item_id, kind, float(value) if value else None)
    except ValueError as error:
        raise Invalid({"value": f"{value!r} is no number."}) from error


def _words(code: str) -> str:
    kind, _, rest = code.partition(":")
    value, _, item_id = rest.partition(":")
    return f"{kind} {value} {item_id}".replace("  ", " ")


def _history(user: EndUser, without: Sequence[str]) -> list[dict[str, Any]]:
    """Return the items of the user's latest events, each once."""
    events = user.interactions.filter(item__isnull=False).select_related("item", "type").order_by("-occurred_at", "-id")
    found: dict[str, dict[str, Any]] = {}
    for event in events[: 5 * HISTORY]:
        one = found.setdefault(event.item.item_id, {"item": event.item, "types": [], "is_away": False})
        one["types"].append(str(event.type))
        one["is_away"] = event.item.item_id in without
    return [one | {"types": ", ".join(dict.fromkeys(one["types"]))} for one in list(found.values())[:HISTORY]]


def _moved(title: str, answer: Answer, other: Answer) -> dict[str, Any]:
    places = {one.item_id: one.rank for one in other.items}
    return {
        "title": title,
        "algorithm": answer.algorithm,
        "is_cold": answer.cold_start,
        "items": [
            {"rank": one.rank, "title": one.title, "source": one.source, "other": places.get(one.item_id)}
            for one in answer.items
        ],
    }

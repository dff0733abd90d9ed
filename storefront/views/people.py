"""Choose a user to act as. The storefront is a demo: its visitors may act as any user."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from catalog import snapshot
from catalog.ids import InvalidId, clean_id
from catalog.models import EndUser
from interactions.schema import PROFILE_UPDATE, InvalidEvent
from storefront.views import events, visitor
from storefront.views.cards import categories
from storefront.views.page import page
from storefront.views.sample_users import sample_users

MOST_SUBJECTS = 3


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    return _choice(request)


@require_POST
def be(request: HttpRequest) -> HttpResponse:
    """Let the visitor act as the user of that id."""
    asked = _asked(request)
    if not asked or not EndUser.objects.filter(user_id=asked).exists():
        reason = f"Nobody here has the id “{asked}”. Ids are case-sensitive; choose somebody below, or be someone new."
        return _choice(request, error=reason, asked=asked)
    visitor.become(request, asked)
    return redirect("storefront:home")


def _asked(request: HttpRequest) -> str:
    """Return the id that was typed; empty where it can't be one."""
    try:
        return clean_id(request.POST.get("user_id", ""))
    except InvalidId:
        return ""


@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    """Ask somebody new for the subjects that they like."""
    return page(request, "storefront/welcome.html", {"here": "people", "categories": categories(snapshot.current())})


@require_POST
def new(request: HttpRequest) -> HttpResponse:
    """Let the visitor act as somebody new, who said at most which subjects they like."""
    somebody, subjects = visitor.become_new(request), _subjects(request)
    if subjects:
        # As a client would say it: an event that changes the profile.
        said = {"preferences": {"categories": subjects}}
        try:
            events.record(request, somebody, events.Act(PROFILE_UPDATE, context=said))
        except InvalidEvent as reason:
            messages.error(request, " ".join(reason.errors.values()))
    return redirect("storefront:home")


def _subjects(request: HttpRequest) -> list[str]:
    """Return the chosen subjects that there are, at most MOST_SUBJECTS."""
    known = set(snapshot.current().category_names)
    chosen = [] if "skip" in request.POST else request.POST.getlist("subject")
    return [name for name in dict.fromkeys(chosen) if name in known][:MOST_SUBJECTS]


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    visitor.leave(request)
    messages.info(request, "You are nobody again.")
    return redirect("storefront:home")


def _choice(request: HttpRequest, error: str = "", asked: str = "") -> HttpResponse:
    context = {"here": "people", "people": sample_users(snapshot.current()), "error": error, "asked": asked}
    return page(request, "storefront/people.html", context, status=404 if error else 200)
